"""What the page says about masks and positions is true under every switch, and what was said is not passed off as the best piece."""

from __future__ import annotations

import re

import pytest
from support.page import captions, run, shown
from support.shipped import differing_under

from model.trace.intervention import Intervention
from viz.page.finished import rows_that_differ

TEXT = "The animal didn't cross the street because it was too tired."


def captioned(app) -> str:
    """All captions of the page."""
    return "\n".join(captions(app))


def test_rows_that_may_attend_to_nothing_are_named_under_the_open_head():
    """Wherever the head stands; a head without such rows says nothing of them."""
    for view in ("all-heads", "one-head", "roles"):
        app = run(text="The cat sat.", view=view, kind="encoder", layer="1", head="1", cut="encoder.1.2.*")
        notes = [caption for caption in captions(app) if "attends to nothing" in caption]
        assert not app.exception and len(notes) == 1 and notes[0].startswith("Row 2")
    app = run(text="The cat sat.", view="one-head", kind="encoder", layer="2", head="1", cut="encoder.1.2.*")
    assert not [caption for caption in captions(app) if "attends to nothing" in caption]


def test_output_does_not_claim_a_mask_that_is_off():
    """The caption of the next pieces, as trained and without the mask; “Before” is the trained model."""
    assert "Row t has read everything up to its left piece" in captioned(run(view="output"))
    for compare, off in (("after", True), ("before", False)):
        said = captioned(run(view="output", causal="off", compare=compare))
        assert ("Row t has read everything" not in said) == off and ("The look-ahead mask is off: row t" in said) == off


@pytest.mark.parametrize("switch", [{"causal": "off"}, {"target_positions": "shuffled"}], ids=str)
@pytest.mark.parametrize(
    "where", [{"view": "output", "output_part": part} for part in ("pieces", "loss", "lens")] + [{"view": "decoding"}], ids=str
)
def test_rows_whose_best_piece_was_not_said_are_counted(translator, switch, where):
    """Free-running, where each row is drawn; the count is that of the trace."""
    change = Intervention.from_dict({name: value == "on" if name == "causal" else value for name, value in switch.items()})
    text = differing_under(translator, change)
    trace = translator.trace(text, intervention=change)
    differ = len(rows_that_differ(trace))
    assert not rows_that_differ(translator.trace(text))
    found = re.findall(
        r"In (\d+) of (\d+) rows the best piece is not the one that was said", captioned(run(text=text, **switch, **where))
    )
    assert found == [(str(differ), str(len(trace.labels)))]


@pytest.mark.parametrize("other", [{"forcing": "forced"}, {"target": "Un chat."}, {"compare": "before"}, {}], ids=str)
def test_a_given_translation_is_not_counted(other):
    """Teacher-forced, the reader's own, the model as trained: nothing was said step by step under this change."""
    switch = {"causal": "off"} if other else {}
    for view in ("output", "decoding"):
        assert "is not the one that was said" not in captioned(run(text=TEXT, view=view, **switch, **other))


def test_the_first_layer_reads_no_positions_that_are_gone():
    """Embeddings, as trained and with positions taken away, reversed or at three times their strength."""
    assert "plus where it stands." in captioned(run(view="embeddings"))
    gone = captioned(run(view="embeddings", source_positions="none"))
    assert "plus where it stands" not in gone and "taken away here" in gone
    assert "told that it stands (reversed)" in captioned(run(view="embeddings", source_positions="reversed"))
    assert "× 3" in captioned(run(view="embeddings", position_scale="3"))


def test_the_order_of_words_under_a_window():
    """The caption of the bag of words does not say that only rounding is left."""
    part = {"view": "positions", "position_part": "laboratory"}
    assert "only rounding is left" in captioned(run(text=TEXT, **part))
    windowed = captioned(run(text=TEXT, window="2", **part))
    assert "only rounding is left" not in windowed and "who is a neighbour depends on the order" in windowed
    assert "now says stands above" in captioned(run(text=TEXT, **part))
    assert "now says stands above" not in captioned(run(text=TEXT, window="2", forcing="forced", **part))


def test_rows_sum_to_what_is_drawn():
    """One head: hidden sinks, masks, and painting, which shows all weights."""
    assert "its weights over the columns sum to 1. Point" in shown(run(view="one-head"))
    assert "with those that are hidden here" in shown(run(view="one-head", sinks="hide"))
    assert "with those that are hidden here" not in shown(run(view="one-head", sinks="hide", paint="layer"))
    assert "or to 0 where every key is masked" in shown(run(view="one-head", window="0"))


def test_a_model_without_positions_has_none_to_lose():
    """The chips of changes and the view of positions know the model."""
    app = run(model="en-fr-none", source_positions="none", view="positions")
    assert not app.exception and any(
        "no effect, this model was trained without any" in button.label.replace("\\", "") for button in app.button
    )
    assert "nothing is added to a token" in shown(app) and "fast waves" not in shown(app)
