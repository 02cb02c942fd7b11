"""A matrix with tokens on its axes, as a Plotly figure: what the heatmaps of all charts share.

Rows run from top to bottom, columns from left to right, on integer axes, so that repeated tokens stay distinct. Two pairs
of axes lie on each other: a visible one with labels, thinned out when there are many, and a silent one that names every
row and column for the hover. So words in the hover cost one string a row and a column, not one a cell.
"""

from __future__ import annotations

import math
import re
from html import unescape

import numpy as np
import plotly.graph_objects as go
from torch import Tensor

from viz.charts.parts.narrow import TOUCH, label_room
from viz.charts.parts.words import LONG
from viz.theme import LABEL_SIZE, MONO, Palette, mix, plotly_axis, plotly_layout, plotly_title

THINNED = 30  # labels on an axis of more than LONG rows or columns
SMALLEST, LARGEST = 360, 760  # px: height of the whole figure
CELL = 26  # px: height of a row while there is room
BAR = 68  # px: the colour bar and its title, above the column labels
GAPS = 40  # up to this many rows and columns, hairlines part the cells
SLANT = 55  # degrees: how steeply column labels rise
ROW_ROOM = 112  # px: row labels leave at least half of the figure to the matrix, on a phone too
# An invisible point: without a trace on them Plotly does not draw the visible axes.
WAKE = {"x": [1], "y": [1], "mode": "markers", "marker": {"opacity": 0}, "hoverinfo": "skip"}
GLYPH = 0.61  # width of a monospaced character, in font sizes


def to_array(values: Tensor, kind: type = np.float32) -> np.ndarray:
    """A tensor as the array that is drawn: the one place where numbers leave the device."""
    return values.detach().cpu().numpy().astype(kind, copy=False)


