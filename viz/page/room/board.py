"""What a class has answered, as bars without names: live for the teacher, at the end for everyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from viz.canvas import look_again
from viz.page.lesson import Click, Pick, Question, Slider
from viz.page.parts.tags import Html, joined, tag
from viz.page.room import seats
from viz.page.room.values import BEAT, Asking
from viz.page.sentences import sentence_html

MOST_PLACES, MOST_PARTS = 6, 10  # places of a picture, and parts of a slider, that have a bar
PlaceName = Callable[[tuple], str]


@dataclass(frozen=True)
class Bar:
    """How many have answered one thing."""

    label: str
    count: int
    is_right: bool


def bars(asks: Question, answers: Sequence[Any], place_name: PlaceName) -> list[Bar]:
    """A bar for every option, for every part of a slider's range, or for the places that most have clicked; they hold all answers but those
    of rarer places."""
    if isinstance(asks, Pick):
        counts = Counter(answers)
        return [Bar(option, counts[at], at == asks.key) for at, option in enumerate(asks.options)]
    if isinstance(asks, Slider):
        return _parts(asks, answers)
    places = Counter(map(tuple, answers)).most_common(MOST_PLACES)
    return [Bar(place_name(place), count, asks.is_right(place)) for place, count in places]


def _parts(asks: Slider, answers: Sequence[float]) -> list[Bar]:
    """Equal parts of the range, each with at least one of its numbers; the last one has its end, too."""
    numbers = round((asks.most - asks.least) / asks.step) + 1
    size = -(-numbers // MOST_PARTS)  # numbers of a part
    counts = Counter(_part(asks, size, answer) for answer in answers)
    key = _part(asks, size, asks.key)
    rows = []
    for at in range(-(-numbers // size)):
        ends = [asks.least + number * asks.step for number in (at * size, min((at + 1) * size, numbers) - 1)]
        label = " – ".join(dict.fromkeys(asks.write(end) for end in ends))
        rows.append(Bar(label, counts[at], at == key))
    return rows


def _part(asks: Slider, size: int, value: float) -> int:
    numbers = round((asks.most - asks.least) / asks.step)
    return min(max(round((value - asks.least) / asks.step), 0), numbers) // size


def board_html(asks: Question, answers: Sequence[Any], is_revealed: bool, place_name: PlaceName) -> Html:
    """HTML of the bars; what is right is marked once it was revealed."""
    rows = bars(asks, answers, place_name)
    most = max([bar.count for bar in rows] + [1])
    cells = joined(_row(bar, most, is_revealed) for bar in rows)
    words = "; ".join(f"{bar.label}: {bar.count}" for bar in rows) or "no answers yet"
    return tag("div", cells, class_="class-bars", role="img", aria_label=f"The class: {words}", data_testid="class-bars")


def _row(bar: Bar, most: int, is_revealed: bool) -> Html:
    line = tag("span", tag("span", style=f"--part: {100 * bar.count / most:.0f}%"), class_="class-line")
    name = tag("span", f"{'✓ ' if is_revealed and bar.is_right else ''}{bar.label}", class_="class-label", title=bar.label)
    return tag(
        "div", name, line, tag("b", str(bar.count)), class_="class-bar right" if is_revealed and bar.is_right else "class-bar"
    )


def summary(asks: Question, answers: Sequence[Any], size: int, is_revealed: bool) -> str:
    """How many have answered; once it was revealed, how many were right."""
    count = len(answers)
    if not is_revealed:
        return turnout(count, size)
    if not count:
        return "Nobody in the class has answered."
    right = sum(asks.is_right(tuple(answer) if isinstance(asks, Click) else answer) for answer in answers)
    return f"{right} of {count} in the class {'was' if right == 1 else 'were'} right: {right / count:.0%}."


def turnout(count: int, size: int) -> str:
    """How many of a class have answered."""
    return f"{count} of {size} {'has' if count == 1 else 'have'} answered"


def on_wall(asking: Asking | None, asks: Question, place_name: PlaceName) -> Html:
    """HTML of what the class has answered, in a line or two, for the wall of its teacher; empty where there is no class."""
    if asking is None or not seats.teaches():
        return Html("")
    answers = seats.rooms().answers(seats.seat().code, asking.name)
    words = summary(asks, answers, seats.rooms().size(seats.seat().code), True)
    return joined(
        [tag("p", words, class_="class-summary", data_testid="class-summary"), board_html(asks, answers, True, place_name)]
    )


def _tally(asking: Asking, asks: Question, is_revealed: bool, place_name: PlaceName) -> None:
    if is_revealed:
        st.empty()  # of a fragment inside another one Streamlit forgets no element: each has its place
    else:
        seats.catch_up()
        look_again("room-bars", BEAT, run=seats.runs())
    code = seats.seat().code
    answers = seats.rooms().answers(code, asking.name)
    words = summary(asks, answers, seats.rooms().size(code), is_revealed)
    st.html(
        tag("p", words, class_="class-summary", data_testid="class-summary") + board_html(asks, answers, is_revealed, place_name)
    )


def teach(asking: Asking, asks: Question, place_name: PlaceName, is_revealed: bool, on_reveal: Callable[[], None]) -> None:
    """The teacher's side of a question: its options with bars that grow as the class answers, and the way to what is right."""
    st.html(tag("p", sentence_html(asks.text), class_="question", data_testid="question"))
    st.fragment(_tally)(asking, asks, is_revealed, place_name)
    if not is_revealed:
        st.button(
            "Reveal",
            key="room-reveal",
            type="primary",
            on_click=on_reveal,
            help="The class sees what is right and how it has answered",
        )
        return
    key = asks.solution
    words = place_name(key) if isinstance(asks, Click) else asks.name(key)
    text = joined([tag("b", f"{words}. "), sentence_html(f"{asks.why(key)} {asks.easy}".strip())])
    st.html(tag("p", text, class_="feedback right", role="status", data_testid="feedback"))


def look_back(asking: Asking, asks: Question, place_name: PlaceName) -> None:
    """A student's side, once it was revealed: how the class has answered."""
    _tally(asking, asks, True, place_name)
