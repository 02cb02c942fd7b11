"""A picture in a frame, with its title and a line that says how to read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from viz.charts.parts.descriptions import alternative, tables
from viz.page.parts.table import as_table
from viz.page.parts.tags import tag


@contextmanager
def card(name: str, title: str = "", caption: str = "", test: str | None = None) -> Iterator[None]:
    """What is drawn inside stands in a frame. name: card-NAME is what clicks and styles know it by; test: what tests know its title by."""
    with st.container(border=True, key=f"card-{name}"):
        if title:
            heading(title, test)
        if caption:
            st.caption(caption)
        yield


def heading(title: str, test: str | None = None) -> None:
    """The title of a card."""
    st.html(tag("h2", title, class_="head-title", data_testid=test))


def plot(figure: go.Figure, key: str, tools: bool = False, width: Literal["stretch", "content"] = "stretch") -> None:
    """A figure of Plotly, its numbers as a table under it; tools: its buttons to zoom and save are shown."""
    config = {"displaylogo": False} if tools else {"displayModeBar": False}
    st.plotly_chart(figure, theme=None, width=width, key=key, config=config, alt=alternative(figure))
    as_table(key, partial(tables, figure))
