"""A question on the stage: its widget, what is said of an answer, and the hints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from viz.page import answers, store
from viz.page.choices import plain
from viz.page.gaps import gap
from viz.page.lesson import Click, Pick, Slider, Step
from viz.page.parts.captions import caption_line
from viz.page.parts.tags import tag
from viz.page.room import seats
from viz.page.sentences import sentence_html

WAITS = "Your answer is in. You can change it until your teacher shows what is right."
WAITED_FOR = "Your teacher sees how many have answered, and no names."
KEYBOARD = "Answer in the picture: click, or walk with the arrow keys and press Enter."


def draw_question(step: Step, name: str, record: answers.Answers, is_covered: bool, place_name: Callable[[tuple], str]) -> None:
    """The question, a widget to answer it, the gap, and hints after some misses. name: of this question among widgets. place_name: what a
    place of the picture is called."""
    asks = step.question
    assert asks is not None
    st.html(tag("p", sentence_html(asks.text), class_="question", data_testid="question"))
    if isinstance(asks, Pick):
        _pick(asks, step, f"answer-{name}", record)
    elif isinstance(asks, Slider):
        _slide(asks, step, f"answer-{name}", record)
    elif isinstance(asks, Click):
        caption_line(KEYBOARD)
        if (place := answers.listen(asks.what)) is not None:
            answer(step, record, place, place_name(place))
    if record.is_graded:
        _say(asks, record)
        if not isinstance(asks, Slider) and (bars := gap(asks, record.tries[-1])):
            st.html(bars)  # behind the sentence, which on a phone stands where the last option was tapped
    elif record.waits:
        st.html(tag("p", WAITS if record.tries else WAITED_FOR, class_="feedback", role="status", data_testid="waits"))
    elif is_covered and not record.is_open:
        st.button("Show without a guess", key="lesson-show", type="tertiary", on_click=show, args=(step, record))
    _hint(asks, record)


def answer(step: Step, record: answers.Answers, value: Any, words: str = "") -> None:
    """Take an answer; the first one lets the page show what it is about. words: what it is called, where that is not its question's."""
    asks = step.question
    assert asks is not None
    if not asks.takes(value):
        return
    if not record.reveals and not record.waits:
        store.write(**step.then)
    record.tries.append(value)
    record.is_right = asks.is_right(value)
    record.misses += not record.is_right and not record.waits
    seats.send(record.asking, value, words or asks.name(value), record.is_right)


def show(step: Step, record: answers.Answers) -> None:
    """Uncover the picture without an answer; the page changes what it changes once there is one. A teacher shows it to the class."""
    if seats.teaches():
        seats.reveal(record.asking)
    store.write(**step.then)
    record.is_open = True


def _pick(asks: Pick, step: Step, key: str, record: answers.Answers) -> None:
    """Options under each other."""

    def take() -> None:
        if (value := st.session_state[key]) is not None:
            answer(step, record, value)

    st.radio(
        asks.text, range(len(asks.options)), index=record.tries[-1] if record.tries else None,
        format_func=lambda at: plain(asks.options[at]), key=key, on_change=take, label_visibility="collapsed",
    )  # fmt: skip


def _slide(asks: Slider, step: Step, key: str, record: answers.Answers) -> None:
    """A slider, and a button that makes its number the answer; then the gap."""
    steps = round((asks.most - asks.least) / asks.step / 2)
    kind = int if float(asks.step).is_integer() and float(asks.least).is_integer() else float
    start = record.tries[-1] if record.tries else asks.least + steps * asks.step
    st.slider(asks.text, kind(asks.least), kind(asks.most), kind(start), kind(asks.step), key=key, label_visibility="collapsed")
    st.button("That is my guess", key=f"{key}-send", on_click=lambda: answer(step, record, st.session_state[key]))
    if record.is_graded:
        st.html(gap(asks, record.tries[-1]))


def _say(asks: Any, record: answers.Answers) -> None:
    """Whether the last answer is right, and the gap in one sentence."""
    sentence = asks.why(record.tries[-1])
    opening, name = ("Right. ", "right") if record.is_right else ("Not quite. ", "miss")
    text = sentence_html(f"{sentence} {asks.easy}".strip())
    st.html(tag("p", tag("b", opening), text, class_=f"feedback {name}", role="status", data_testid="feedback"))


def _hint(asks: Any, record: answers.Answers) -> None:
    """Those that are open, and the next one."""
    if record.hints:
        entries = (tag("li", sentence_html(hint)) for hint in asks.hints[: record.hints])
        st.html(tag("ol", *entries, class_="hints", data_testid="hints"))
    if record.misses >= answers.OFFERED and not record.is_right and record.hints < len(asks.hints):
        st.button(f"Hint {record.hints + 1} of {len(asks.hints)}", key="lesson-hint", on_click=_open_hint, args=(record,))


def _open_hint(record: answers.Answers) -> None:
    record.hints += 1
