"""The stage of the lessons: one step beside the picture, its question, and the way on. Also where lessons begin and end."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zlib import crc32

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.trace.anatomy import Anatomy
from viz.canvas import pointing
from viz.charts.parts.words import head_title
from viz.page import answers, notices, store
from viz.page.caches import key_of
from viz.page.choices import plain
from viz.page.glossary import GENERAL, MEANINGS
from viz.page.lesson import FRESH, Lesson, Material, Step
from viz.page.materials import material_of
from viz.page.parts.captions import caption_line
from viz.page.parts.tags import tag
from viz.page.questions import draw_question, show
from viz.page.room import board, door, seats
from viz.page.room.names import digest
from viz.page.room.values import Asking
from viz.page.scene import Scene, View
from viz.page.sentences import formula_html, glossary_html, sentence_html
from viz.page.state import WALL
from viz.page.wording import translates
from viz.theme import quoted

Lessons = Sequence[Lesson]
STYLE, OPEN = (Path(__file__).with_name(f"{of}.css").read_text("utf-8") for of in ("lessons", "lesson_open"))
COVERS = {"picture": '[class*="st-key-view-"] > *', "rows": ".st-key-translation .rows"}
COVER = "{where} {{ filter: blur(11px); pointer-events: none; user-select: none; }}"
FIRST = ".st-key-view-{view} > :is(.st-key-{picture}, :has(.st-key-{picture})) {{ order: -1; }}"
COVERED = '[class*="st-key-view-"]::before { content: "Predict first, then the picture opens"; }'
NUDGE = "You have not answered yet. A guess costs nothing, and you will remember the answer better; Next once more goes on."
PRESENT_HELP = "One picture and one sentence, full width, for a projector (P)"
MOST_STEPS = 4  # that are shared
_STEPS: dict[Hashable, Step] = {}  # the newest last
_MAKING = threading.Lock()
LED = "Your teacher leads on to the next step."
AWAY = "The picture shows another view now; Back to the picture leads to the one of this step."


# Where lessons begin and end ----------------------------------------------------------------------------------------------


def begin(lessons: Lessons, views: Mapping[str, View], anatomy: Anatomy, place: DeltaGenerator) -> None:
    """Offer the lessons to a model that has all they speak of; open the one that the address names. place: of the button."""
    if not (anatomy.across and anatomy.predicting and anatomy.self_kind(anatomy.stacks[0].name) and not anatomy.missing):
        lessons = ()
    st.session_state["lessons"] = lessons
    number = store.state().lesson
    if number is not None and number > len(lessons):
        notices.hand_on([f"There is no lesson {number} here: there are {len(lessons)}."])
        store.write(lesson=None, part=0, view=store.state().view or next(iter(views)))
    elif number is not None and (not store.state().view or store.state().part >= len(lessons[number - 1].steps)):
        open_step(number, store.state().part if store.state().part < len(lessons[number - 1].steps) else 0)
    elif lessons and number is None:
        hint = f"{len(lessons)} lessons on your own sentence: predict, then see"
        place.button("Learn", key="learn", type="primary", on_click=open_step, args=(1,), help=hint)
    st.html(f"<style>{STYLE}{OPEN if store.state().lesson else ''}</style>")
    pointing(MEANINGS if translates(anatomy) else GENERAL, lambda view: store.write(view=view))


def steps() -> list[tuple[int, int]]:
    """All steps of the lessons, in order: (lesson, from 1; its step, from 0)."""
    return [(number, part) for number, lesson in enumerate(st.session_state["lessons"], 1) for part in range(len(lesson.steps))]


def present() -> None:
    """Show the picture that is open on the wall: see `viz.page.present`."""
    store.write(present=WALL)


def lesson_at(at: int) -> Lesson:
    """The lesson of a step, by its place among all of them."""
    lesson: Lesson = st.session_state["lessons"][steps()[at][0] - 1]
    return lesson


def open_step(number: int, part: int = 0) -> None:
    """Bring the page to a step: its view and its settings, the reader's own sentence."""
    lesson = st.session_state["lessons"][number - 1]
    store.write(lesson=number, part=part, **{**FRESH, **lesson.settings})
    st.session_state["focus-due"] = True


def _leave() -> None:
    """The reader goes on in the view that is open."""
    store.write(lesson=None, part=0)


