"""The lessons without a browser: every step opens, takes answers, gives hints, nudges once and never gates."""

from __future__ import annotations

import html
import re

import pytest
from streamlit.testing.v1 import AppTest
from support.page import run, shown

from viz.lessons import LESSONS, mask, notes, output, pronoun
from viz.page.lesson import Click, Pick, Slider

pytestmark = pytest.mark.usefixtures("shipped_page")
TEXT = "Two dogs are playing in the snow."


def stage(app: AppTest, name: str) -> str:
    """A part of the stage as text: "lesson", "question", "feedback", "nudge", "gap", "hints"; empty where it is not there."""
    found = re.search(rf'<(\w+)[^>]*data-testid="{name}".*?</\1>', shown(app), re.DOTALL)
    return html.unescape(re.sub("<[^>]+>", "", found[0])) if found else ""


def press(app: AppTest, key: str) -> AppTest:
    """Press a button of the stage."""
    return app.button(key=key).click().run()


def answer(app: AppTest, value: object) -> AppTest:
    """Give an answer, by whatever widget the question has; in the picture as its click does."""
    question = app.session_state["step"][1].question
    if isinstance(question, Pick):
        return next(one for one in app.radio if one.key.startswith("answer-")).set_value(value).run()
    if isinstance(question, Slider):
        slider = next(one for one in app.slider if one.key.startswith("answer-"))
        slider.set_value(value)
        return press(app, f"{slider.key}-send")
    app.session_state["clicked-place"] = (question.what, value)
    return app.run()


def near(question) -> tuple[object, object]:
    """A right and a wrong answer."""
    if isinstance(question, Pick):
        return question.key, next(at for at in range(len(question.options)) if at != question.key)
    if isinstance(question, Slider):
        at = round((question.key - question.least) / question.step) * question.step + question.least
        end = question.least if question.key - question.least > question.most - question.key else question.most
        return type(end)(at), end
    right = next(iter(question.keys))
    wrong = (0, 0) if question.what == "cell" else ("cross", 0, 0)
    assert isinstance(question, Click) and wrong not in question.keys
    return right, wrong


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_a_lesson_opens_and_takes_answers(number):
    """Its address alone opens it; two misses offer a hint, a right answer says so, and the gap follows each; nothing of it is in the address."""
    lesson = LESSONS[number - 1]
    text = lesson.sentence if lesson is pronoun.LESSON else TEXT
    app = run(lesson=str(number), text=text)
    assert not app.exception and lesson.title in stage(app, "lesson") and stage(app, "question")
    assert app.session_state["state"].view == lesson.settings["view"] and app.session_state["state"].text == text
    right, wrong = near(app.session_state["step"][1].question)
    assert app.session_state["step"][1].question.is_right(right)
    assert not stage(app, "gap")
    answer(app, wrong)
    before, address = stage(app, "gap"), dict(app.query_params)
    assert stage(app, "feedback").startswith("Not quite.") and not [
        button for button in app.button if button.key == "lesson-hint"
    ]
    answer(app, right)
    assert not app.exception and stage(app, "feedback").startswith("Right.") and not stage(app, "nudge")
    assert ("you" in before and "the model" in before and stage(app, "gap") != before) or lesson is notes.LESSON
    assert dict(app.query_params) == address and address["lesson"] == str(number)


def test_hints_come_one_by_one_after_two_misses():
    """Three of them, then no more."""
    app = run(lesson="3", text=TEXT)
    question = app.session_state["step"][1].question
    wrong = [at for at in range(len(question.options)) if at != question.key]
    for at in wrong[:2]:
        assert not [button for button in app.button if button.key == "lesson-hint"]
        answer(app, at)
    for count in (1, 2, 3):
        press(app, "lesson-hint")
        assert all(hint in stage(app, "hints") for hint in question.hints[:count])
    assert not [button for button in app.button if button.key == "lesson-hint"]


def test_next_nudges_once_and_back_returns():
    """The second press goes on; the picture is covered until there is an answer, or the reader asks to see it."""
    app = run(lesson="2", text=TEXT)
    assert "blur" in shown(app)
    press(app, "lesson-next")
    assert stage(app, "nudge") and app.session_state["state"].lesson == 2
    press(app, "lesson-next")
    assert app.session_state["state"].lesson == 3 and not stage(app, "nudge") and LESSONS[2].title in stage(app, "lesson")
    press(app, "lesson-show")
    assert "blur" not in shown(app).partition('data-testid="lesson"')[0].rpartition("lesson-sheet")[2]
    press(app, "lesson-back")
    assert app.session_state["state"].lesson == 2
    press(app, "lesson-close")
    assert app.session_state["state"].lesson is None and app.session_state["state"].view == LESSONS[1].settings["view"]
    assert not stage(app, "lesson")