def steps(labels: list[str], room: int = LONG) -> tuple[list[int], list[str]]:
    """Tick positions (from 1) and texts: all of them, or in round steps when there are more than there is room for."""
    thinned = min(THINNED, room)
    fits = (step for step in (2, 5, 10, 20, 50, 100) if len(labels) <= thinned * step)
    step = 1 if len(labels) <= room else next(fits, len(labels) // thinned)
    return list(range(1, len(labels) + 1, step)), labels[::step]


def label_size(count: int) -> int:
    """Font size, px, of this many row or column labels: large while there is room."""
    return max(LABEL_SIZE, min(LABEL_SIZE + 1, 600 // max(count, 1)))


def text_width(labels: list[str], size: int) -> float:
    """Width, px, of the longest label once its markup is gone."""
    return max((len(unescape(re.sub("<[^>]*>", "", label))) for label in labels), default=0) * GLYPH * size


def fitting(labels: list[str], size: int, room: int = ROW_ROOM) -> int:
    """A font size, px, at most `size`, with which row labels take no more than `room` px while that can be read."""
    return max(LABEL_SIZE, min(size, int(size * room / max(text_width(labels, size), 1))))


def heatmap(values: np.ndarray, template: str, **options) -> go.Heatmap:
    """One layer of cells on the silent axes. `template` is the hover: %{y} names the row, %{x} the column, %{z} is the value;
    %{y:d} and %{x:d} are their positions from 1."""
    gap = 1 if max(values.shape) <= GAPS else 0
    return go.Heatmap(
        z=values, x0=1, dx=1, y0=1, dy=1, xaxis="x2", yaxis="y2", xgap=gap, ygap=gap,
        hovertemplate=template + "<extra></extra>", hoverongaps=False, **options,
    )  # fmt: skip


def matrix_figure(
    layers: list[go.Heatmap], colours: Palette, ticks: tuple[list[str], list[str]], names: tuple[list[str], list[str]],
    title: str, square: bool = True, narrow: bool = False,
) -> go.Figure:  # fmt: skip
    """Heatmap layers of one matrix, the first at the bottom, with their axes.

    ticks, names: (of rows, of columns), already marked up: tick labels, and what the hover calls %{y} and %{x}.
    title: what the colours show.
    square: keep cells square whatever the width, unless the matrix is much longer than wide; off: fill the width.
    narrow: for a phone: rows that a finger can hit, and as many column labels as fit.
    """
    rows, columns = len(ticks[0]), len(ticks[1])
    (y_values, y_texts), (x_values, x_texts), size = _labels(ticks, narrow)
    cell, tallest = (TOUCH, math.inf) if narrow and rows <= LONG else (CELL, LARGEST)
    rise = text_width(x_texts, size) * math.sin(math.radians(SLANT)) + size  # px: height of the slanted labels
    top, left = round(BAR + rise + 8), round(text_width(y_texts, size) + 13)
    right = round(min(36, max(12, text_width(x_texts[-1:], size) * math.cos(math.radians(SLANT)) + 2)))
    style = {"tickfont": {"family": MONO, "size": size, "color": colours.ink}, "showline": True, "mirror": True,
            "constrain": "domain", "automargin": False}  # fmt: skip
    across, down = [0.5, columns + 0.5], [rows + 0.5, 0.5]
    silent = {"showticklabels": False, "tickmode": "array", "automargin": False}
    row_numbers, column_numbers = list(range(1, rows + 1)), list(range(1, columns + 1))
    layout = plotly_layout(
        colours, title=plotly_title(colours, title), plot_bgcolor=colours.card,
        height=min(tallest, max(0 if narrow else SMALLEST, rows * cell + top + 12, 2 * (top + 12))),
        margin={"l": left, "r": right, "t": top, "b": 12},
        xaxis=plotly_axis(colours, side="top", tickangle=-SLANT, tickvals=x_values, ticktext=x_texts, range=across,
                          constraintoward="left", **style),
        yaxis=plotly_axis(colours, tickvals=y_values, ticktext=y_texts, ticklabelstandoff=6, range=down,
                          constraintoward="top", **style),
        xaxis2=plotly_axis(colours, **silent, overlaying="x", matches="x", range=across, tickvals=column_numbers,
                           ticktext=names[1]),
        yaxis2=plotly_axis(colours, **silent, overlaying="y", matches="y", range=down, tickvals=row_numbers,
                           ticktext=names[0]),
    )  # fmt: skip
    figure = go.Figure([*layers, go.Scatter(WAKE)], layout)  # all at once: every later change costs Plotly milliseconds
    if square and max(rows, columns) <= 2 * min(rows, columns):
        figure.layout.yaxis.update(scaleanchor="x", scaleratio=1)
    return figure


def _labels(
    ticks: tuple[list[str], list[str]], narrow: bool
) -> tuple[tuple[list[int], list[str]], tuple[list[int], list[str]], int]:
    """Tick positions and texts of rows and of columns, and their font size, px."""
    rows = steps(ticks[0])
    if narrow:
        return rows, steps(ticks[1], label_room(len(ticks[1]), text_width(rows[1], LABEL_SIZE) + 16)), LABEL_SIZE
    columns = steps(ticks[1])
    return rows, columns, fitting(rows[1], label_size(max(len(rows[0]), len(columns[0]))))


def readable(share: float, colours: Palette) -> str:
    """Ink or card, whichever differs more from a cell this far (−1 to 1) along the diverging colours."""
    cell = mix(colours.zero, colours.negative if share < 0 else colours.positive, abs(share))
    return max((colours.ink, colours.card), key=lambda colour: abs(_grey(colour) - _grey(cell)))


def _grey(colour: str) -> float:
    """Lightness of #rrggbb, 0 to 1."""
    return sum(weight * int(colour[at : at + 2], 16) / 255 for weight, at in ((0.3, 1), (0.59, 3), (0.11, 5)))


def mark_cell(figure: go.Figure, cell: tuple[int, int], colours: Palette) -> None:
    """Outline one cell: (query, key), from 0."""
    y, x = cell[0] + 1, cell[1] + 1
    figure.add_shape(type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line={"color": colours.ink, "width": 2})


def note(figure: go.Figure, text: str, colours: Palette, below: bool = False) -> None:
    """A sentence in the middle of the matrix, or right below it."""
    place = {"x": 0, "y": 0, "xanchor": "left", "yanchor": "top", "yshift": -4} if below else {"x": 0.5, "y": 0.5}
    figure.add_annotation(
        xref="x domain",
        yref="y domain",
        **place,
        text=text,
        showarrow=False,
        bgcolor=None if below else colours.card,
        borderpad=0 if below else 4,
        font={"size": LABEL_SIZE, "color": colours.soft},
    )
    if below:
        figure.update_layout(margin_b=34, height=figure.layout.height + 22)
