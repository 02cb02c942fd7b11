"""Points in two or three dimensions along principal axes: what the maps of the embedding space share."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import plotly.graph_objects as go

from viz.charts.parts.matrix import GLYPH
from viz.charts.parts.panels import lay_out
from viz.theme import LABEL_SIZE, Palette, markup, plotly_axis, plotly_layout, plotly_title

FRAME = (500, 380)  # px: about what a figure leaves its points; labels keep clear of each other at this size
HEIGHT = 520  # px: a figure
MOST_LABELS = 24  # in three dimensions, where labels cannot be kept apart
ONE_PLACE = "All points lie in one place: there is no spread to show."
LINE = 17  # px: a line of the title
CLEAR = 6  # px: from a point to its label
MARKER = 4  # px: half of a marker
SIDES = {  # Plotly's textposition -> where the label's box starts, in (label widths, label heights, clearances) from the point
    "top center": ((-0.5, 0), (-1, -1)),
    "middle right": ((0, 1), (-0.5, 0)),
    "bottom center": ((-0.5, 0), (0, 1)),
    "middle left": ((-1, -1), (-0.5, 0)),
}


def placed(points: np.ndarray, texts: list[str], order: list[int], firm: int = 1, frame: tuple[int, int] = FRAME) -> list[str]:
    """Where each label goes, so that labels do not lie on each other: a textposition of Plotly, or "" where there is no room.

    points (n, 2 or 3), drawn with one scale for all axes in a frame of (width, height) px; order: indices of the points that
    want a label, the most important first. Each takes the first of four sides on which it covers neither a label that is
    placed nor a point that wants a label; the `firm` first ones mind only each other, and the very first is always placed.
    In three dimensions the most important ones stand above their points.
    """
    label_sides = [""] * len(points)
    if points.shape[1] == 3:
        for at in order[:MOST_LABELS]:
            label_sides[at] = "top center"
        return label_sides
    if not order:
        return label_sides
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(frame / np.maximum(high - low, 1e-9 + 1e-9 * np.abs(high)))
    spots = (points - low) * scale * (1, -1)  # px, y downwards as on the screen
    markers = np.concatenate([spots - MARKER, spots + MARKER], axis=1)[order]  # boxes: left, top, right, bottom
    boxes = markers[:firm]
    for rank, at in enumerate(order):
        if rank == firm:
            boxes = np.vstack([boxes, markers[firm:]])
        width = len(unescape(re.sub("<[^>]*>", "", texts[at]))) * GLYPH * LABEL_SIZE
        for side, ((across, right), (down, below)) in SIDES.items():
            left = spots[at, 0] + across * width + right * CLEAR
            top = spots[at, 1] + down * 1.2 * LABEL_SIZE + below * CLEAR
            box = (left, top, left + width, top + 1.2 * LABEL_SIZE)
            clash = (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])
            if width and not clash.any():
                label_sides[at] = side
                boxes = np.vstack([boxes, box])
                break
    label_sides[order[0]] = label_sides[order[0]] or "top center"
    return label_sides


def point_text(text: str, dimensions: int) -> str:
    """Any text as the label of a point. In three dimensions Plotly draws text on a canvas, where no entity is decoded."""
    return markup(text) if dimensions == 2 else text


def add_points(figure: go.Figure, places: np.ndarray, **style) -> None:
    """One trace of points or lines: places (n, 2 or 3)."""
    axes = dict(zip("xyz", places.T.astype(np.float32), strict=False))
    (figure.add_scatter3d if len(axes) == 3 else figure.add_scatter)(**axes, **style)


def framed(figure: go.Figure, places: np.ndarray, shares: list[float], title: str, colours: Palette) -> go.Figure:
    """Axes with one scale, each named with its share of the variance (0 to 1), around places (n, 2 or 3).

    title: what is drawn; behind it stands what the axes keep together.
    """
    if any(shares):
        title += f"{len(shares)} axes keep {100 * sum(shares):.0f} % of the variance"
    hung = {"pad": {"l": 10, "t": 6 + LINE * title.count("<br>")}}  # Plotly hangs a title up by its last line
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": LABEL_SIZE}, "itemsizing": "constant"}
    lay_out(
        figure,
        **plotly_layout(
            colours,
            height=HEIGHT,
            hovermode="closest",
            margin={"l": 52, "r": 12, "t": 84, "b": 44},
            showlegend=True,
            legend={**legend, "itemclick": False, "itemdoubleclick": False},
            title={**plotly_title(colours, title), **hung},
        ),
    )
    low, high = places.min(axis=0), places.max(axis=0)
    pad = 0.07 * max(float((high - low).max()), 1e-3)
    ranges = [[float(start - pad), float(end + pad)] for start, end in zip(low, high, strict=True)]
    (_flat_axes if len(shares) == 2 else _space_axes)(figure, ranges, shares, colours)
    if not any(shares):
        figure.add_annotation(
            xref="paper", yref="paper", x=0.5, y=0.5, text=ONE_PLACE, showarrow=False, bgcolor=colours.card, borderpad=4,
            font={"size": LABEL_SIZE, "color": colours.soft},
        )  # fmt: skip
    return figure


def _flat_axes(figure: go.Figure, ranges: list[list[float]], shares: list[float], colours: Palette) -> None:
    """Two axes of which one unit is as long as the other's."""
    style = {"showgrid": True, "zeroline": False, "automargin": False}
    across, up = (f"axis {axis}: {100 * share:.0f} % of the variance" for axis, share in enumerate(shares, start=1))
    figure.layout.xaxis = plotly_axis(colours, **style, range=ranges[0], title=across)
    figure.layout.yaxis = plotly_axis(colours, **style, range=ranges[1], title=up, scaleanchor="x", scaleratio=1)


def _space_axes(figure: go.Figure, ranges: list[list[float]], shares: list[float], colours: Palette) -> None:
    """Three axes with one scale, in a box that the first view shows whole."""
    figure.layout.margin.update(l=0, r=0, b=0)
    ticks = {"size": LABEL_SIZE, "color": colours.soft}
    quiet = {"showbackground": False, "showspikes": False, "zeroline": False, "tickfont": ticks, "nticks": 5}
    font = {"size": LABEL_SIZE, "color": colours.soft}
    for number, (axis, range_, share) in enumerate(zip("xyz", ranges, shares, strict=True), start=1):
        title = {"text": f"axis {number}: {100 * share:.0f} %", "font": font}
        figure.layout.scene[f"{axis}axis"] = {**quiet, "gridcolor": colours.line, "range": range_, "title": title}
    lengths = [end - start for start, end in ranges]
    figure.layout.scene.update(
        aspectmode="manual",
        aspectratio={axis: length / max(lengths) for axis, length in zip("xyz", lengths, strict=True)},
        camera={"eye": {"x": 1.15, "y": 1.15, "z": 0.85}, "center": {"x": 0, "y": 0, "z": -0.08}},
    )
