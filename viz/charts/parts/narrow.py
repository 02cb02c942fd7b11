"""Figures on a narrow screen: titles in several lines, nothing smaller than a label, and a finger on a picture scrolls the page."""

from __future__ import annotations

import re

import plotly.graph_objects as go

from viz.theme import LABEL_SIZE

WIDTH = 300  # px: what a card leaves to a figure on a phone of 360
TOUCH = 44  # px: a row or a cell that can be hit with a finger
LINE = 17  # px: a line of a title
RISE = 12  # px: Plotly hangs a title of several lines up this much higher than one of one line
EDGE, INSET = 10, 22  # px: between the edge of a figure and its title, or its colour bar
LETTER = 0.46  # width of a letter of a title, in font sizes
SPACING = 17  # px: from one slanted label to the next


def fitted(figure: object) -> object:
    """The same chart for a narrow screen; anything but a Plotly figure as it is. What has axes in space stays one that can be turned."""
    if not isinstance(figure, go.Figure):
        return figure
    _inset_bars(figure)
    _wrap_title(figure)
    flat = not any(part.type.endswith("3d") for part in figure.data)
    if flat:
        figure.layout.dragmode = False
        for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
            axis.fixedrange = True
    fonts = [part.textfont for part in figure.data if "textfont" in part] + [note.font for note in figure.layout.annotations]
    fonts += [axis.tickfont for axis in (*figure.select_xaxes(), *figure.select_yaxes())]
    for font in fonts:
        if font.size is not None and font.size < LABEL_SIZE:
            font.size = LABEL_SIZE
    return figure


def wrapped(text: str, width: int = WIDTH - EDGE, size: int = LABEL_SIZE) -> str:
    """Markup in lines of at most this many px where its words allow that; <br> stays where it is."""
    most, lines = int(width / (LETTER * size)), []
    for line in text.split("<br>"):
        lines.append("")
        for word in line.split(" "):
            longer = f"{lines[-1]} {word}" if lines[-1] else word
            if lines[-1] and _letters(longer) > most:
                lines.append(word)
            else:
                lines[-1] = longer
    return "<br>".join(lines)


def label_room(count: int, left: float) -> int:
    """How many slanted labels fit above columns that begin `left` px from the left of the figure."""
    return max(1, min(count, int((WIDTH - left) / SPACING)))


def _letters(markup: str) -> int:
    return len(re.sub("&[^;]*;", "x", re.sub("<[^>]*>", "", markup)))


def _wrap_title(figure: go.Figure) -> None:
    """The title above the figure in as many lines as it needs; what stands below it moves down."""
    title = figure.layout.title
    if not title.text:
        return
    text = wrapped(title.text)
    down = LINE * (text.count("<br>") - title.text.count("<br>"))
    if not down:
        return
    rise = RISE if "<br>" not in title.text else 0
    title.update(text=text, pad={"t": (title.pad.t or 0) + rise})
    figure.layout.margin.t = (figure.layout.margin.t or 0) + down
    if figure.layout.height:
        figure.layout.height += down
    for bar in _bars(figure):
        bar.ypad = (bar.ypad or 0) + down


def _bars(figure: go.Figure) -> list:
    """The colour bars that stand under the title."""
    marked = [part.marker for part in figure.data if "marker" in part]
    holders = (*figure.data, *marked, *figure.select_coloraxes())
    bars = [holder.colorbar for holder in holders if "colorbar" in holder]
    return [bar for bar in bars if bar.yref == "container" and bar.lenmode == "pixels"]


def _inset_bars(figure: go.Figure) -> None:
    """Colour bars so far from the edge that the number at their left end is not cut."""
    for bar in _bars(figure):
        bar.update(xpad=max(INSET, bar.xpad), len=bar.len + 2 * max(0, INSET - bar.xpad))
