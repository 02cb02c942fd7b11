"""Notices to the reader as text: they repeat what an address or a file says."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

import streamlit as st

from viz.page import store
from viz.page.choices import plain


def say(notices: Iterable[str]) -> None:
    """Write them where the page stands."""
    for notice in notices:
        st.warning(plain(notice))


def hand_on(notices: Iterable[str]) -> None:
    """Let the next run of what follows from the State write them, and no run after it."""
    st.session_state.setdefault("notices", []).extend(notices)


def forget() -> None:
    """The reader went elsewhere: what was said is not repeated."""
    st.session_state.pop("noticed", None)


def say_what_was_handed_on() -> None:
    """Write what has waited. A run that follows at once, as a phone's does when its screen is known, repeats it: a browser draws that one alone."""
    waiting, now = st.session_state.pop("notices", []), monotonic()
    before, since = st.session_state.get("noticed", ([], 0.0))
    if waiting:
        st.session_state["noticed"] = (waiting, now)
    say(waiting or (before if store.in_browser() and now - since < store.TELLING else []))
