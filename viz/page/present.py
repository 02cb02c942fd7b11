"""Present: one picture and one sentence, as large as the wall, for a class; keys, or a clicker, walk through what there is to see.

The component `viz.canvas.present` listens to the keys; here is what they do, what the sentence is, and the order of the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from viz.canvas import Announcement, stage_keys
from viz.page import address, answers, rail, stage, store
from viz.page.gaps import gap
from viz.page.lesson import Click, Pick, Question, Slider
from viz.page.parts.tags import Html, joined, tag
from viz.page.qr import qr_image
from viz.page.questions import answer, show
from viz.page.room import board
from viz.page.scene import Scene, View
from viz.page.sentences import sentence_html
from viz.page.state import NOTES, WALL

STYLES = {
    mode: Path(__file__).with_name(f"{name}.css").read_text("utf-8") for mode, name in ((WALL, "present"), (NOTES, "speaker"))
}
LETTERS = "ABCDEFGH"  # of the options of a question: a class calls them out


def begin(place: DeltaGenerator, keys: DeltaGenerator) -> None:
    """The style of the wall or of its notes; on the ordinary page the ways to the wall: a button and a key. place: of the button; keys: of what
    listens, here or in `mount`."""
    mode = store.state().present
    st.html(f"<style>/* present */ {STYLES.get(mode, '')}</style>")
    if not mode:
        with keys:
            _listen()
        place.button("Present", key="present", icon=":material/slideshow:", help=stage.PRESENT_HELP, on_click=stage.present)


# The walk -----------------------------------------------------------------------------------------------------------------


def order(views: Mapping[str, View]) -> list[str]:
    """The views in the order of the computation, as the groups of the rail have them."""
    return [view["slug"] for group in rail.groups(views) for entry in group["entries"] for view in entry]


def walk(views: Mapping[str, View]) -> tuple[int, int]:
    """Where the walk is, from 0, and how many stops it has: the steps of the lessons where one is open, else the views."""
    state = store.state()
    if state.lesson is None:
        return order(views).index(state.view), len(views)
    return stage.steps().index((state.lesson, state.part)), len(stage.steps())


def go(views: Mapping[str, View], at: int) -> None:
    """Walk to a stop, from 0; the first or the last one where there is none."""
    at = min(max(at, 0), walk(views)[1] - 1)
    if store.state().lesson is None:
        store.write(view=order(views)[at])
    else:
        stage.open_step(*stage.steps()[at])


def title(views: Mapping[str, View], at: int) -> str:
    """The title of a stop: of its lesson, or of its view; empty behind the last one."""
    if not 0 <= at < walk(views)[1]:
        return ""
    return views[order(views)[at]].title if store.state().lesson is None else stage.lesson_at(at).title


# What is said -------------------------------------------------------------------------------------------------------------


def sentence(scene: Scene, view: View, stand: stage.Stand | None) -> None:
    """The sentence over the picture: of the view, or the question of the step, then its answer. A click in the picture may be one."""
    asks = stand.step.question if stand else None
    if isinstance(asks, Click) and (place := answers.listen(asks.what)) is not None:
        answer(stand.step, stand.record, place)
    st.html(f"<style>/* alone */ {_alone(scene, view, stand)}</style>")
    with st.container(key="wall"):
        st.html(tag("div", _inside(scene, view, stand), class_="wall", data_testid="view-sentence"))


def excuse(text: str) -> None:
    """Why there is no picture."""
    with st.container(key="wall"):
        st.html(tag("div", tag("p", text), class_="wall", data_testid="view-sentence"))


def _alone(scene: Scene, view: View, stand: stage.Stand | None) -> str:
    """CSS that leaves one picture of a view: that of the step or of the view; where none is named, the first."""
    name = (stand.step.picture if stand and scene.settings.view == stand.home else "") or view.picture
    here = f".st-key-view-{view.slug}"
    first = f"{here} .stColumn ~ .stColumn, {here} :has([class*=st-key-card-]) ~ * {{ display: none; }}"
    if not name:
        return first
    its, other = f"{here}:has(.st-key-{name})", f":not(:has(.st-key-{name}), .st-key-{name}, .st-key-{name} *)"
    rest = f"{its} :is(.stColumn, [class*=st-key-card-]){other}, {its} > {other} {{ display: none; }}"
    return rest + first.replace(here, f"{here}:not(:has(.st-key-{name}))")


def _inside(scene: Scene, view: View, stand: stage.Stand | None) -> Html:
    if stand is None:
        return tag("p", sentence_html(first_sentence(view.about(scene))))
    asks = stand.step.question
    if asks is None:
        return tag("p", sentence_html(first_sentence(stand.step.words)))
    if stand.record.reveals:
        words = sentence_html(first_sentence(reason(asks, stand.record)))
        line = tag("p", tag("b", solved(asks)), " ", words, class_="answer", data_testid="wall-answer")
        answer = stand.record.tries[-1] if stand.record.tries else None
        return joined([line, board.on_wall(stand.record.asking, asks, partial(stage.place_name, scene)) or gap(asks, answer)])
    return joined([tag("p", sentence_html(asks.text), data_testid="question"), _options(asks)])


def first_sentence(text: str) -> str:
    """The first sentence of several: what stands on a wall is read at once."""
    head, mark, _ = text.partition(". ")
    return head + mark.strip()


def solved(asks: Question) -> str:
    """The answer in a word or two; empty for one that only the picture can name."""
    words = asks.name(asks.solution)
    if isinstance(asks, Pick):
        return f"{LETTERS[asks.key]}: {words}."
    return f"{words}." if words else ""


def reason(asks: Question, record: answers.Answers) -> str:
    """Why it is the answer, in one sentence; of a place that was clicked, what stands there."""
    clicked = isinstance(asks, Click) and record.tries
    return asks.why(record.tries[-1] if clicked else asks.solution)


def _options(asks: Question) -> Html:
    """What there is to choose from, where the picture does not say it."""
    if isinstance(asks, Pick):
        letters = zip(LETTERS, asks.options, strict=False)
        return tag("ul", *(tag("li", tag("b", letter), " ", option) for letter, option in letters), class_="options")
    if isinstance(asks, Slider):
        return tag("ul", tag("li", f"{asks.write(asks.least)} … {asks.write(asks.most)}"), class_="options")
    return Html("")


def announcements(scene: Scene, views: Mapping[str, View], stand: stage.Stand | None) -> list[Announcement]:
    """What a screen reader is told at every stop, and when the answer is shown."""
    if scene.settings.present != WALL:
        return []
    heading = Announcement(f"{title(views, walk(views)[0])}.")
    asks = stand.step.question if stand else None
    if asks is None:
        return [heading]
    if stand.record.reveals:
        return [heading, Announcement(f"{solved(asks)} {reason(asks, stand.record)}".strip(), opening="Answer:")]
    return [heading, Announcement(asks.text, opening="Question:")]


# The keys -----------------------------------------------------------------------------------------------------------------


def mount(views: Mapping[str, View]) -> None:
    """Listen to the keys of the wall, or of its notes, in every run: where the walk is moves on. On the ordinary page `begin` listens to P."""
    state = store.state()
    at, count = walk(views)
    _listen(
        mode=state.present, at=at, count=count, title=title(views, at), next=title(views, at + 1), reveals=_covers(),
        search=dict(st.session_state.get("address", {})), code=st.session_state.pop("qr-code", None), go_to=lambda to: go(views, to),
    )  # fmt: skip


def _listen(go_to: Callable[[int], None] = lambda to: None, **walk: Any) -> None:
    stage_keys(
        **walk, on_enter=stage.present, on_leave=lambda: store.write(present=""), on_go=go_to, on_reveal=_reveal,
        on_code=lambda link: st.session_state.update({"qr-code": qr_image(link)}),
        on_follow=lambda search: address.lead(search, present=NOTES),
    )  # fmt: skip


def _covers() -> str:
    """Of the question on the wall: "covered", "open"; empty where there is none."""
    stand = st.session_state.get("stand")
    if stand is None or store.state().lesson is None or stand.step.question is None:
        return ""
    return "open" if stand.record.reveals else "covered"


def _reveal() -> None:
    stand = st.session_state.get("stand")
    if stand is not None and stand.step.question is not None:
        show(stand.step, stand.record)
