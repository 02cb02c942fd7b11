"""A first visit, by the plain address: the view that greets opens with settings of its own, and may begin by itself."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from model.trace.anatomy import Anatomy
from viz.page import address, needs, store
from viz.page.scene import View


def begin(views: Mapping[str, View], anatomy: Anatomy) -> None:
    """Open the view that greets, if the model can feed it, once in a session that the plain address began."""
    if not address.bare() or "greeted" in st.session_state:
        return
    st.session_state["greeted"] = True
    for slug, view in needs.offered(views, anatomy)[0].items():
        if view.greeting is not None:
            store.follow(store.state().having(view=slug, **view.greeting))
            return
