"""A seat in a class: an unseen component keeps its token in a cookie, which the server reads when the page connects the next time, and sees to
it that the page goes on looking at the room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit

from viz.canvas.scripts import scripts_are_there
from viz.canvas.shared.files import drawn_by

_mount = streamlit.components.v2.component("headlight_seat", js=drawn_by("seat/index.js"))


def keep_seat(name: str, value: str, seconds: int) -> None:
    """Keep a value of letters, digits, - and _ under a name in the browser, for so long from now on. Where the page has not run for a while, as
    happens when a busy server loses the end of a run and with it the next look, the whole of it runs again."""
    _mount(key="seat", data={"name": name, "value": value, "seconds": seconds}, on_again_change=lambda: None)


_look = streamlit.components.v2.component("headlight_look", js=drawn_by("seat/look.js"))


def mark_run(number: int) -> None:
    """The last thing that a run draws: its number, unseen."""
    streamlit.html(f'<span data-run="{number}" hidden></span>')


def look_again(key: str, seconds: float, *, run: int = 0, points: bool = False, spot: Mapping[str, Any] | None = None) -> Any:
    """Let the fragment that this is called in run again after so many seconds, and then again. As `run_every` of a fragment, but never while
    another run goes on.

    run: number of the last run that `mark_run` has marked; a page that goes on showing an earlier one runs as a whole.
    points: look at once where the pointer of a wall moves, twice a second at most. Returns where it is, {picture, x, y} as pointer.js has it;
    None for nowhere, and in a run that no look has asked for. spot: a place, the same way, where this page shows a ring; None: it shows none.
    """
    look = _look(
        key=key,
        data={"seconds": seconds, "run": run, "points": points, "spot": spot and dict(spot)},
        on_look_change=scripts_are_there,
    ).look
    return look["spot"] if points and look else None
