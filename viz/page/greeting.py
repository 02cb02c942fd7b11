"""Where a visit begins: with the lesson that the address names; a first visit, by the plain address, with the view that greets."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.trace.anatomy import Anatomy
from viz.page import address, needs, stage, store
from viz.page.scene import View


def begin(views: Mapping[str, View], anatomy: Anatomy, lessons: stage.Lessons, learn: DeltaGenerator) -> None:
    """Open the view that greets, if the model can feed it, once in a session that the plain address began. learn: place of the way to the lessons."""
    stage.begin(lessons, views, anatomy, learn)
    if not address.bare() or "greeted" in st.session_state:
        return
    st.session_state["greeted"] = True
    for slug, view in needs.offered(views, anatomy)[0].items():
        if view.greeting is not None:
            store.follow(store.state().having(view=slug, **view.greeting))
            return
