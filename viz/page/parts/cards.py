"""A picture in a frame, with its title and a line that says how to read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from viz.canvas import canvas_figure, is_flat, note_heading, note_picture, pack_figure, unpack_figure
from viz.charts.parts.descriptions import alternative, tables, with_description
from viz.charts.parts.signs import with_signs
from viz.page.parts.captions import caption_line
from viz.page.parts.table import as_table
from viz.page.parts.tags import tag
from viz.takeaway import Sheet


@contextmanager
def card(name: str, title: str = "", caption: str = "", test: str | None = None) -> Iterator[None]:
    """What is drawn inside stands in a frame. name: card-NAME is what clicks and styles know it by; test: what tests know its title by."""
    with st.container(border=True, key=f"card-{name}"):
        if title:
            heading(title, test)
        if caption:
            caption_line(caption)
        yield


def heading(title: str, test: str | None = None) -> None:
    """The title of a card."""
    note_heading(title)
    st.html(tag("h2", title, class_="head-title card-title", data_testid=test))


def figure_sheet(figure: go.Figure) -> Sheet:
    """A flat figure for paper."""
    return Sheet("figure", pack_figure(with_description(with_signs(figure))))


def plot(figure: go.Figure | bytes, key: str, tools: bool = False, width: Literal["stretch", "content"] = "stretch") -> None:
    """A figure, its numbers as a table under it: on a canvas of our own where it is flat, by Plotly where it stands in space.

    bytes: a flat figure as `caches.picture` keeps it. tools: Plotly shows its buttons.
    """
    if isinstance(figure, go.Figure) and not is_flat(figure):
        config = {"displaylogo": False} if tools else {"displayModeBar": False}
        note_picture("plotly", key, figure)
        st.plotly_chart(figure, theme=None, width=width, key=key, config=config, alt=alternative(figure))
        as_table(key, partial(tables, figure))
        return
    packed = figure if isinstance(figure, bytes) else pack_figure(with_description(figure))
    canvas_figure(packed, key=key)
    as_table(key, lambda: tables(go.Figure(unpack_figure(packed))))
