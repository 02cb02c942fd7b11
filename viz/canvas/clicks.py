"""Clicks on the cells of a Plotly heatmap: Streamlit reports none (streamlit#8760), so an unseen component listens to Plotly."""

from __future__ import annotations

from collections.abc import Callable

import streamlit

from viz.canvas import packing

_mount = streamlit.components.v2.component("headlight_cell_clicks", js=packing.source("clicks.js"))


def cell_clicks(card: str, *, key: str, on_cell: Callable[[int, int, str], None]) -> None:
    """Listen to all Plotly heatmaps inside the container whose key is `card`.

    A click calls `on_cell(row, column, name of the heatmap layer)`, counted from 0, at the start of the run that it causes.
    Works for figures whose rows and columns are numbered from 1, as `viz.charts.matrix` does.
    """

    def clicked() -> None:
        cell = streamlit.session_state[key].cell
        on_cell(cell["row"], cell["column"], cell["name"])

    _mount(key=key, data={"card": card}, on_cell_change=clicked)
