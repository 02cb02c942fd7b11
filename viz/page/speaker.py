"""Notes for the speaker, in a window of their own: what to say to the picture that is on the wall, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from viz.page import changes, present, stage
from viz.page.announcements import spoken
from viz.page.lesson import Click, Pick, Question, Slider
from viz.page.parts.tags import Html, joined, tag
from viz.page.scene import Scene, View
from viz.page.sentences import formula_html, sentence_html


def draw(scene: Scene, views: Mapping[str, View], stand: stage.Stand | None) -> None:
    """The notes of the stop that is on the wall."""
    at, count = present.walk(views)
    view = views[scene.settings.view]
    heading = tag("h2", f"{at + 1} of {count} · {present.title(views, at)}", class_="head-title", data_testid="notes-title")
    after = present.title(views, at + 1)
    on = tag("p", tag("b", "Next: "), after or "this is the last one", class_="notes-next", data_testid="notes-next")
    parts = _lesson(stand) if stand else _view(scene, view)
    st.html(tag("article", heading, *parts, *_sentence(scene), on, class_="notes", data_testid="view-sentence"))


def _lesson(stand: stage.Stand) -> list[Html]:
    """What to say, what to ask, what is right and why, and the hints."""
    step = stand.step
    parts = [_part("Say", tag("p", sentence_html(step.words)), tag("p", formula_html(step.formula), class_="formula"))]
    if (asks := step.question) is None:
        return parts
    hints = tag("ol", *(tag("li", sentence_html(hint)) for hint in asks.hints))
    right = tag("p", tag("b", present.solved(asks)), " ", sentence_html(f"{asks.why(asks.solution)} {asks.easy}".strip()))
    prompt = joined([tag("p", sentence_html(asks.text), data_testid="question"), _choice(asks)])
    return [*parts, _part("Ask", prompt), _part("Answer", right, data_testid="notes-answer"), _part("Hints", hints)]


def _choice(asks: Question) -> Html:
    if isinstance(asks, Click):
        return tag("p", "It is answered in the picture: click there for the class, or reveal.", class_="quiet")
    if isinstance(asks, Slider):
        return tag("p", f"From {asks.write(asks.least)} to {asks.write(asks.most)}.", class_="quiet")
    if not isinstance(asks, Pick):
        return Html("")
    return tag(
        "ul", *(tag("li", tag("b", letter), " ", option) for letter, option in zip(present.LETTERS, asks.options, strict=False))
    )


def _view(scene: Scene, view: View) -> list[Html]:
    """The whole sentence of a view, of which the wall has the first."""
    return [_part("Say", tag("p", sentence_html(view.about(scene))))]


def _sentence(scene: Scene) -> list[Html]:
    """The sentence that the class sees, its translation, and what is changed in the model."""
    trace = scene.result.trace
    codes = scene.wording.codes
    lines = [tag("p", trace.source.text, lang=codes[0] or None)]
    lines += [tag("p", spoken(trace), lang=codes[1] or None)] if scene.wording.target else []
    lines += [tag("p", f"Changed: {change.words}.") for change in changes.changes(scene.settings.change, scene.before)]
    return [_part("On the wall", *lines)]


def _part(name: str, *inside: str, data_testid: str | None = None) -> Html:
    return tag("section", tag("h3", name), *inside, data_testid=data_testid)
