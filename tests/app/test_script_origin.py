"""Where from, and other pictures of heads, under heads that are off: nothing is named that cannot have been handed on."""

from __future__ import annotations

import pytest
from support.page import captions, run, shown

from viz.page import engine, reruns

ALL_CROSS = ",".join(f"cross.{layer}.{head}" for layer in range(1, 7) for head in range(1, 9))
TEXT = "Two dogs are playing in the snow."


def captioned(app) -> str:
    """All captions of the page."""
    return "\n".join(captions(app))


def test_with_every_cross_head_off_no_method_names_a_word():
    """The verdict, the table and the caption all say that nothing of the source is handed on."""
    app = run(text=TEXT, view="origin", heads_off=ALL_CROSS, forcing="forced")
    assert not app.exception
    body = shown(app)
    assert "All 5 methods say the same: this word takes nothing from the source." in body and body.count("none: all are 0") == 5
    assert "All 48 heads of cross-attention are off" in captioned(app)


def test_before_still_names_words():
    """Under “Before” the pictures are of the unchanged model."""
    app = run(text=TEXT, view="origin", heads_off=ALL_CROSS, forcing="forced", compare="before")
    assert not app.exception and "none: all are 0" not in shown(app) and "heads of cross-attention" not in captioned(app)


def test_some_heads_off_are_counted():
    """The caption says how many count as 0."""
    app = run(text=TEXT, view="origin", heads_off="cross.4.7,encoder.1.1", forcing="forced")
    assert not app.exception and "1 of 48 heads of cross-attention is off: what is not handed on counts as 0." in captioned(app)


@pytest.mark.parametrize("view", ["all-heads", "one-head", "qkv"])
def test_the_title_of_a_head_that_is_off_says_so(view):
    """Its weights are what it looks at; nothing of it is handed on."""
    for heads_off, off in (("cross.4.7", True), ("cross.4.6", False)):
        app = run(text=TEXT, view=view, kind="cross", layer="4", head="7", heads_off=heads_off)
        assert not app.exception and ("layer 4, head 7 (switched off" in shown(app)) == off


def test_the_alignment_head_was_measured_as_trained(translator):
    """Its error rate is not that of the changed model, and the caption says so."""
    layer, head = (str(at + 1) for at in engine.alignment_head(translator)[:2])
    app = run(text=TEXT, view="all-heads", kind="cross", layer=layer, head=head)
    star = [caption for caption in captions(app) if "★" in caption]
    changed = run(text=TEXT, view="all-heads", kind="cross", layer=layer, head=head, heads_off=f"cross.{layer}.{head}")
    after = [caption for caption in captions(changed) if "★" in caption]
    assert star and "as trained" not in star[0] and "as trained" in after[0]


@pytest.mark.parametrize("view", ["origin", "knockout"])
def test_what_takes_long_waits_to_be_asked(monkeypatch, view):
    """Where all passes together are expected to take longer than a reader waits, one click runs them; else they run at once."""
    rows = shown(run(text=TEXT, view=view)).count("<tr")
    monkeypatch.setattr(reruns, "PATIENCE", 0.0)
    app = run(text=TEXT, view=view)
    assert not app.exception and shown(app).count("<tr") == rows - (view == "origin")
    assert app.button(key="reruns-ask").label.startswith("Run the model")
    app.button(key="reruns-ask").click().run()
    assert not app.exception and shown(app).count("<tr") == rows
    assert not [button for button in app.button if button.key == "reruns-ask"]
