"""The screen that the page is read on."""

from __future__ import annotations

import streamlit as st

from viz.canvas import narrow_screen


def is_narrow() -> bool:
    """Whether it is as narrow as a phone's. Phones say what they are when they connect, so their first picture is the right one."""
    return narrow_screen("Mobi" in st.context.headers.get("User-Agent", ""))
