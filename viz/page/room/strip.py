"""The strip on top of the page while a class is on: the teacher's letters, switches and results; a student's name and way back."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from viz.canvas import keep_seat, look_again
from viz.page import store
from viz.page.parts.tags import joined, tag
from viz.page.qr import qr_image
from viz.page.room import board, seats
from viz.page.room.results import results_csv
from viz.page.room.values import BEAT, Seat
from viz.page.state import WALL
from viz.page.store import tied

COOKIE_SECONDS = 12 * 60 * 60
HERE = ("localhost", "127.0.0.1", "::1")
UNREACHABLE = (
    "This address leads phones nowhere: it is this machine's name for itself. Start the page with `--server.address 0.0.0.0` and open it "
    "by the machine's name or number in your network."
)
PIN_HELP = "Students stay with your step, sentence and switches, and cannot change them."
FOLLOW_HELP = "The page goes where your teacher goes. Without it you are on your own; switch it on to come back."
PINNED_HELP = "Your teacher has pinned sentence and settings: they are the same for everyone."
NO_NAMES = "The names in it are made up; nobody was asked for theirs."


def draw(place: DeltaGenerator) -> None:
    """The strip of whoever is in a room; nothing outside of one."""
    mine = seats.seat()
    if mine is None:
        return
    keep_seat(seats.COOKIE + mine.code, mine.token, COOKIE_SECONDS)
    with place.container(horizontal=True, key="room", vertical_alignment="center", gap="small"):
        if seats.room().is_over:
            _after(mine)
        elif mine.teaches:
            _teach(mine)
        else:
            _learn(mine)


# The teacher's --------------------------------------------------------------------------------------------------------------


def _teach(mine: Seat) -> None:
    st.html(tag("span", mine.code, class_="room-code", data_testid="room-code", aria_label=" ".join(mine.code)), width="content")
    if store.state().present:
        with st.container(key="room-pulse", width="content"):
            _count(mine.code)
        return
    with st.popover("QR code", width="content", key="room-invite", help="How students join"):
        _invite(mine.code)
    with st.container(key="room-pulse", width="content"):
        _count(mine.code)
    st.toggle("Pin", help=PIN_HELP, width="content", **tied(key="room-pin", value=seats.room().is_pinned, take=_pin))
    _results(mine)
    with st.popover("End", width="content"):
        st.markdown("The class is over for everyone; results can be taken for three hours.")
        st.button("End the class", key="room-end", type="primary", on_click=_end)


def _invite(code: str) -> None:
    """The address of the room for a camera, for a hand and for the clipboard. It is the one that this browser is at."""
    here = (st.context.url or "http://localhost:8501").rstrip("/")
    address = f"{here}/?room={code}"
    if urlsplit(here).hostname in HERE:
        st.warning(UNREACHABLE)
    st.html(tag("div", tag("img", src=qr_image(address), alt=f"QR code of {address}"), class_="room-qr", data_testid="room-qr"))
    ways = [
        "Or open ",
        tag("b", here.split("//")[-1]),
        ", press Learn, Join a class, and type ",
        tag("b", code, class_="room-letters"),
        ".",
    ]
    st.html(tag("p", *ways, class_="room-way"))
    st.code(address, language=None)


@st.fragment
def _count(code: str) -> None:
    """How many there are, on the wall how many have answered, and where the teacher points there; and whether the room is still there."""
    if seats.rooms().version(code) is None:
        st.rerun()
    seats.catch_up()
    is_wall, asking = store.state().present == WALL, st.session_state.get("asking")
    spot = look_again("room-look", BEAT, run=seats.runs(), points=is_wall)
    if is_wall:
        seats.point(spot)
    size = seats.rooms().size(code)
    words = f"{size} student{'' if size == 1 else 's'}"
    if is_wall and asking and not seats.rooms().is_revealed(code, asking.name):
        words = board.turnout(len(seats.rooms().answers(code, asking.name)), size)
    st.html(tag("span", words, class_="room-count", data_testid="room-count"))


def _pin(on: bool) -> dict[str, object]:
    """Pin, or let go; the teacher's own page stays as it is."""
    seats.act(lambda: seats.rooms().pin(seats.seat(), on))
    return {}


def _end() -> None:
    seats.act(lambda: seats.rooms().end(seats.seat()))


def _results(mine: Seat) -> None:
    name = f"headlight-class-{mine.code}.csv"
    st.download_button(
        "Results",
        lambda: results_csv(seats.rooms().results(mine)),
        name,
        "text/csv",
        key="room-results",
        on_click="ignore",
        help=f"CSV. {NO_NAMES}",
    )


def _after(mine: Seat) -> None:
    """The class is over."""
    st.html(tag("span", f"The class {mine.code} is over.", class_="room-count"), width="content")
    _results(mine)
    st.button("Close", key="room-close", on_click=seats.visit, args=("",), type="tertiary")


# A student's ----------------------------------------------------------------------------------------------------------------


def _learn(mine: Seat) -> None:
    words = [tag("span", "You are ", class_="room-you"), tag("b", mine.name, data_testid="room-name")]
    st.html(tag("span", joined(words), class_="room-name"), width="content")
    pinned = seats.room().is_pinned
    follows = tied(key="room-follow", value=seats.is_led(), take=_follow)
    st.toggle(
        "Pinned" if pinned else "Follow", help=PINNED_HELP if pinned else FOLLOW_HELP, disabled=pinned, width="content", **follows
    )
    with st.container(key="room-pulse", width="content"):
        _look(mine)
    st.button("✕", key="room-leave", help="Leave the class", on_click=seats.visit, args=("",), type="tertiary")


def _follow(on: bool) -> dict[str, object]:
    """Go with the class, or on one's own; the page follows in the same run."""
    seats.act(lambda: seats.follow(on))
    return {}


@st.fragment
def _look(mine: Seat) -> None:
    """Whether the teacher has done anything: two small questions every two seconds; the page runs only where the answer is new."""
    if (mine.code, seats.rooms().version(mine.code)) != st.session_state.get("room-version", (mine.code, None)) and _is_news(
        mine
    ):
        st.rerun()
    seats.catch_up()
    look_again("room-look", BEAT, run=seats.runs(), spot=seats.spot())
    if seats.is_led() and seats.is_away():
        st.button("Back to the class", key="room-back", type="primary", on_click=seats.act, args=(partial(seats.follow, True),))
    else:
        st.empty()


def _is_news(mine: Seat) -> bool:
    """Whether a new version concerns a student: not a step of the teacher, for one on their own."""
    there, before = seats.rooms().room(mine.code), seats.room()
    return there is None or seats.is_led() or (there.is_pinned, there.is_over) != (before.is_pinned, before.is_over)
