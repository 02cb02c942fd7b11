"""Positional encodings: the waves, the table, how alike positions are, and what is added to this sentence."""

from __future__ import annotations

import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots
from torch import Tensor

from model.analysis import attention as analysis
from model.trace.trace import Trace
from viz.charts.parts.matrix import CELL, LARGEST, heatmap, label_size, matrix_figure, note, steps, text_width, to_array
from viz.charts.parts.panels import lay_out
from viz.charts.parts.words import LONG, token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MONO,
    Palette,
    diverging,
    markup,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    plotly_title,
    tinted,
    word_label,
)

NOTHING = "No positional encoding is added: every number is 0."


def encoding_heatmap(encoding: Tensor | Trace, side: str | None = None, colours: Palette = LIGHT) -> go.Figure:
    """Positional encoding as a table: rows are positions, columns are dimensions, the middle colour is always 0.

    encoding: the plain encoding (position, d_model), rows labelled 1, 2, ...; or a Trace, then what was really added to that
    side (None: to the first), rows labelled with its tokens and with the position each was given where that is not its own. Dimensions count
    from 0, as in the formula.
    """
    added, *rows = _plain(encoding, side, colours)
    limit = max(1.0, float(added.abs().max()))
    dimensions = [str(index) for index in range(added.size(1))]
    cells = heatmap(
        to_array(added),
        "%{y}, dimension %{x}: <b>%{z:.3f}</b>",
        zmin=-limit,
        zmax=limit,
        colorscale=diverging(colours),
        colorbar=_zero_bar(colours, limit),
        name="encoding",
    )
    figure = matrix_figure(
        [cells],
        colours,
        (rows[0], dimensions),
        (rows[1], dimensions),
        "what is added: position (row) × dimension (column)",
        square=False,
    )
    every = list(range(0, added.size(1), 32))  # few enough for half the width of a page
    figure.layout.xaxis.update(tickangle=0, tickvals=[at + 1 for at in every], ticktext=[str(at) for at in every])
    if not bool(added.any()):
        note(figure, NOTHING, colours)
    return figure


def position_similarity(encoding: Tensor | Trace, side: str | None = None, colours: Palette = LIGHT) -> go.Figure:
    """How alike the vectors of every two positions are: their cosine, -1 to 1. encoding, side: as in `encoding_heatmap`."""
    added, *rows = _plain(encoding, side, colours)
    cells = heatmap(
        to_array(analysis.position_similarity(added)),
        "%{y} and %{x}: cosine <b>%{z:.3f}</b>",
        zmin=-1,
        zmax=1,
        colorscale=diverging(colours),
        colorbar=_zero_bar(colours, 1.0),
        name="cosine",
    )
    title = "cosine of two positions: 1 the same direction, 0 unrelated"
    figure = matrix_figure([cells], colours, (rows[0], rows[0]), (rows[1], rows[1]), title)
    if not bool(added.any()):
        note(figure, NOTHING, colours)
    return figure


