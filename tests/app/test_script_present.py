"""Present without a browser: the wall says one sentence, then the answer; the notes have all of it; nobody is led back onto the wall."""

from __future__ import annotations

import html
import json
import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.page import choose, run, shown, words

from viz.lessons import LESSONS, heads, mask, pronoun
from viz.page import live, present
from viz.page.present import first_sentence, order
from viz.views import VIEWS

pytestmark = pytest.mark.usefixtures("shipped_page")
TEXT = "Two dogs are playing in the snow."


def wall(app: AppTest) -> str:
    """What stands over the picture."""
    return html.unescape(re.sub("<[^>]+>", "", re.search(r'<div class="wall".*?</div>', shown(app), re.DOTALL)[0]))


def keys(app: AppTest) -> dict:
    """What the component that listens to the keys is told."""
    parts = (part.proto for part in app.get("bidi_component"))
    return next(json.loads(part.json) for part in parts if part.component_name.endswith("headlight_present"))


def reveal(app: AppTest) -> AppTest:
    """What R does, as the component asks for it."""
    stand = app.session_state["stand"]
    app.session_state["state"] = app.session_state["state"].having(**stand.step.then)
    stand.record.is_open = True
    return app.run()


def test_a_run_that_is_cut_short_leaves_the_whole_page_to_the_next(monkeypatch):
    """A browser may have nothing of it, and nothing of the run before: what then is chosen may not draw its own part alone."""
    app = run(view="lines", text=TEXT)
    assert app.session_state["frame"] == live.frame(app.session_state["state"])
    with monkeypatch.context() as cut:
        cut.setattr(present, "begin", lambda *places: st.stop())
        app.run()
    assert app.session_state["frame"] != live.frame(app.session_state["state"])
    app.run()
    assert app.session_state["frame"] == live.frame(app.session_state["state"]) and not app.exception


def test_the_wall_has_one_sentence_and_no_fields():
    """Entered from the top line; the address says so; the walk knows where it is."""
    app = run(view="lines", text=TEXT)
    app.button(key="present").click().run()
    assert dict(app.query_params)["present"] == "1" and not app.exception
    assert wall(app).split() == first_sentence(VIEWS["lines"].sentence).split()
    told = keys(app)
    assert (told["mode"], told["at"], told["count"]) == ("1", order(VIEWS).index("lines"), len(VIEWS))
    assert told["next"] == VIEWS[order(VIEWS)[told["at"] + 1]].title and not told["reveals"]
    assert not [button for button in app.button if button.key == "present"] and "--wall" in shown(app)


def test_a_question_waits_for_its_answer():
    """Covered first, with what there is to choose from; then the right option and why; the change of the step is made with it."""
    app = run(lesson="3", text=TEXT, present="1")
    asks = app.session_state["step"][1].question
    assert all(option in wall(app) for option in asks.options) and asks.text in wall(app) and "blur" in shown(app)
    assert keys(app)["reveals"] == "covered" and not app.radio
    reveal(app)
    assert f"{'ABCD'[asks.key]}: {asks.options[asks.key]}." in wall(app) and first_sentence(asks.why(asks.key)) in wall(app)
    assert keys(app)["reveals"] == "open" and asks.text not in wall(app)
    app = choose(app, lesson=LESSONS.index(mask.LESSON) + 1, part=0, view="one-head")
    assert app.session_state["state"].change.causal
    assert not reveal(app).session_state["state"].change.causal and not app.exception


def test_a_click_for_the_class_answers():
    """On the wall, too, a head that is clicked is an answer, and what stands there is said."""
    app = run(lesson=str(LESSONS.index(heads.LESSON) + 1), text=TEXT, present="1")
    asks = app.session_state["step"][1].question
    app.session_state["clicked-place"] = ("head", ("cross", 0, 0))
    app.run()
    assert first_sentence(asks.why(("cross", 0, 0))) in wall(app) and keys(app)["reveals"] == "open"


def test_the_notes_say_everything_of_every_lesson():
    """Sentences, question, the right answer, hints and what comes next; no picture."""
    app = run(lesson="1", text=TEXT, present="notes")
    for number, lesson in enumerate(LESSONS, 1):
        text = pronoun.SENTENCE if lesson is pronoun.LESSON else TEXT
        app = choose(app, lesson=number, part=0, view=lesson.settings["view"], text=text)
        step = app.session_state["step"][1]
        said = words(app)
        assert not app.exception and lesson.title in said and step.words in said
        asks = step.question
        assert asks.text in said and all(hint in said for hint in asks.hints)
        assert asks.why(asks.solution) in said and asks.name(asks.solution) in said
        assert (LESSONS[number].title if number < len(LESSONS) else "this is the last one") in said or len(lesson.steps) > 1
        assert keys(app)["mode"] == "notes" and not app.get("plotly_chart")
    app = choose(app, lesson=None, part=0, view="output")
    assert VIEWS["output"].sentence in words(app) and pronoun.SENTENCE in words(app)


def test_undo_leads_through_what_was_done_and_not_off_the_wall():
    """Entering and leaving are no steps of the reader's; on the wall undo stays on it."""
    app = run(view="lines", text=TEXT)
    app.button(key="present").click().run()
    assert not app.session_state["history"].past
    app = choose(app, view="output")
    assert [state.view for state in app.session_state["history"].past] == ["lines"]
    app = choose(app, present="")
    assert len(app.session_state["history"].past) == 1 and not app.session_state["history"].past[0].present


def test_a_text_that_cannot_be_read_keeps_the_keys():
    """The wall says what is wrong, and Escape still leads back."""
    app = run(text="", present="1")
    assert keys(app)["mode"] == "1" and not app.exception and wall(app).split() == app.info[0].value.split()


def test_the_wall_of_a_model_that_knows_little(tiny_page):
    """Weights that nobody has trained walk through all views."""
    app = run(view=order(VIEWS)[0], text=TEXT, present="1")
    for at, slug in enumerate(order(VIEWS)):
        app = choose(app, view=slug)
        assert not app.exception and keys(app)["at"] == at and wall(app).strip()
