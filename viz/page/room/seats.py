"""Who this session is in a room, where the class is, and what is handed from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from viz.canvas import mark_run
from viz.page import address, notices, store
from viz.page.answers import Answers
from viz.page.lesson import Question
from viz.page.room.file import default_path
from viz.page.room.names import code_of
from viz.page.room.rooms import Rooms
from viz.page.room.values import GONE, Asking, Room, RoomError, Seat, Spot
from viz.page.state import NOTES

OVER = "The class is over. You can go on by yourself: everything on this page works without it."
PINS = (
    "text",
    "target",
    "asks_target",
    "model",
    "moment",
    "change",
    "forcing",
    "lesson",
    "part",
)  # what a student leaves alone while it is pinned
OWN = ("room", "lab", "present")  # parameters of the address that the teacher hands to nobody
STEP = ("lesson", "part", "text", "target")  # those that open a step as it begins
COOKIE = "headlight-room-"


# Who is where -------------------------------------------------------------------------------------------------------------


@cache
def _rooms(path: Path) -> Rooms:
    return Rooms(path)


def rooms() -> Rooms:
    """The rooms of this server. Raises RoomError where their file cannot be used."""
    return _rooms(Path(st.session_state.get("rooms-file") or default_path()))


def seat() -> Seat | None:
    """The seat of this session in the room that is open; None outside of a room, and in front of its door."""
    return st.session_state.get("seat")


def room() -> Room | None:
    """The room that is open, as the last run of the whole page found it."""
    return st.session_state.get("room")


def teaches() -> bool:
    """Whether this session teaches the class."""
    return seat() is not None and seat().teaches


def is_led() -> bool:
    """Whether this student goes where the teacher goes."""
    mine = seat()
    return mine is not None and not mine.teaches and (mine.follows or room().is_pinned)


def is_pinned() -> bool:
    """Whether this student must leave sentence and settings alone."""
    return is_led() and room().is_pinned


def enter(path: str | None = None) -> None:
    """Once in a run of the whole page, before its address is followed: find the room, take one's seat, go where the teacher is. path: of the
    file with the rooms."""
    st.session_state["rooms-file"] = path
    coming = address.coming()
    text = store.state().room if coming is None else coming.get("room", "")
    st.session_state.update({"seat": None, "room": None, "room-coming": None})
    if not text:
        return
    try:
        code = code_of(text)
        there = rooms().room(code)
        mine = rooms().seat(code, _token(code)) if there else None
    except ValueError as error:
        _leave(coming, str(error))
        return
    if there is None or (there.is_over and not (mine and mine.teaches)):
        _leave(coming, OVER if there and mine else GONE.format(code=code))
        return
    st.session_state.update(seat=mine, room=there)
    if is_led() and st.session_state.get("room-version") != (code, there.version):
        st.session_state["room-coming"] = (code, there.version)
        _go({**there.step, "room": code})


def arrive() -> None:
    """The page shows what `enter` has found. Said once it is drawn: of a run that another one cuts short the next look finds the same news again."""
    if there := st.session_state.get("room-coming"):
        st.session_state["room-version"] = there


def _token(code: str) -> str:
    """What this browser proves its right with; empty where it has none."""
    token = st.session_state.get("tokens", {}).get(code)
    return token or (st.context.cookies.get(COOKIE + code, "") if store.in_browser() else "")


def _go(query: Mapping[str, str]) -> None:
    """Let this run follow an address that is not the reader's: nothing that can be undone."""
    store.unpin()
    st.session_state.pop("resumed", None)
    st.session_state.update(stepped=dict(query), led=True)


def _leave(coming: Mapping[str, str] | None, why: str) -> None:
    notices.hand_on([why])
    if coming is None:
        store.write(room="")
    else:
        _go({name: value for name, value in coming.items() if name != "room"})


# Coming and going ---------------------------------------------------------------------------------------------------------


def take(mine: Seat) -> None:
    """From now on the session sits here; the page opens the room."""
    st.session_state.setdefault("tokens", {})[mine.code] = mine.token
    st.session_state.pop("room-version", None)
    visit(mine.code)


def visit(code: str) -> None:
    """Go to the door of a room; "": out of the one that is open."""
    if store.begun():
        st.session_state["led"] = True
        store.unpin()
        store.write(room=code)
    else:
        st.session_state["stepped"] = {**st.query_params.to_dict(), "room": code}