def test_a_sentence_without_a_question_is_offered_another():
    """The step says why, and takes the sentence that it has; what was typed comes back with undo."""
    app = run(lesson=str(LESSONS.index(pronoun.LESSON) + 1), text=TEXT)
    assert not stage(app, "question") and "sentence of its own" in stage(app, "lesson")
    press(app, "lesson-sentence")
    assert app.session_state["state"].text == pronoun.SENTENCE and stage(app, "question")
    assert app.session_state["history"].past[-1].text == TEXT


def test_the_notes_are_eight_steps_of_one_lesson():
    """Next goes from statement to statement, each with the view that tests it."""
    number = next(at for at, lesson in enumerate(LESSONS, 1) if len(lesson.steps) == 8)
    app, views = run(lesson=str(number), text=TEXT), set()
    for part in range(3):
        assert not stage(app, "gap") and app.session_state["state"].part == part and not app.exception
        views.add(app.session_state["state"].view)
        answer(app, app.session_state["step"][1].question.key)
        assert stage(app, "feedback").startswith("Right.")
        assert ("the loss" in stage(app, "gap")) == (part == 2)  # the first two are no matter of several numbers
        press(app, "lesson-next")
    assert len(views) == 3


def test_another_sentence_asks_anew():
    """The step goes on with what is typed, and knows nothing of the answer before."""
    app = run(lesson="3", text=TEXT)
    answer(app, app.session_state["step"][1].question.key)
    before = stage(app, "question")
    app.text_area(key="text").set_value("The old house on the hill has been empty for years.").run()
    assert stage(app, "question") != before and not stage(app, "feedback")
    assert app.session_state["state"].token == app.session_state["step"][1].focus["token"]


def test_a_link_says_where_the_reader_is():
    """What stands beside the lesson in an address is followed; a lesson that there is not is left out with a notice."""
    app = run(lesson="3", view="embeddings", token="2", text=TEXT)
    assert app.session_state["state"].token == 1 and LESSONS[2].title in stage(app, "lesson")
    app = run(lesson="88", text=TEXT)
    assert "no lesson 88" in app.warning[0].value and app.session_state["state"].lesson is None and not app.exception


def test_learn_opens_the_first_lesson(tiny_page):
    """One press, from anywhere, also with weights that nobody has trained."""
    app = run(view="output", text=TEXT)
    press(app, "learn")
    assert LESSONS[0].title in stage(app, "lesson") and not app.exception


def led_on(lesson, words: str) -> AppTest:
    """The page after a right answer of a lesson and a press on the way on that has these words."""
    app = run(lesson=str(LESSONS.index(lesson) + 1), text=TEXT)
    answer(app, near(app.session_state["step"][1].question)[0])
    (leads,) = (button for button in app.button if (button.key or "").startswith("more-") and words in button.label)
    return leads.click().run()


def test_a_lesson_leads_to_the_model_that_fills_in():
    """It opens with the reader's sentence, outside of the course; a word that is hidden gets its guesses."""
    app = led_on(output.LESSON, "encoder alone")
    state = app.session_state["state"]
    assert not app.exception and (state.model, state.view, state.text, state.lesson) == ("en-mask", "output", TEXT, None)
    app = run(model="en-mask", view="output", text=TEXT.replace("snow", "<mask>"))
    assert not app.exception and not app.warning and "Filled in" in shown(app)


def test_a_lesson_leads_to_the_model_that_writes_on():
    """From the mask to a model that has nothing else: it opens with how the reader's sentence begins, and a press goes on with that."""
    app = led_on(mask.LESSON, "decoder alone")
    state = app.session_state["state"]
    assert not app.exception and (state.model, state.view, state.lesson) == ("en-write", "one-head", None)
    assert TEXT.startswith(state.text) and state.text.split() == TEXT.split()[: len(TEXT.split()) // 2]
    press(app, "write-on")
    longer = app.session_state["state"].text
    assert longer.startswith(state.text) and len(longer) > len(state.text) and not app.exception
    ended = app.button(key="write-on")
    assert ended.disabled and ended.label == "The text ends here"
