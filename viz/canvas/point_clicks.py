"""Clicks on the points of Plotly figures: Streamlit reports none in three dimensions, so an unseen component listens."""

from __future__ import annotations

from collections.abc import Callable

import streamlit

from viz.canvas import packing

_mount = streamlit.components.v2.component("headlight_point_clicks", js=packing.source("point_clicks.js"))


def point_clicks(cards: list[str], *, key: str, on_point: Callable[[str, int], None]) -> None:
    """Listen to all Plotly figures inside the containers with these keys.

    A click on a point whose `customdata` is an integer calls `on_point(key of its container, customdata)` at the start of the
    run that it causes. Works for points, bars and the vertices of lines, in two and three dimensions.
    """

    def clicked() -> None:
        point = streamlit.session_state[key].point
        on_point(point["card"], point["value"])

    _mount(key=key, data={"cards": cards}, on_point_change=clicked)
