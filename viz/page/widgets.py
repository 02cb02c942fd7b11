"""Widgets that are tied to a setting."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from viz.page.settings import Settings

MOST_TYPED = 60_000  # characters that a text field takes: far more than a model reads, so that a long paste is answered in words


def bound(name: str, settings: Settings, key: str = "") -> dict:
    """Arguments that tie a widget to a setting: it shows the setting, and a change of it is one of the settings.

    key: of the widget, where it is not the setting's name; every widget needs one of its own.
    """
    key = key or name
    st.session_state[key] = getattr(settings, name)
    return {"key": key, "on_change": _took, "args": (name, key)}


def _took(name: str, key: str) -> None:
    st.session_state["settings"] = replace(st.session_state["settings"], **{name: st.session_state[key]})
