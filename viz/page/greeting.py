"""A first visit, by the plain address: the view that greets opens with settings of its own, and may begin by itself."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from viz.page import store
from viz.page.scene import View


def begin(offered: Mapping[str, View]) -> None:
    """Open the view that greets, once a session; offered: what the model can feed, by slug."""
    if "greets" in st.session_state:
        return
    st.session_state["greets"] = True
    for slug, view in offered.items():
        if view.greeting is not None:
            store.follow(store.state().having(view=slug, **view.greeting))
            return


def greets() -> bool:
    """Whether this session began as a first visit."""
    return st.session_state.get("greets", False)
