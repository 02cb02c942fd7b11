"""The keys of Present: what a clicker or the keyboard sends on the wall, what lies over the picture, and the window with the notes.

Blank screen, QR code, list of keys, pointer and buttons for thumbs never leave the browser. The window with the notes follows the
wall over a BroadcastChannel of the browser that both are open in, and its keys act on the wall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import streamlit

from viz.canvas.shared.files import drawn_by, style

_mount = streamlit.components.v2.component("headlight_present", js=drawn_by("present/index.js"), css=style("present/style.css"))


def stage_keys(
    *, on_enter: Callable[[], None], on_leave: Callable[[], None], on_go: Callable[[int], None], on_reveal: Callable[[], None],
    on_code: Callable[[str], None], on_follow: Callable[[str], None], mode: str = "", at: int = 0, count: int = 0, title: str = "", next: str = "",
    reveals: str = "", search: Mapping[str, str] = MappingProxyType({}), code: str | None = None,
) -> None:  # fmt: skip
    """Listen to the keys of the page.

    mode: "" the ordinary page, which hears P alone, "1" the wall, "notes" the notes beside it. Of the last two: at, count: where the
    walk is, from 0. title, next: of this stop and the one behind it. reveals: "covered" or "open" where there is an answer to show.
    search: the parameters of the address. code: source of the image of the QR code that was asked for, empty where the address is too
    long for one; None where none was asked for.
    on_go: called with the stop to walk to; on_code: with an address; on_follow: with the parameters that the wall has now.
    """

    def value_of(name: str) -> Any:
        return getattr(streamlit.session_state.get("present-keys"), name, None)

    data = {
        "mode": mode, "at": at, "count": count, "title": title, "next": next, "reveals": reveals, "search": urlencode(search),
        "code": code, "heard": (value_of("go") or {}).get("count", 0),
    }  # fmt: skip
    _mount(
        key="present-keys",
        data=data,
        on_enter_change=on_enter,
        on_leave_change=on_leave,
        on_go_change=lambda: on_go(int(value_of("go")["to"])),
        on_reveal_change=on_reveal,
        on_code_change=lambda: on_code(str(value_of("code"))),
        on_follow_change=lambda: on_follow(str(value_of("follow"))),
    )
