"""Symbols of a formula and what they stand for: whoever points at one sees the other light up; words of the field and what they mean.

An unseen component listens. A symbol is an element of class "symbol"; its data-marks says what it stands for:

    row 3, column 5, cell 3 5     of the first matrix on the page, from 0
    card KEY                      the container with that key
    part SELECTOR                 an element of a component, by a CSS selector

A word is a link of class "term": data-means is its sentence, data-view the view that a click on it opens. In a caption, which is
Markdown, it is a link to "?view=VIEW", and its sentence is found by how it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit

from viz.canvas.shared.files import drawn_by

_mount = streamlit.components.v2.component("headlight_pointing", js=drawn_by("pointing/index.js"))


def pointing(meanings: Mapping[str, str], on_view: Callable[[str], None]) -> None:
    """Listen to all symbols and words of the page.

    meanings: the sentence of each word, by how it is written, in small letters. on_view: called with a view's name at the start of
    the run that a click on a word causes.
    """
    _mount(
        key="pointing",
        data={"meanings": dict(meanings)},
        on_view_change=lambda: on_view(streamlit.session_state["pointing"].view),
    )
