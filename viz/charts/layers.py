"""Inside a layer: where sublayers write, what normalisation does to a token, and which feed-forward units fire."""

from __future__ import annotations

import plotly.graph_objects as go
import torch
from torch import Tensor

from model.analysis import residual_norms, written_norms
from model.analysis_layers import Normalised, batch_normed, firing_shares, group_normed, written_cosines
from model.trace import Trace
from viz.charts.matrix import CELL, heatmap, label_size, matrix_figure, steps, text_width, to_array
from viz.charts.words import token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MONO,
    Palette,
    diverging,
    markup,
    mix,
    number,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    plotly_title,
    quoted,
)

STRIP = 40  # px: height of one strip of d_model numbers
READABLE = 30  # columns whose cells carry numbers


def written_cosine_heatmap(trace: Trace, side: str, colours: Palette = LIGHT, token: int | None = None) -> go.Figure:
    """Cosine between what each sublayer (row) wrote and the state it was added to, for each token (column), -1 to 1.

    The hover also says how long what was written is, and how long the state that it was added to.
    """
    lengths = torch.stack([written_norms(trace, side), residual_norms(trace, side)[:-1]], dim=-1)  # (sublayer, position, 2)
    hover = (
        "%{y}, %{x}: cosine <b>%{z:.2f}</b><br>wrote a vector %{customdata[0]:.2f} long into a state %{customdata[1]:.2f} long"
    )
    cells = heatmap(
        to_array(written_cosines(trace, side)), hover, zmin=-1, zmax=1, name="cosine", customdata=to_array(lengths),
        colorscale=diverging(colours), colorbar=plotly_colour_bar(colours, tickvals=[-1, 0, 1], ticktext=["−1", "0", "1"]),
    )  # fmt: skip
    rows = trace.residual[side].labels[1:]
    return _over_tokens(
        cells, rows, trace, side, "1: makes the state longer, 0: a new direction, below 0: takes back", colours, token
    )


def firing_heatmap(trace: Trace, side: str, colours: Palette = LIGHT, token: int | None = None) -> go.Figure:
    """Share of the feed-forward units that fire (ReLU above 0) in each layer (row) for each token (column), in percent."""
    shares = to_array(100 * firing_shares(trace, side))
    numbers = {"texttemplate": "%{z:.0f}", "textfont": {"size": LABEL_SIZE - 1}} if shares.shape[1] <= READABLE else {}
    most = max(1.0, float(shares.max()))
    cells = heatmap(
        shares, "%{y}, %{x}: <b>%{z:.1f} %</b> of the units fire", zmin=0, zmax=most, name="firing",
        colorscale=[[0, colours.card], [1, mix(colours.card, colours.feed_forward, 0.8)]],
        colorbar=plotly_colour_bar(colours, tickvals=[0, most], ticktext=["0 %", f"{most:.0f} %"]), **numbers,
    )  # fmt: skip
    rows = [f"layer {layer}" for layer in range(1, len(shares) + 1)]
    return _over_tokens(cells, rows, trace, side, f"units that fire, percent of {trace.config.d_ff}", colours, token)


def norm_strips(normed: Normalised, token: int, colours: Palette = LIGHT) -> go.Figure:
    """One LayerNorm for one token as aligned strips over d_model: x, normalised, gain, bias, y. Each has its own scale, 0 in the middle."""
    strips = {
        "x": normed.before[token], "(x − mean) ÷ deviation": normed.plain[token], "× gain": normed.gain, "+ bias": normed.bias,
        "= y": normed.after[token],
    }  # fmt: skip
    parts, names = [], list(strips)
    for row, (name, values) in enumerate(strips.items()):
        limit = max(1e-9, float(values.abs().max()))
        parts.append(
            go.Heatmap(
                z=to_array(values)[None], y0=row, dy=1, zmin=-limit, zmax=limit, colorscale=diverging(colours), showscale=False, name=name,
                ygap=6, hovertemplate=f"{name}, dimension %{{x}}: <b>%{{z:.3f}}</b><extra></extra>",
            )
        )  # fmt: skip
    ranges = [f"{number(float(values.min()))} … {number(float(values.max()))}".replace("-", "−") for values in strips.values()]
    notes = [
        {"text": text, "xref": "paper", "x": 1, "xanchor": "left", "xshift": 8, "y": row, "showarrow": False,
         "font": {"size": LABEL_SIZE, "color": colours.soft}}
        for row, text in enumerate(ranges)
    ]  # fmt: skip
    layout = plotly_layout(
        colours, height=STRIP * len(names) + 80, margin={"l": 170, "r": 128, "t": 30, "b": 46}, annotations=notes,
        title=plotly_title(colours, "every strip has its own scale; its range stands at the right"),
        xaxis=plotly_axis(colours, title="dimension", automargin=False),
        yaxis=plotly_axis(colours, range=[len(names) - 0.5, -0.5], tickvals=list(range(len(names))), ticktext=names, automargin=False),
    )  # fmt: skip
    return go.Figure(parts, layout)