def _go(by: int) -> None:
    """One step on or back; behind the last one the lessons end."""
    state, every = store.state(), steps()
    at = every.index((state.lesson, state.part)) + by
    if at == len(every):
        _leave()
    else:
        open_step(*every[max(at, 0)])


def _next(question: Hashable, is_asking: bool) -> None:
    """On; where there is a question and no answer, a nudge first."""
    record = answers.answers_to(question)
    if is_asking and not record.tries and not record.is_nudged:
        record.is_nudged = True
    else:
        _go(1)


# The step -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stand:
    """Where the reader stands: the step that is open, on this sentence."""

    number: int
    lesson: Lesson
    step: Step
    question: Hashable  # what tells it from those of other steps and sentences
    record: answers.Answers
    home: object  # the view of the step
    is_revealed: bool  # to a class


def take(scene: Scene) -> Stand | None:
    """The step that is open, where one is; the picture looks where it looks, and is covered until it may be seen."""
    answers.rest()
    seats.settle(None, None, None)
    number, part = scene.settings.lesson, scene.settings.part
    st.session_state["stand"] = None
    if number is None:
        return None
    lesson: Lesson = st.session_state["lessons"][number - 1]
    material = material_of(scene)
    question = (number, part, key_of((material.translator, material.trace)))
    step = _step(lesson, part, question, material)
    _focus(scene, step, question)
    record, home = answers.answers_to(question), step.focus.get("view", lesson.settings["view"])
    is_revealed = seats.settle(_asking(scene, number, part, question, step), step.question, record)
    covers = lesson.covers if step.question and not record.reveals and scene.settings.view == home else ()
    rules = [COVER.format(where=COVERS[name]) for name in covers] + [COVERED] * bool(covers)
    if step.picture and scene.settings.view == home:
        rules.append(FIRST.format(view=home, picture=step.picture))
    st.html(f"<style>/* covers */ {' '.join(rules)}</style>")  # in every run: what a fragment leaves out there stays
    st.session_state["stand"] = Stand(number, lesson, step, question, record, home, is_revealed)
    return st.session_state["stand"]


def draw(scene: Scene, stand: Stand) -> None:
    """The step beside the picture: its words, its question, and the way on."""
    number, lesson, step, record = stand.number, stand.lesson, stand.step, stand.record
    with st.container(key="lesson"):
        _head(number, lesson)
        st.html(_words(number, step))
        _question(scene, stand)
        if record.is_graded or stand.is_revealed or not step.question:
            _more(step)
        _way_on(scene, stand)
        if seats.room() is None:
            door.ways_in()


def _more(step: Step) -> None:
    """Where to look next."""
    if step.more:
        with st.container(key="lesson-more"):
            for title, settings in step.more:
                st.button(
                    plain(title), key=f"more-{title}", type="tertiary", icon=":material/arrow_forward:", on_click=store.write,
                    kwargs=dict(settings),
                )  # fmt: skip


def _question(scene: Scene, stand: Stand) -> None:
    """What is asked: of a reader, of a class; where this sentence has nothing to ask, one that has."""
    step, record, name_of = stand.step, stand.record, partial(place_name, scene)
    if not step.question:
        st.button(plain(f"Take “{stand.lesson.sentence}”"), key="lesson-sentence", on_click=_take, args=(stand.lesson.sentence,))
    elif seats.teaches():
        board.teach(record.asking, step.question, name_of, stand.is_revealed, partial(show, step, record))
    else:
        name = f"{stand.number}-{crc32(repr(stand.question).encode())}"
        draw_question(step, name, record, bool(stand.lesson.covers), name_of)
        if stand.is_revealed:
            board.look_back(record.asking, step.question, name_of)


def _asking(scene: Scene, number: int, part: int, question: Hashable, step: Step) -> Asking | None:
    """The question as a class knows it: the same for all who read this sentence with this model, in every process."""
    if step.question is None:
        return None
    name = f"{number}.{part + 1}.{digest(repr(question))[:16]}"
    return Asking(name, number, part, step.question.text, scene.settings.text)


