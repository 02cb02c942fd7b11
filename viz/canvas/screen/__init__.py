"""The width of the page, told by an unseen component: a figure of Plotly cannot measure itself before it is drawn."""

from __future__ import annotations

import streamlit

from viz.canvas.shared.files import script

NARROW = 640  # CSS px: a page at most this wide is narrow, in Python as in the style sheets

_mount = streamlit.components.v2.component("headlight_screen", js=script("screen/index.js"))


def narrow_screen(guess: bool) -> bool:
    """Whether the page is at most NARROW wide, as the browser last said; before it has said anything, the guess.

    The browser answers only where it differs, and again when the window is resized or the phone turned; that is a run of its own.
    """
    answer = getattr(streamlit.session_state.get("screen"), "narrow", None)
    narrow = guess if answer is None else bool(answer)
    _mount(key="screen", data={"most": NARROW, "narrow": narrow}, on_narrow_change=lambda: None)
    return narrow
