"""Symbols of a formula and what they stand for: whoever points at one sees the other light up. An unseen component listens.

A symbol is an element of class "symbol"; its data-marks says what it stands for:

    row 3, column 5, cell 3 5     of the first matrix on the page, from 0
    card KEY                      the container with that key
    part SELECTOR                 an element of a component, by a CSS selector
"""

from __future__ import annotations

import streamlit

from viz.canvas.shared.files import script

_mount = streamlit.components.v2.component("headlight_pointing", js=script("pointing/index.js"))


def pointing() -> None:
    """Listen to all symbols of the page."""
    _mount(key="pointing", data={})
