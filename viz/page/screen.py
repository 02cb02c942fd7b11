"""The screen that the page is read on."""

from __future__ import annotations

import streamlit as st

from viz.canvas import Screen, watch_screen
from viz.page import store


def screen() -> Screen:
    """Phones say what they are when they connect, so their first picture is the right one; an embedded page has no map."""
    phone = "Mobi" in st.context.headers.get("User-Agent", "")
    return watch_screen(Screen(narrow=phone, map=store.in_browser() and not phone and not st.context.is_embedded))
