"""Ways into a room: from the lessons' stage, and the door of one that an address names."""

from __future__ import annotations

import streamlit as st

from viz.page import notices
from viz.page.choices import plain
from viz.page.parts.captions import caption_line
from viz.page.parts.tags import tag
from viz.page.room import seats
from viz.page.room.names import code_of
from viz.page.room.values import RoomError

NOTHING_KEPT = "Your name here is made up, and nothing else about you is asked or stored."
OPEN_HELP = "For a class: students join by six letters or a QR code, predict on their own phones, and you see bars without names"


def ways_in() -> None:
    """Under a step: open a room, or join one."""
    with st.container(horizontal=True, key="lesson-class", gap="small"):
        st.button("Open a room", key="room-open", type="tertiary", icon=":material/groups:", on_click=_open, help=OPEN_HELP)
        with st.popover("Join a class", width="content"):
            st.text_input(
                "The six letters on the teacher's screen",
                key="room-letters",
                max_chars=20,
                on_change=_type,
                placeholder="KBDFGH",
                autocomplete="off",
            )


def _open() -> None:
    """A new room, with this session as its teacher."""
    seats.act(lambda: seats.take(seats.rooms().open()))


def _type() -> None:
    """Go to the door of the room whose letters were typed."""
    try:
        seats.visit(code_of(st.session_state["room-letters"]))
    except ValueError as error:
        notices.hand_on([str(error)])


def is_closed() -> bool:
    """Whether the reader stands in front of a room and has not joined it."""
    return seats.room() is not None and seats.seat() is None


def draw() -> None:
    """In place of the page: who one would be in this room, and the way in."""
    code = seats.room().code
    names = st.session_state.setdefault("room-names", {})
    try:
        name = names.get(code) or names.setdefault(code, seats.rooms().free_name(code))
    except RoomError as error:
        notices.say([str(error)])
        return
    notices.say_what_was_handed_on()
    with st.container(key="door"):
        st.html(tag("p", "Headlight · a class", class_="door-of"))
        st.html(tag("h1", "Room ", tag("b", code, class_="room-letters"), class_="door-title"))
        st.html(tag("p", "You will be", class_="door-be"))
        st.html(tag("p", name, class_="door-name", data_testid="door-name"))
        st.button("Join", key="room-join", type="primary", width="stretch", on_click=_join, args=(code, name))
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.button("Another name", key="room-rename", type="tertiary", on_click=names.pop, args=(code, None))
            st.button("Not now", key="room-pass", type="tertiary", on_click=seats.visit, args=("",))
        caption_line(plain(NOTHING_KEPT))


def _join(code: str, name: str) -> None:
    seats.act(lambda: seats.take(seats.rooms().join(code, name)))
