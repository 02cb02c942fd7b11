"""What an unseen component tells of the screen: a figure of Plotly cannot measure itself before it is drawn."""

from __future__ import annotations

from typing import NamedTuple

import streamlit

from viz.canvas.shared.files import drawn_by

NARROW = 640  # CSS px: a page at most this wide is narrow, in Python as in the style sheets


class Screen(NamedTuple):
    """What the page is read on."""

    narrow: bool = False  # at most NARROW wide, as a phone
    map: bool = False  # the map of the model stands beside the page: heads are chosen there


_mount = streamlit.components.v2.component("headlight_screen", js=drawn_by("screen/index.js"))


def watch_screen(guess: Screen) -> Screen:
    """The screen as the browser last said; what it has not said yet is the guess.

    The browser answers only where it differs, and again when the window is resized, the phone turned or the rail closed; that is a run
    of its own.
    """
    state = streamlit.session_state.get("screen")
    answers = {name: getattr(state, name, None) for name in Screen._fields}
    screen = guess._replace(**{name: bool(answer) for name, answer in answers.items() if answer is not None})
    _mount(key="screen", data={"most": NARROW, **screen._asdict()}, on_narrow_change=lambda: None, on_map_change=lambda: None)
    return screen
