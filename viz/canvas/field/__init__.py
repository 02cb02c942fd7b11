"""Text fields of several lines read what is typed as a field of one line does: an unseen component sends it to Streamlit."""

from __future__ import annotations

import streamlit

from viz.canvas.shared.files import drawn_by

PAUSE = 250  # ms, as in Streamlit's own field that reads while one types

_mount = streamlit.components.v2.component("headlight_field", js=drawn_by("field/index.js"))


def text_fields() -> None:
    """From now on Enter in a text area reads it, and so does a pause in typing; Shift and Enter begin a new line.

    Streamlit's text area waits for Ctrl and Enter, and its `text_input`, which reads while one types, has one line alone.
    """
    _mount(key="text-fields", data={"pause": PAUSE})
