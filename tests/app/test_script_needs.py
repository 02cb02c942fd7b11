"""A model that lacks something: the page offers what it can feed, says in words why the rest rests, and has no switch that does nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.page import captions, figures, offered, rail, run, shown

from model import Translator
from model.trace.anatomy import EDITS
from viz.page import caches, engine, needs
from viz.page.rail import groups
from viz.views import VIEWS

WHY = "Its attention compares no vectors."
TEXT = "The cat sat."


@pytest.fixture(autouse=True)
def lacking(monkeypatch):
    """The shipped model as one that shows no queries and obeys neither a window, nor the switch of the mask, nor links that are cut."""
    whole = Translator.anatomy.fget
    anatomy = lambda self: replace(whole(self), missing={"queries": WHY}, obeys=EDITS - {"window", "causal", "cut"})  # noqa: E731  a property is made of it
    monkeypatch.setattr(Translator, "anatomy", property(anatomy))
    caches.clear()
    engine.suggested_head.clear()
    yield
    caches.clear()
    engine.suggested_head.clear()


def captioned(app) -> str:
    """All captions, without the marks of Markdown."""
    return "\n".join(captions(app)).replace("\\", "")


def test_views_that_rest_are_not_offered_and_a_line_says_why():
    """Two views need queries, one needs to cut; all others stand in their order."""
    app = run(text=TEXT)
    rest = {"steps", "qkv", "knockout"}
    whole = [view for group in groups(VIEWS) for entry in group["entries"] for view in entry]
    assert offered(app) == [view["title"] for view in whole if view["slug"] not in rest]
    assert f"Step by step and Q, K, V rest: This model shows no queries. {WHY}" in captioned(app)
    assert "Knock-out rests: This model cannot cut links of its attention." in captioned(app)
    assert not app.exception and not app.warning and VIEWS["all-heads"].sentence[:30] in shown(app)


def test_a_link_to_a_view_that_rests_opens_another_and_says_why():
    """The first one that is offered."""
    app = run(text=TEXT, view="qkv")
    assert not app.exception and [WHY in warning.value for warning in app.warning] == [True]
    assert VIEWS["all-heads"].sentence[:30] in shown(app) and rail(app)["view"] == "all-heads"


def test_tokens_of_a_vocabulary_without_merges_stop_at_their_ids(monkeypatch):
    """The pieces stand there; how they were cut is said to be unknown, in words."""
    lacks = needs.lacks
    why = "This vocabulary was not built by merging."
    monkeypatch.setattr(needs, "lacks", lambda anatomy, need: why if need == needs.MERGES else lacks(anatomy, need))
    app = run(text=TEXT, view="tokens")
    assert not app.exception and [info.value for info in app.info] == [why]
    assert "tokens-cards" in shown(app) and "tokens-cut-words" not in shown(app) and not figures(app)


def test_there_is_no_switch_that_the_model_does_not_obey():
    """On the page, in the laboratory, among the stories and over a cell; what it obeys stays."""
    app = run(text=TEXT, lab="on", view="one-head")
    keys = {
        element.key
        for kind in ("toggle", "selectbox", "slider", "number_input", "multiselect", "button", "button_group")
        for element in app.get(kind)
    }
    assert not keys & {"causal", "dial-window", "dial-hidden", "story-cheat", "story-window", "story-hide", "story-cut", "paint"}
    assert keys >= {"source_positions", "dial-scale", "dial-temperature", "dial-scaled", "dial-head", "story-none", "story-scale"}
    assert not app.exception and not app.warning and "Single links" not in captioned(app)


def test_a_change_by_link_that_it_does_not_obey_is_left_out_with_a_notice():
    """What it obeys is made."""
    app = run(text=TEXT, window="2", temperature="0.5")
    assert [warning.value for warning in app.warning] == ["This model cannot narrow its attention. This change was left out."]
    assert "temperature 0.5" in "".join(button.label for button in app.button) and "window" not in app.query_params
