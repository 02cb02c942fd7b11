"""A lesson on paper: what it says, its picture, room for the prediction, and the answers on pages of their own behind it.

One HTML file that asks no network. Its pictures are drawn when it is opened, as vectors; the browser prints it or saves it as PDF.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from viz.canvas.shared.files import script
from viz.takeaway.sheet import HEAD, Sheet, as_function, fill, styles, variables
from viz.theme import LIGHT

PAGE = HEAD + Path(__file__).with_name("handout.html").read_text("utf-8")
LINE = '<span class="blank"></span>'


@dataclass(frozen=True)
class Exercise:
    """One question. All text is plain."""

    number: int  # of its lesson, from 1
    lesson: str
    words: str
    formula: str
    question: str = ""  # empty: this sentence has nothing to ask here
    options: tuple[str, ...] = ()  # to tick; none: a line to write on
    blank: str = ""  # what is to be written, in words: "between 0 and 100 %"
    answer: str = ""
    why: str = ""
    picture: Sheet | None = None
    is_covered: bool = False  # the picture has the answer in it: it stands with the answers


def handout(title: str, lines: Sequence[str], address: str, exercises: Sequence[Exercise]) -> str:
    """The whole file."""
    sheets = [exercise.picture for exercise in exercises if exercise.picture]
    components = sorted({sheet.component for sheet in sheets})
    mounts = ",\n".join(
        f"{name}: (() => {{\n{as_function(script(f'{name}/index.js'))}\nreturn headlight;\n}})()" for name in components
    )
    parts = {
        "title": html.escape(title), "lines": "".join(f"<p>{html.escape(line)}</p>" for line in lines),
        "address": html.escape(address),
        "style": "\n".join([variables(LIGHT), *map(styles, components)]),
        "questions": "\n".join(_lesson(list(group)) for _, group in groupby(exercises, key=lambda one: one.number)),
        "answers": "\n".join(_answer(exercise) for exercise in exercises if exercise.question),
        "script": f"const components = {{\n{mounts}\n}};\n{as_function(script('takeaway/handout.js'))}\nheadlight({{ data: components, parentElement: document.body }});",
    }  # fmt: skip
    return fill(PAGE, parts)


def _lesson(exercises: list[Exercise]) -> str:
    """The questions of a lesson under its title."""
    first = exercises[0]
    words = [exercise.words for exercise in exercises]
    body = "\n".join(_question(each, opens=each.words not in words[:at]) for at, each in enumerate(exercises))
    return f"<article><h2>{first.number} · {html.escape(first.lesson)}</h2>\n{body}\n</article>"


def _question(exercise: Exercise, opens: bool) -> str:
    """opens: its words have not been said by a question before it."""
    picture = _picture(exercise.picture) if exercise.picture and not exercise.is_covered else ""
    formula = f'<p class="formula">{html.escape(exercise.formula)}</p>' if exercise.formula else ""
    asks = f'<p class="question">{html.escape(exercise.question)}</p>{_room(exercise)}' if exercise.question else ""
    words = f"<p>{html.escape(exercise.words)}</p>" if opens else ""
    return f'<section class="exercise">{words}{formula}{picture}{asks}</section>'


def _room(exercise: Exercise) -> str:
    """Boxes to tick, or a line to write on."""
    if exercise.options:
        return f"<ul>{''.join(f'<li>{html.escape(option)}</li>' for option in exercise.options)}</ul>"
    return f'<p class="write">{html.escape(exercise.blank)} {LINE}</p>'


def _answer(exercise: Exercise) -> str:
    picture = _picture(exercise.picture) if exercise.picture and exercise.is_covered else ""
    head = f"{exercise.number} · {html.escape(exercise.question)}"
    why = html.escape(exercise.why)
    return f'<section class="answer"><h3>{head}</h3><p><b>{html.escape(exercise.answer)}</b> {why}</p>{picture}</section>'


def _picture(sheet: Sheet) -> str:
    """Where the script draws it."""
    numbers = base64.b64encode(sheet.numbers()).decode()
    return f'<figure data-component="{sheet.component}" data-numbers="{numbers}"></figure>'