def act(do: Callable[[], object]) -> None:
    """Do something in a room; what cannot be done is said by the next run."""
    store.ask()
    try:
        do()
    except RoomError as error:
        notices.hand_on([str(error)])


def follow(on: bool) -> None:
    """Go with the class from now on, at once, or on one's own."""
    rooms().follow(seat(), on)
    st.session_state.pop("room-version", None)


def is_away() -> bool:
    """Whether this student is not where the class is: at another step, sentence or change."""
    step, query = room().step, st.session_state.get("address", {})
    names = STEP if "view" not in step else (set(step) | set(query)) - {*OWN, "query", "key"}
    return bool(step) and any(step.get(name, "") != query.get(name, "") for name in names)


# A question -----------------------------------------------------------------------------------------------------------------


def settle(asking: Asking | None, asks: Question | None, record: Answers | None) -> bool:
    """What the room means for the answers to the question on the stage: they wait until the teacher shows what is right. Returns whether
    that has been."""
    mine = seat()
    st.session_state["asking"] = asking
    if record is not None:
        record.asking, record.waits = asking, False
    if mine is None or asking is None:
        return False
    is_revealed = rooms().is_revealed(mine.code, asking.name)
    record.waits = not is_revealed and (mine.teaches or is_led())
    if mine.teaches:
        record.is_open = is_revealed
        return is_revealed
    record.is_open |= is_revealed and is_led()
    if (
        not record.tries and (value := rooms().own_answer(mine, asking.name)) is not None
    ):  # given before the page was loaded again
        record.tries.append(tuple(value) if isinstance(value, list) else value)
        record.is_right = asks.is_right(record.tries[-1])
    return is_revealed


def send(asking: Asking | None, value: Any, words: str, is_right: bool) -> None:
    """Count this student's answer to a question. On one's own the first one counts, which was given before the page said what is right."""
    mine = seat()
    if mine is None or mine.teaches or asking is None:
        return
    act(lambda: rooms().answer(mine, asking, value, words, is_right, may_change=is_led()))


def point(place: Any) -> None:
    """The teacher points there: a picture by its name, x and y in shares of its width and height, as the browser says it; None: nowhere."""
    try:
        spot = Spot(str(place["picture"]), float(place["x"]), float(place["y"])) if place else None
    except (KeyError, TypeError, ValueError):
        spot = None
    with suppress(RoomError):  # the room is gone: the next look says so
        rooms().point(seat(), spot)


def spot() -> dict[str, Any] | None:
    """Where the teacher points, for a student who is where the class is."""
    there = rooms().pointer(seat().code) if is_led() and not is_away() else None
    return asdict(there) if there else None


def reveal(asking: Asking) -> None:
    """Show the class what is right, and how it has answered."""
    act(lambda: rooms().reveal(seat(), asking))


# At the end of a run --------------------------------------------------------------------------------------------------------


def hand_over() -> None:
    """The class goes where this teacher is, as a page and not as a wall. A question that is open is handed on as its step begins, without
    what would answer it. The notes beside a wall lead nobody: they follow it."""
    mine, asking = seat(), st.session_state.get("asking")
    if mine is None or not mine.teaches or room().is_over or store.state().present == NOTES:
        return
    query = {name: value for name, value in st.session_state["address"].items() if name not in OWN}
    try:
        if store.state().lesson and asking and not rooms().is_revealed(mine.code, asking.name):
            query = {name: value for name, value in query.items() if name in STEP}
        if query != rooms().room(mine.code).step:
            rooms().step(mine, query)
    except RoomError as error:
        notices.say([str(error)])


def hold() -> None:
    """What the page shows now stays, where the teacher has pinned it; in a room the run says its number, which a look compares."""
    store.pin(PINS if is_pinned() else ())
    if seat() is not None:
        st.session_state["room-runs"] = runs() + 1
        mark_run(runs())


def catch_up() -> None:
    """Within a look: where a choice came with it and was not drawn, the whole page runs."""
    if store.is_behind():
        st.rerun()


def runs() -> int:
    """How many runs of the page in rooms this session has drawn to their end."""
    return st.session_state.get("room-runs", 0)
