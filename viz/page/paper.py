"""Lessons on paper: the questions of one lesson, or of the course, with the sentence on screen, its pictures and the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from model.analysis.reader import AnyReader
from model.trace.tokens import Tokens
from viz.charts.parts.words import head_title
from viz.page import engine
from viz.page.lesson import FRESH, Click, Formula, Lesson, Material, Pick, Question, Settings, Slider, Step, Symbol
from viz.page.materials import material_of
from viz.page.scene import Scene, View
from viz.page.state import State
from viz.takeaway import Sheet
from viz.takeaway.handout import Exercise, handout
from viz.theme import LIGHT, quoted

GUESS = re.compile(r" \(your guess was [^)]*\)")  # what a sentence says to one who has guessed
COURSE = "Lessons on attention in a translation transformer"


@dataclass(frozen=True)
class Reading:
    """What the class reads; its pass is looked up when it is needed, so that none stays with the menu."""

    settings: State
    model: AnyReader  # as trained
    source: Tokens
    own: Tokens | None  # a translation of the reader's

    def scene(self, settings: State) -> Scene:
        """The sentence with other settings, in the light theme, as paper has it."""
        result = engine.run(self.model, self.source, self.own, settings.change, settings.forcing == "forced")
        return Scene(settings, self.model, result, LIGHT, self.model)


def printable(
    reading: Reading,
    lessons: Sequence[Lesson],
    views: Mapping[str, View],
    numbers: Sequence[int],
    lines: Sequence[str],
    address: str,
) -> str:
    """The hand-out of the lessons with these numbers, from 1, as HTML."""
    material = material_of(reading.scene(reading.settings.having(**FRESH)))
    exercises = [exercise for number in numbers for exercise in _exercises(reading, material, number, lessons[number - 1], views)]
    title = COURSE if len(numbers) > 1 else f"Lesson {numbers[0]}"
    return handout(title, lines, address, exercises)


def _exercises(
    reading: Reading, material: Material, number: int, lesson: Lesson, views: Mapping[str, View]
) -> Iterator[Exercise]:
    """The steps of a lesson; its picture stands with the first of those that look at the same place."""
    before: Settings | None = None
    for make in lesson.steps:
        step = make(material)
        settings = {**lesson.settings, **step.focus, **(step.then if "picture" in lesson.covers else {})}
        picture = _picture(reading, settings, views) if settings != before and len(lesson.steps) == 1 else None
        before = settings
        yield _exercise(number, lesson, step, material, picture, settings)


def _exercise(number: int, lesson: Lesson, step: Step, material: Material, picture: Sheet | None, settings: Settings) -> Exercise:
    exercise = Exercise(
        number, lesson.title, step.words, _formula(step.formula), picture=picture, is_covered="picture" in lesson.covers
    )
    asks = step.question
    if asks is None:
        return replace(exercise, is_covered=False)
    options, blank = _room(asks)
    text = asks.text.replace("Click ", "Mark ", 1) if isinstance(asks, Click) else asks.text
    key, answer = _answer(asks, material, settings)
    why = GUESS.sub("", f"{asks.why(key)} {asks.easy}".strip())
    return replace(exercise, question=text, options=options, blank=blank, answer=answer, why=why)


def _formula(formula: Formula) -> str:
    """Its symbols as they are called; what stands behind their line is lowered on the page."""
    return "".join(part.text if isinstance(part, Symbol) else part for part in formula)


def _room(asks: Question) -> tuple[tuple[str, ...], str]:
    """What is ticked, and what is written."""
    if isinstance(asks, Pick):
        return asks.options, ""
    if isinstance(asks, Slider):
        return (), f"My guess, from {asks.write(asks.least)} to {asks.write(asks.most)}:"
    head = isinstance(asks, Click) and asks.what == "head"
    return (), "My answer (kind, layer, head):" if head else "My answer (row, column):"


def _answer(asks: Question, material: Material, settings: Settings) -> tuple[object, str]:
    """The key as a value, and in words."""
    if isinstance(asks, Pick):
        return asks.key, f"{asks.options[asks.key]}."
    if isinstance(asks, Slider):
        return asks.key, f"{asks.write(asks.key)}."
    assert isinstance(asks, Click)
    keys = sorted(asks.keys)
    if asks.what == "head":
        anatomy = material.trace.anatomy
        return keys[0], f"{'; '.join(head_title(anatomy.kind(kind), layer, head) for kind, layer, head in keys)}."
    kind = str(settings["kind"])
    rows, columns = material.trace.rows(kind).labels.shown, material.trace.columns(kind).shown
    return keys[0], f"{'; '.join(f'row {quoted(rows[query])}, column {quoted(columns[key])}' for query, key in keys)}."


def _picture(reading: Reading, settings: Settings, views: Mapping[str, View]) -> Sheet | None:
    """The view of a step on paper, in the light theme."""
    paper = views[str(settings["view"])].paper if settings["view"] in views else None
    if paper is None:
        return None
    return paper(reading.scene(reading.settings.having(**{**FRESH, **settings})))
