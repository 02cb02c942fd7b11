"""The page around what changes: style, places, the models to pick from, and the address."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas  # noqa: F401  Streamlit loads it late, and Plotly in another session's thread would meet it half loaded
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.analysis.reader import AnyReader
from model.instrument.pretrained import CheckpointError, DeviceError
from model.trace.anatomy import Anatomy
from model.transformer.config import DECODER, ENCODER
from viz.canvas import component_scripts, text_fields
from viz.page import address, engine, greeting, live, notices, present, store, takeaway, timeline
from viz.page.choices import plain
from viz.page.colours import colours_as_css
from viz.page.link import Link
from viz.page.params import UNBOUNDED, Limits
from viz.page.room import door, seats, strip
from viz.page.scene import View
from viz.page.screen import screen
from viz.page.stage import Lessons
from viz.page.state import EXAMPLES
from viz.page.store import tied
from viz.page.wording import translates
from viz.theme import palette

STYLE, EVERYONE, EMBEDDED = (Path(__file__).with_name(f"{of}.css").read_text("utf-8") for of in ("page", "everyone", "embedded"))
ROOM = Path(__file__).parent.joinpath("room", "room.css").read_text("utf-8")
MODEL_TITLES = {
    "sinusoidal": "with sinusoidal positions", "learned": "with learned positions", "none": "without positions",
    "unmasked": "without the look-ahead mask", "recurrent": "recurrent, with the first attention", ENCODER: "fills in hidden words",
    DECODER: "writes on",
}  # fmt: skip
MODELS_HELP = (
    "Taking positions away from a model that was trained with them is one thing; a model that never had any is another. They "
    "have the same shape; the model cards say what each read and hold their scores side by side."
)
BUILT_OTHERWISE = {  # what is said of those that are no members of the family
    "recurrent": "The recurrent one reads and writes token by token, as translators did when attention was invented for them (Bahdanau et al. "
    "2015).",
    ENCODER: "The one that fills in has the encoder alone and reads a text of which words are hidden, as BERT does.",
    DECODER: "The one that writes on has the decoder alone and says what comes next, as GPT does.",
}
OTHERS_HELP = "The models that this page was started with. Views that one of them cannot feed rest, and a line says why."


def show(
    views: Mapping[str, View], models: Sequence[str], device: str | None, lessons: Lessons = (), rooms: str | None = None
) -> None:
    """Draw the whole page with these views, by their slugs; what goes wrong is said in words.

    models: what there is to choose from, each a checkpoint, a folder or the id of a model on a hub. rooms: the file of the classes.
    """
    link, seen_on = Link({slug: view.params for slug, view in views.items()}), screen()
    st.session_state["frame"] = None  # of a run that is cut short: whatever is chosen next, the whole page runs again
    component_scripts()
    address.mount(link)
    text_fields()
    seats.enter(rooms)
    colours = palette(st.context.theme.type)
    style = "".join([STYLE, ROOM, *(view.style for view in views.values()), EVERYONE, EMBEDDED if st.context.is_embedded else ""])
    st.html(f"<style>{style}</style>{colours_as_css(colours)}")
    if door.is_closed():
        door.draw()
        return
    places = _lay_out()
    try:
        translator = _open(link, places.picker, models, device)
    except (CheckpointError, DeviceError) as error:
        st.error(plain(str(error)))
        return
    with places.live.stage:
        notices.say(engine.notices(translator))
    greeting.begin(views, translator.anatomy, lessons, places.picker)
    present.begin(places.picker, places.live.keys)
    moments = timeline.switch(places.picker, translator, store.state())
    _examples(places.examples)
    _own_switch(places.switch, translator)
    st.session_state["frame"] = live.frame(store.state())
    menu = None if store.state().present else takeaway.button(places.take)
    live.draw(live.Page(views, link, places.live, translator, moments, colours, seen_on, menu))
    seats.arrive()
    strip.draw(places.room)


@dataclass(frozen=True)
class Places:
    """Where on the page things are drawn, whenever in the run they are known."""

    room: DeltaGenerator  # of a class
    picker: DeltaGenerator  # of the model
    examples: DeltaGenerator
    take: DeltaGenerator  # the menu of what can be taken away
    switch: DeltaGenerator  # opens the field for the reader's own translation
    live: live.Places


def _lay_out() -> Places:
    """The rail, one line on top, the French under it; what changes the picture at the foot of the screen."""
    rail = st.sidebar.container(key="rail-place")
    room = st.container(key="room-place")
    with st.container(horizontal=True, key="header", vertical_alignment="center", gap="small"):
        st.html('<h1 class="name">Headlight</h1>', width="content")
        with st.container(horizontal=True, key="sentence", gap="small", vertical_alignment="center"):
            sentence, examples = st.container(key="field"), st.container(key="examples-place", width="content")
        picker = st.container(key="picker", width="content")
    own = st.container(key="own-place")
    with st.container(horizontal=True, key="french", gap="small", vertical_alignment="center"):
        translation = st.container(key="translation")
        take = st.container(key="take-place", width="content")
        switch = st.container(key="own-switch", width="content")
    dock, drawer, stage, keys = (st.container(key=key) for key in ("dock", "drawer-place", "stage", "keys-place"))
    return Places(room, picker, examples, take, switch, live.Places(rail, sentence, own, translation, dock, drawer, stage, keys))


def _examples(place: DeltaGenerator) -> None:
    """A menu beside the text field."""
    with place.popover("Examples", width="content", disabled=seats.is_pinned()), st.container(key="examples", gap="small"):
        for index, example in enumerate(EXAMPLES):
            st.button(example, on_click=_take, args=(example,), key=f"example-{index}")


def _take(example: str) -> None:
    """Read an example, translated by the model."""
    store.write(text=example, target="", asks_target=False)


def _own_switch(place: DeltaGenerator, model: AnyReader) -> None:
    """Where a model writes another text than it reads, the reader may give one."""
    if len(model.anatomy.stacks) == 1:
        place.empty()
        return
    place.toggle(
        "your own translation" if translates(model.anatomy) else "your own output", width="content", disabled=seats.is_pinned(),
        **tied(key="own", value=store.state().has_own_field,
               take=lambda on: {"asks_target": on} if on else {"asks_target": False, "target": ""}),
    )  # fmt: skip


def _close_head(anatomy: Anatomy) -> None:
    """A head that another model does not have is not open any more: its own first one is."""
    state = store.state()
    kind = next((kind for kind in anatomy.kinds if kind.name == state.kind), None)
    if kind is None or (state.layer or 0) >= kind.layers or (state.head or 0) >= kind.heads:
        store.write(kind=anatomy.default_kind, layer=None, head=None, query=None, key=None)


def _help(has_family: bool, built: Collection[str], is_ours: bool) -> str:
    """What the models on offer are, in a sentence each. built: how those are built that are no members of the family."""
    sentences = [MODELS_HELP] if has_family else [] if is_ours else [OTHERS_HELP]
    return " ".join([*sentences, *(text for how, text in BUILT_OTHERWISE.items() if how in built)])


def _open(link: Link, place: DeltaGenerator, models: Sequence[str], device: str | None) -> AnyReader:
    """The model that the reader or the address chose: first the model, then the rest of the address within its limits.

    Several are offered, by name: an address never says where a model lies. Where the files of one cannot be read, the first one is
    shown, and why is said.
    """
    first = engine.translator(models[0], device)
    members, family, others = engine.catalogue(first, models), engine.relatives(first), engine.others(first)
    query = address.arrived()
    slug = store.state().model if query is None else query.get("model", "")
    slug = slug if slug in members else first.name
    translator, fault = engine.relative(first, slug, members[slug])
    limits = Limits(translator.anatomy, getattr(translator.model.config, "d_ff", UNBOUNDED), link.views)
    if query is not None:
        state, what_is_wrong = link.read(query, limits, {first.name, *members})
        address.follow(link, state)
        notices.hand_on(what_is_wrong)
    elif st.session_state.get("opened", slug) != slug:
        # another model may have fewer layers or a shorter memory
        _close_head(translator.anatomy)
        state, what_is_wrong = link.read(link.write(store.state()), limits)
        store.write(**{name: state.value(name) for name in link.params})
        notices.hand_on(what_is_wrong)
    if fault:
        notices.hand_on([fault])
        store.write(model="")
        slug = first.name
    st.session_state["opened"] = slug
    if len(members) > 1:
        place.selectbox(
            "Model", list(members), format_func=lambda member: MODEL_TITLES.get((family | others).get(member, ""), member),
            label_visibility="collapsed", help=_help(len(family) > 1, others.values(), bool(family)), disabled=seats.is_pinned(),
            **tied(key="picked", value=slug, take=lambda member: {"model": "" if member == first.name else member}, options=True),
        )  # fmt: skip
    return translator