def place_name(scene: Scene, place: tuple) -> str:
    """A head, or a cell of the open head, as a bar or a list calls it."""
    anatomy, kind = scene.trace.anatomy, scene.open_head[0]
    if isinstance(place[0], str):
        return head_title(anatomy.kind(place[0]), *place[1:])
    axes = scene.trace.rows(kind).labels, scene.trace.keys(kind)
    return " → ".join(
        quoted(names.shown[at], names.notation) if at < len(names) else str(at + 1) for names, at in zip(axes, place, strict=True)
    )


def _step(lesson: Lesson, part: int, question: Hashable, material: Material) -> Step:
    """The step of this sentence, made once: a class reads the same one, and its newest few are shared by all sessions."""
    if st.session_state.get("step", (None,))[0] != question:
        key = (lesson.steps[part], question)
        with _MAKING:
            _STEPS[key] = _STEPS.pop(key, None) or lesson.steps[part](material)
            for old in list(_STEPS)[:-MOST_STEPS]:
                del _STEPS[old]
            st.session_state["step"] = (question, _STEPS[key])
    return st.session_state["step"][1]


def _focus(scene: Scene, step: Step, question: Hashable) -> None:
    """Look where the step looks: when it is opened, and when another sentence is typed; not where an address says it all."""
    before, turn = st.session_state.get("focus", (question, None))
    if st.session_state.pop("focus-due", False) or (before != question and turn == store.turn()):
        scene.choose(**step.focus)
    st.session_state["focus"] = (question, store.turn())


def _head(number: int, lesson: Lesson) -> None:
    """Which lesson this is, all of them in a menu, and the way out. Who follows a teacher chooses none."""
    with st.container(horizontal=True, key="lesson-head", vertical_alignment="center", horizontal_alignment="distribute"):
        place = f"{number} of {len(st.session_state['lessons'])}"
        if seats.is_led():
            st.html(tag("span", place, class_="lesson-at"), width="content")
        else:
            _menu(place)
        with st.popover("Glossary", width="content"):
            st.html(glossary_html())
        st.button(
            "Present", key="lesson-present", icon=":material/slideshow:", help=PRESENT_HELP, type="tertiary", on_click=present
        )
        st.button("✕", key="lesson-close", help="Leave the lessons, stay in this view", type="tertiary", on_click=_leave)


def _menu(title: str) -> None:
    """All lessons."""
    with st.popover(title, width="content", help="All lessons"), st.container(key="lesson-menu", gap="small"):
        for at, other in enumerate(st.session_state["lessons"], 1):
            st.button(plain(f"{at} · {other.title}"), key=f"lesson-{at}", type="tertiary", on_click=open_step, args=(at,))


def _words(number: int, step: Step) -> str:
    """HTML of the step: its title, its sentences, its formula."""
    title = st.session_state["lessons"][number - 1].title
    hint = tag("p", "Point at a symbol: what it stands for lights up in the picture.", class_="symbol-words", aria_live="polite")
    return tag(
        "section", tag("h2", title, class_="head-title"), tag("p", sentence_html(step.words), class_="lesson-words"),
        tag("p", formula_html(step.formula), class_="formula"), hint, data_testid="lesson", data_lesson=str(number), aria_label=f"Lesson {number}",
    )  # fmt: skip


def _take(sentence: str) -> None:
    store.write(text=sentence)


def _way_on(scene: Scene, stand: Stand) -> None:
    """Back and Next; what is said to those who skip the question, and to those who have left the picture."""
    step, record = stand.step, stand.record
    if scene.settings.view != stand.home and not (record.tries and step.more):
        caption_line(AWAY)
        st.button(
            "Back to the picture", key="lesson-return", on_click=open_step, args=(scene.settings.lesson, scene.settings.part)
        )
    if record.is_nudged and not record.tries:
        st.html(tag("p", NUDGE, class_="nudge", role="status", data_testid="nudge"))
    if seats.is_led():
        caption_line(LED)
        return
    with st.container(horizontal=True, key="lesson-walk", horizontal_alignment="distribute"):
        st.button(
            "◂ Back", key="lesson-back", on_click=_go, args=(-1,), disabled=scene.settings.lesson == 1 and not scene.settings.part
        )
        last = scene.settings.lesson == len(st.session_state["lessons"]) and scene.settings.part == len(stand.lesson.steps) - 1
        st.button(
            "Finish" if last else "Next ▸",
            key="lesson-next",
            type="primary",
            on_click=partial(_next, stand.question, step.question is not None and not seats.teaches()),
        )