def encoding_waves(encoding: Tensor, dimensions: list[int] | None = None, colours: Palette = LIGHT) -> go.Figure:
    """A few dimensions of the encoding as waves over position, one panel each.

    encoding (position, d_model); dimensions: from 0, by default 0, d/8, d/4 and d/2 (the even ones, which are sines). Dots are
    the positions that exist. For the sinusoidal encoding each panel names its wavelength, 2 pi 10000^(2i / d) positions
    (Vaswani et al. 2017, section 3.5); a learned encoding has none.
    """
    length, width = encoding.shape
    if dimensions is None:
        dimensions = sorted({start - start % 2 for start in (0, width // 8, width // 4, width // 2)})
    values = to_array(encoding[:, dimensions].T)  # (dimension, position)
    wavelengths = analysis.wavelengths(width).tolist() if analysis.is_sinusoidal(encoding) else None
    figure = make_subplots(len(dimensions), 1, shared_xaxes=True, vertical_spacing=0.36 / len(dimensions))
    limit = max(1.0, float(abs(values).max())) * 1.12
    dots = {"mode": "lines+markers", "marker": {"size": 5}} if length <= 128 else {"mode": "lines"}
    for row, (dimension, wave) in enumerate(zip(dimensions, values, strict=True), start=1):
        name = f"dimension {dimension}" + (f", wavelength {_round(wavelengths[dimension // 2])} positions" if wavelengths else "")
        figure.add_scatter(
            x0=1, dx=1, y=wave, **dots, line={"color": colours.ink, "width": 1.5}, name=name, row=row, col=1,
            hovertemplate=f"position %{{x}}, dimension {dimension}: <b>%{{y:.3f}}</b><extra></extra>",
        )  # fmt: skip
        figure.add_annotation(
            text=name, xref="x domain", x=0, xanchor="left", yref="y domain", y=1, yanchor="bottom", showarrow=False,
            font={"size": LABEL_SIZE + 1, "color": colours.ink}, row=row, col=1,
        )  # fmt: skip
    zero = {"zeroline": True, "zerolinecolor": colours.line, "zerolinewidth": 1}
    down = plotly_axis(colours, range=[-limit, limit], tickvals=[-1, 0, 1], fixedrange=True, automargin=False, **zero)
    across = plotly_axis(colours, range=[0.5, length + 0.5], automargin=False)
    names = [str(row) if row > 1 else "" for row in range(1, len(dimensions) + 1)]
    axes = {f"yaxis{name}": down for name in names} | {f"xaxis{name}": across for name in names}
    axes[f"xaxis{names[-1]}"] = {**across, "title": _soft_title("position", colours)}
    margin = {"l": 40, "r": 12, "t": 26, "b": 44}
    lay_out(figure, **plotly_layout(colours, height=60 + 120 * len(dimensions), margin=margin, **axes))
    return figure


def added_to_sentence(trace: Trace, side: str, colours: Palette = LIGHT) -> go.Figure:
    """What enters the first layer, as three tables of (token, dimension): token part + positional part = their sum.

    Rows are the tokens of a side, with the position each was given where that is not its own. One colour scale for all
    three, zero in the middle; the outermost 0.2 % of the numbers share its end colours. Intervened positions are drawn as
    they were really added.
    """
    token, position = trace.embeddings[side], trace.positions[side]
    parts = [("token", token), ("+ position", position), ("= sum", token + position)]
    ticks, names = token_rows(trace, side, colours)
    limit = max(1.0, float(torch.stack([part for _, part in parts]).abs().quantile(0.998)))
    figure = make_subplots(1, 3, shared_yaxes=True, horizontal_spacing=0.02, subplot_titles=[name for name, _ in parts])
    for column, (name, part) in enumerate(parts, start=1):
        figure.add_heatmap(
            z=to_array(part),
            y0=1,
            dy=1,
            coloraxis="coloraxis",
            name=name,
            row=1,
            col=column,
            hovertemplate=f"%{{y}}, dimension %{{x}}: {name.strip('+= ')} <b>%{{z:.3f}}</b><extra></extra>",
        )
    return _three_panels(figure, (ticks, names), limit, token.size(1), colours)


def added_norms(trace: Trace, side: str, colours: Palette = LIGHT) -> go.Figure:
    """How long the token part, the positional part and their sum are for every token, and the cosine between the parts.

    Norms are Euclidean; the cosine says whether the two parts point the same way (1), are unrelated (0) or opposed (-1).
    """
    parts = {name: to_array(part) for name, part in analysis.input_parts(trace, side).items()}
    ticks, names = token_rows(trace, side, colours)
    figure = make_subplots(1, 2, shared_yaxes=True, column_widths=[0.68, 0.32], horizontal_spacing=0.05)
    styles: dict[str, tuple[str, dict[str, object]]] = {
        "token": ("token part", {"color": colours.kind(side), "symbol": "circle"}),
        "position": ("position part", {"color": colours.ink, "symbol": "diamond"}),
        "sum": ("sum of both", {"color": colours.soft, "symbol": "line-ns", "line": {"width": 2, "color": colours.soft}}),
    }
    size = 9 if len(names) <= LONG else 4
    for part, (title, marker) in styles.items():
        figure.add_scatter(
            x=parts[part], y0=1, dy=1, mode="markers", name=title, marker={**marker, "size": size}, row=1, col=1,
            hovertemplate=f"%{{y}}: norm of the {title} <b>%{{x:.2f}}</b><extra></extra>",
        )  # fmt: skip
    figure.add_bar(
        x=parts["cosine"], y0=1, dy=1, orientation="h", name="cosine", marker={"color": colours.soft}, width=0.3, row=1, col=2,
        showlegend=False, hovertemplate="%{y}: cosine <b>%{x:.2f}</b><extra></extra>",
    )  # fmt: skip
    return _norm_axes(figure, ticks, names, colours)


def _norm_axes(figure: go.Figure, ticks: list[str], names: list[str], colours: Palette) -> go.Figure:
    """Axes and legend of `added_norms`: tokens down, norms from 0, cosines from -1 to 1."""
    height = min(LARGEST, max(260, len(names) * CELL + 110))
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": LABEL_SIZE}, "itemclick": False}
    rows, room = label_rows(figure, 2, ticks, names, colours)
    margin = {"l": room, "r": 12, "t": 44, "b": 48}
    axis = plotly_axis(colours, showgrid=True, automargin=False)
    norm = {**axis, "rangemode": "tozero", "title": _soft_title("norm", colours)}
    cosine = {**axis, "range": [-1.05, 1.05], "tickvals": [-1, 0, 1], "title": _soft_title("cosine", colours)}
    look = {"height": height, "showlegend": True, "legend": legend, "margin": margin, "bargap": 0}
    lay_out(figure, **plotly_layout(colours, **look, **rows, xaxis=norm, xaxis2=cosine))
    return figure


def label_rows(
    figure: go.Figure, panels: int, ticks: list[str], names: list[str], colours: Palette
) -> tuple[dict[str, dict], int]:
    """Tokens down the left of a row of panels; the hover calls them by `names`. Their axes, and the room they need, px."""
    values, texts = steps(ticks)
    size, count = label_size(len(values)), len(ticks)
    numbers = list(range(1, count + 1))
    shared = {"range": [count + 0.5, 0.5], "automargin": False}
    silent = plotly_axis(colours, **shared, showticklabels=False, tickvals=numbers, ticktext=names)
    figure.add_scatter(x=[0], y=[1], yaxis="y9", mode="markers", marker={"opacity": 0}, hoverinfo="skip", showlegend=False)
    font = {"family": MONO, "size": size, "color": colours.ink}
    labels = plotly_axis(
        colours,
        **shared,
        overlaying="y",
        matches="y",
        side="left",
        tickvals=values,
        ticktext=texts,
        tickfont=font,
        ticklabelstandoff=6,
    )
    axes = {f"yaxis{panel if panel > 1 else ''}": silent for panel in range(1, panels + 1)}
    return {**axes, "yaxis9": labels}, round(text_width(texts, size) + 16)


def _three_panels(figure: go.Figure, rows: tuple[list[str], list[str]], limit: float, width: int, colours: Palette) -> go.Figure:
    """Axes, titles and the one colour scale of `added_to_sentence`."""
    axes, room = label_rows(figure, 3, *rows, colours)
    across = plotly_axis(colours, range=[-0.5, width - 0.5], nticks=5, automargin=False, title="dimension")
    title = {"size": LABEL_SIZE + 2, "color": colours.ink}
    lay_out(
        figure,
        **plotly_layout(
            colours,
            height=min(LARGEST, max(300, len(rows[0]) * CELL + 150)),
            margin={"l": room, "r": 12, "t": 108, "b": 44},
            title=plotly_title(colours, "what enters the first layer: one row a token, one column a dimension"),
            coloraxis={"colorscale": diverging(colours), "cmin": -limit, "cmax": limit, "colorbar": _zero_bar(colours, limit)},
            annotations=[{**panel.to_plotly_json(), "font": title} for panel in figure.layout.annotations],
            **axes,
            **{f"xaxis{panel}": across for panel in ("", 2, 3)},
        ),
    )
    return figure


def _plain(encoding: Tensor | Trace, side: str | None, colours: Palette) -> tuple[Tensor, list[str], list[str]]:
    """The encoding (position, d_model) with the tick labels and hover names of its rows."""
    if isinstance(encoding, Trace):
        side = side or encoding.anatomy.stacks[0].name
        ticks, names = token_rows(encoding, side, colours)
        return encoding.part("positions", side), ticks, names
    numbers = [str(position) for position in range(1, encoding.size(0) + 1)]
    return encoding, numbers, [f"position {number}" for number in numbers]


def token_rows(trace: Trace, side: str, colours: Palette) -> tuple[list[str], list[str]]:
    """Tick labels and hover names of a side's tokens; a token that was not given its own position says which it was given."""
    tokens = trace.tokens(side)
    positions = analysis.given_positions(trace, side)
    ticks, names = [], []
    for index, label in enumerate(token_ticks(tokens, colours)):
        at = index if positions is None else positions[index]
        ticks.append((tinted(f"at {at + 1}  ", colours.soft) if at != index else "") + label)
        name = f"“{markup(word_label(tokens.named[index], tokens.notation))}”, token {index + 1}"
        names.append(name + (f", told it is at position {at + 1}" if at != index else ""))
    return ticks, names


def _soft_title(text: str, colours: Palette) -> dict:
    return {"text": text, "font": {"color": colours.soft}}


def _zero_bar(colours: Palette, limit: float) -> dict:
    """Colour bar of a range that is symmetric about zero."""
    edge = _round(limit)
    return plotly_colour_bar(colours, tickvals=[-limit, 0, limit], ticktext=[f"−{edge}", "0", edge])


def _round(value: float) -> str:
    """A length for people: 6.3, 20, 1987."""
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:,.0f}"
