"""The gap between an answer and what the model did, as HTML: a line for a slider, bars where several numbers were measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from viz.page.lesson import Measure, Measures, Question, Slider
from viz.page.parts.tags import Html, joined, tag

YOU, MODEL = "you", "the model"


def gap(asks: Question, answer: Any) -> Html:
    """What lies between an answer and the key; empty where no numbers do. answer: None where the key is shown to those who have not guessed."""
    if isinstance(asks, Slider):
        return _line(asks, answer) if answer is not None else Html("")
    measures = asks.numbers(asks.solution if answer is None else answer)
    return _bars(asks, answer, measures) if measures else Html("")


def _line(asks: Slider, guess: float) -> Html:
    """Guess and truth on one line, and what lies between them."""

    def place(value: float) -> float:
        return 100 * min(max((value - asks.least) / (asks.most - asks.least), 0.0), 1.0)

    low, high = sorted((place(guess), place(asks.key)))
    words = f"Your guess: {asks.write(guess)}; the model: {asks.write(asks.key)}"
    bar = tag("span", class_="gap-bar", style=f"left: {low:.1f}%; width: {high - low:.1f}%")
    marks = [
        tag("span", class_=f"gap-{name}", style=f"left: {place(at):.1f}%") for name, at in (("guess", guess), ("truth", asks.key))
    ]
    line = tag("div", bar, *marks, class_="gap-line", role="img", aria_label=words)
    return tag("figure", line, _legend(asks, guess), class_="gap", data_testid="gap")


def _bars(asks: Question, answer: Any, measures: Measures) -> Html:
    """A bar for every number, all on one scale that has 0 in it. Those that an answer stands for say whose it is; where none does, a
    line under them says what was answered."""
    ends = [bar.value for bar in measures.bars] + [0.0]
    low, width = min(ends), (max(ends) - min(ends)) or 1.0
    rows = [_row(bar, list(_owners(asks, answer, bar)), low, width) for bar in measures.bars]
    bars = tag("ul", *rows, class_="gap-bars", role="list")
    is_apart = answer is not None and all(bar.answer is None for bar in measures.bars)
    below = _legend(asks, answer) if is_apart else ""
    return tag("figure", tag("figcaption", measures.words, class_="gap-title"), bars, below, class_="gap", data_testid="gap")


def _owners(asks: Question, answer: Any, bar: Measure) -> Iterator[str]:
    """Whose number it is."""
    if bar.answer is None:
        return
    if bar.answer == answer:
        yield YOU
    if asks.is_right(bar.answer):
        yield MODEL


def _row(bar: Measure, owners: list[str], low: float, width: float) -> Html:
    """One number. low, width: of the scale."""
    start, end, zero = (100 * (value - low) / width for value in (min(bar.value, 0.0), max(bar.value, 0.0), 0.0))
    fill = tag("span", class_="gap-fill", style=f"left: {start:.1f}%; width: {end - start:.1f}%")
    track = tag("span", fill, tag("span", class_="gap-zero", style=f"left: {zero:.1f}%"), class_="gap-track", aria_hidden="true")
    marks = (tag("span", owner, class_=f"gap-mark {_side(owner)}") for owner in owners)
    name = tag("span", joined([bar.words, *marks], " "), class_="gap-name")
    return tag("li", name, tag("b", bar.text, class_="gap-number"), track, class_=" ".join(["gap-row", *map(_side, owners)]))


def _side(owner: str) -> str:
    return "guess" if owner == YOU else "truth"


def _legend(asks: Question, answer: Any) -> Html:
    """What was answered, and what is right, in words."""
    words = (f"{YOU} ", tag("b", asks.name(answer)), f" · {MODEL} ", tag("b", asks.name(asks.solution)))
    return tag("span", *words, class_="gap-words")
