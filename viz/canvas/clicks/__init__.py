"""Clicks in Plotly figures: Streamlit reports none on heatmaps (streamlit#8760) and in 3-D, so an unseen component listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit

from viz.canvas.shared.files import drawn_by


@dataclass(frozen=True)
class Click:
    """What was clicked."""

    card: str  # key of the container around the figure
    name: str  # of the layer, bar or line inside the figure
    row: int | None  # cell of a matrix whose rows and columns are numbered from 1, as `viz.charts.matrix` does; here from 0
    column: int | None
    value: int | None  # `customdata` of a point, bar or vertex where that is an integer


_mount = streamlit.components.v2.component("headlight_plot_clicks", js=drawn_by("clicks/index.js"))


def plot_clicks(cards: list[str], *, key: str, on_click: Callable[[Click], None]) -> None:
    """Listen to all Plotly figures inside the containers whose keys are `cards`.

    A click on a cell, or on a point with an integer as `customdata`, calls `on_click` at the start of the run that it causes.
    """

    def clicked() -> None:
        click = streamlit.session_state[key].click
        row, column = (None if click[name] is None else click[name] - 1 for name in ("row", "column"))
        on_click(Click(click["card"], click["name"], row, column, click["value"]))

    _mount(key=key, data={"cards": cards}, on_click_change=clicked)