def norm_comparison(normed: Normalised, trace: Trace, side: str, colours: Palette = LIGHT, token: int | None = None) -> go.Figure:
    """Standard deviation of every token's numbers: as they are, and after layer, batch and group normalisation without gain and bias.

    Batch normalisation takes its statistics over this sentence's tokens, so it keeps long tokens longer than short ones; layer and
    group normalisation make every token 1.
    """
    kinds = {
        "as it is": (normed.before, colours.soft, "circle-open"), "layer norm (this model)": (normed.plain, colours.encoder, "circle"),
        "batch norm": (batch_normed(normed.before, normed.eps), colours.decoder, "diamond"),
        "group norm": (group_normed(normed.before, normed.eps), colours.cross, "cross-thin-open"),
    }  # fmt: skip
    tokens = trace.source if side == "encoder" else trace.target
    (values, texts), names = steps(token_ticks(tokens, colours)), [markup(quoted(piece)) for piece in tokens.pieces]
    size, places = label_size(len(values)), list(range(1, len(names) + 1))
    parts = [
        go.Scatter(
            x=to_array(x.std(dim=-1, correction=0)), y=places, mode="markers", name=name, customdata=names,
            marker={"color": colour, "symbol": symbol, "size": 9, "line": {"width": 2, "color": colour}},
            hovertemplate=f"%{{customdata}}, {name}: standard deviation <b>%{{x:.2f}}</b><extra></extra>",
        )
        for name, (x, colour, symbol) in kinds.items()
    ]  # fmt: skip
    shapes = []
    if token is not None:
        shapes = [
            {
                "type": "rect",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": token + 0.5,
                "y1": token + 1.5,
                "line": {"width": 1.5, "color": colours.ink},
            }
        ]
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": LABEL_SIZE}, "itemclick": False}
    layout = plotly_layout(
        colours, height=min(760, max(280, 110 + CELL * len(places))), showlegend=True, legend=legend, shapes=shapes,
        margin={"l": round(text_width(texts, size) + 18), "r": 12, "t": 48, "b": 46},
        xaxis=plotly_axis(colours, title="standard deviation over the dimensions of a token", type="log", showgrid=True),
        yaxis=plotly_axis(colours, range=[len(places) + 0.5, 0.5], tickvals=values, ticktext=texts, automargin=False,
                          tickfont={"family": MONO, "size": size, "color": colours.ink}),
    )  # fmt: skip
    return go.Figure(parts, layout)


def unit_bars(values: Tensor, units: Tensor, chosen: int, colours: Palette = LIGHT) -> go.Figure:
    """The strongest units of one token: values after the ReLU, numbered from 1; `customdata` is the unit from 0, for clicks."""
    ids, places = units.tolist(), list(range(1, len(units) + 1))
    bars = go.Bar(
        x=to_array(values), y=places, orientation="h", name="units", customdata=ids, text=[number(value) for value in values.tolist()],
        textposition="outside", cliponaxis=False, textfont={"size": LABEL_SIZE, "color": colours.ink},
        marker={"color": [mix(colours.card, colours.feed_forward, 1.0 if id_ == chosen else 0.5) for id_ in ids]},
        hovertemplate="%{text} after the ReLU; click to look at this unit<extra></extra>",
    )  # fmt: skip
    ticks = [f"<b>unit {id_ + 1}</b>" if id_ == chosen else f"unit {id_ + 1}" for id_ in ids]
    most = max(1e-9, float(values.max()))
    layout = plotly_layout(
        colours, height=50 + CELL * len(ids), margin={"l": 84, "r": 8, "t": 30, "b": 8},
        title=plotly_title(colours, "value after the ReLU"),
        xaxis=plotly_axis(colours, showticklabels=False, range=[0, 1.25 * most], fixedrange=True),
        yaxis=plotly_axis(colours, range=[len(ids) + 0.6, 0.4], tickvals=places, ticktext=ticks, automargin=False, fixedrange=True),
    )  # fmt: skip
    return go.Figure([bars], layout)


def unit_over_tokens(trace: Trace, side: str, layer: int, unit: int, colours: Palette = LIGHT) -> go.Figure:
    """One unit over the tokens of a side: its value after the ReLU, 0 where it does not fire."""
    values = trace.feed_forward[side][layer, :, unit]
    tokens = trace.source if side == "encoder" else trace.target
    (ticks, texts), names = steps(token_ticks(tokens, colours)), [markup(quoted(piece)) for piece in tokens.pieces]
    size, places = label_size(len(ticks)), list(range(1, len(names) + 1))
    bars = go.Bar(
        x=places, y=to_array(values), name="unit", customdata=names, marker={"color": colours.feed_forward},
        hovertemplate="%{customdata}: <b>%{y:.3f}</b><extra></extra>",
    )  # fmt: skip
    layout = plotly_layout(
        colours, height=300, margin={"l": 48, "r": 8, "t": 30, "b": round(text_width(texts, size) * 0.82 + 24)}, bargap=0.25,
        title=plotly_title(colours, f"unit {unit + 1} of layer {layer + 1}: value after the ReLU, by token"),
        xaxis=plotly_axis(colours, tickvals=ticks, ticktext=texts, tickangle=-55, range=[0.4, len(places) + 0.6], automargin=False,
                          tickfont={"family": MONO, "size": size, "color": colours.ink}),
        yaxis=plotly_axis(colours, showgrid=True, rangemode="tozero", automargin=False),
    )  # fmt: skip
    return go.Figure([bars], layout)


def _over_tokens(
    cells: go.Heatmap, rows: list[str], trace: Trace, side: str, title: str, colours: Palette, token: int | None
) -> go.Figure:
    """A matrix of something (rows) over the tokens of a side (columns), with one token framed."""
    tokens = trace.source if side == "encoder" else trace.target
    names = [markup(quoted(piece)) for piece in tokens.pieces]
    figure = matrix_figure([cells], colours, (rows, token_ticks(tokens, colours)), (rows, names), title, square=False)
    if token is not None:
        box = {"x0": token + 0.5, "x1": token + 1.5, "y0": 0.5, "y1": len(rows) + 0.5}
        figure.add_shape(type="rect", **box, line={"color": colours.ink, "width": 2})
    return figure
