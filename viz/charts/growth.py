"""Parallel against recurrent: what has to wait, what that takes, and what becomes of long sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from model.analysis.sequential import chain
from model.measuring.growth_record import LENGTHS, GrowthRecord
from model.trace.trace import Trace
from viz.theme import LABEL_SIZE, LIGHT, Palette, markup, plotly_axis, plotly_layout, plotly_title

HEIGHT = 300  # px
NAMES = ("transformer", "recurrent")


class Line(NamedTuple):
    """One line of a chart."""

    name: str
    places: Sequence[float]
    values: Sequence[float]
    colour: str
    dash: str | None
    hover: str


def chain_lines(traces: tuple[Trace, Trace], colours: Palette = LIGHT) -> go.Figure:
    """Layers that must wait for each other, by the length of both sentences: of a transformer and of a recurrent translator.

    Solid: a pass over a source and a target that is known, as in training; dashed: writing the target (`model.analysis.sequential`).
    A line marks the longest sentence of the two passes.
    """
    lines = []
    for name, trace, colour in zip(NAMES, traces, (colours.encoder, colours.decoder), strict=True):
        chains = [chain(trace.anatomy, length, length) for length in LENGTHS]
        for part, dash, values in (
            ("training", None, [one.whole for one in chains]), ("writing", "dash", [one.writing for one in chains]),
        ):  # fmt: skip
            hover = f"{name}, {part}, %{{x}} tokens a side: <b>%{{y}}</b> layers in a row<extra></extra>"
            lines.append(Line(name if dash is None else f"{name}, {part}", LENGTHS, values, colour, dash, hover))
    return _figure(lines, "layers that wait for each other", "tokens of each sentence", colours, here=longest(traces))


def longest(traces: tuple[Trace, Trace]) -> int:
    """Tokens of the longest sentence of two passes, read or written."""
    return max(len(tokens) for trace in traces for tokens in (trace.source, trace.labels))


def time_lines(record: GrowthRecord, colours: Palette = LIGHT) -> go.Figure:
    """Milliseconds by the length of both sentences, as they were measured. Solid: a pass over both; dashed: reading the source alone."""
    lines = []
    lengths = [row.tokens for row in record.rows]
    for at, (name, colour) in enumerate(zip(NAMES, (colours.encoder, colours.decoder), strict=True)):
        for part, dash, values in (
            ("training", None, [1000 * row.whole[at] for row in record.rows]),
            ("reading", "dash", [1000 * row.reading[at] for row in record.rows]),
        ):
            hover = f"{name}, {part}, %{{x}} tokens: <b>%{{y:.1f}}</b> ms<extra></extra>"
            lines.append(Line(name if dash is None else f"{name}, {part}", lengths, values, colour, dash, hover))
    return _figure(lines, f"milliseconds, measured on {markup(machine(record))}", "tokens of each sentence", colours)


def score_lines(record: GrowthRecord, colours: Palette = LIGHT) -> go.Figure:
    """BLEU of the same held-out sentences, read one by one, two at a time, and so on. Raises ValueError where none was measured."""
    if not record.scores:
        raise ValueError("No long sentences were translated: run python -m model.growth with --data.")
    counts = [count for count, *_ in record.scores]
    lines = []
    for at, (name, colour) in enumerate(zip(NAMES, (colours.encoder, colours.decoder), strict=True)):
        hover = f"{name}, %{{x}} read as one: BLEU <b>%{{y:.1f}}</b><extra></extra>"
        lines.append(Line(name, counts, [both[at] for _, *both in record.scores], colour, None, hover))
    return _figure(lines, "BLEU, greedy", "sentences read as one", colours, is_ratio=False)


def machine(record: GrowthRecord) -> str:
    """Where the times were measured, in words."""
    if record.device != "cpu":
        return f"a {record.device} device"
    return f"a CPU, {record.threads} thread{'' if record.threads == 1 else 's'}"


def _figure(
    lines: Sequence[Line], title: str, across: str, colours: Palette, here: int | None = None, is_ratio: bool = True
) -> go.Figure:
    """Lines over a logarithmic axis of lengths. is_ratio: up, too. here: a length that is marked."""
    parts = [
        go.Scatter(
            x=list(line.places), y=list(line.values), mode="lines+markers", name=line.name, hovertemplate=line.hover,
            line={"color": line.colour, "width": 2, "dash": line.dash}, marker={"size": 6, "color": line.colour},
            showlegend=line.dash is None,
        )
        for line in lines
    ]  # fmt: skip
    ends = [value for line in lines for value in line.values]
    up = (
        {"type": "log", "range": [math.log10(min(ends)) - 0.1, math.log10(max(ends)) + 0.15], "dtick": 1}
        if is_ratio
        else {"range": [0, 1.15 * max(ends)]}
    )
    places = sorted({place for line in lines for place in line.places})
    marks = [{"type": "line", "yref": "paper", "x0": here, "x1": here, "y0": 0, "y1": 1,
              "line": {"color": colours.soft, "width": 1, "dash": "dot"}}] if here else []  # fmt: skip
    note = {"x": math.log10(here), "yref": "paper", "y": 0, "yanchor": "bottom", "xanchor": "left", "text": "here", "showarrow": False,
            "font": {"size": LABEL_SIZE, "color": colours.soft}} if here else {}  # fmt: skip
    layout = plotly_layout(
        colours, height=HEIGHT, margin={"l": 54, "r": 12, "t": 62, "b": 46}, title=plotly_title(colours, title), shapes=marks,
        annotations=[note] if note else [], showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": LABEL_SIZE}, "itemclick": False},
        xaxis=plotly_axis(colours, type="log", title=across, tickvals=places, ticktext=[str(place) for place in places], fixedrange=True,
                          automargin=False, range=[math.log10(places[0]) - 0.08, math.log10(places[-1]) + 0.08]),
        yaxis=plotly_axis(colours, showgrid=True, fixedrange=True, automargin=False, **up),
    )  # fmt: skip
    return go.Figure(parts, layout)
