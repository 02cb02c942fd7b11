"""Notices to the reader as text: they repeat what an address or a file says."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from viz.page.choices import plain


def say(notices: Iterable[str]) -> None:
    """Write them where the page stands."""
    for notice in notices:
        st.warning(plain(notice))


def hand_on(notices: Iterable[str]) -> None:
    """Let the next run of what follows from the State write them, and no run after it."""
    st.session_state.setdefault("notices", []).extend(notices)


def say_what_was_handed_on() -> None:
    """Write what has waited."""
    say(st.session_state.pop("notices", []))
