"""Inside a layer: where sublayers write, what normalisation does to a token, and which feed-forward units fire."""

from __future__ import annotations

import plotly.graph_objects as go
import torch
from torch import Tensor

from model.analysis.attention import residual_norms, written_norms
from model.analysis.layers import Normalised, batch_normed, firing_shares, group_count, group_normed, unit_tokens, written_cosines
from model.trace.anatomy import FEED_FORWARD
from model.trace.trace import Trace
from viz.charts.parts.matrix import CELL, heatmap, label_size, matrix_figure, steps, text_width, to_array
from viz.charts.parts.words import quoted_names, token_ticks
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
)

STRIP = 44  # px: height of one strip of d_model numbers
NOTE = 196  # px: mean, variance and range beside a strip
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


def token_growth(trace: Trace, side: str, token: int, colours: Palette = LIGHT) -> go.Figure:
    """One token through the sublayers (rows): norm of its state before, norm of what was written, and the cosine of the two.

    The two norms share one scale from 0; the cosine runs from -1 to 1. Names and bars are short: it stands on a phone, or beside another
    card. Raises ValueError for a token that is not there.
    """
    count = len(trace.tokens(side))
    if not 0 <= token < count:
        raise ValueError(f"This side has tokens 0 to {count - 1}; asked for {token}.")
    rows = trace.residual[side].labels[1:]
    norms = [residual_norms(trace, side)[:-1, token], written_norms(trace, side)[:, token]]
    room = 2.2  # of a column, in lengths of its longest bar
    columns = dict(zip(("before", "written", "cosine"), (*norms, written_cosines(trace, side)[:, token]), strict=True))
    places, beside = list(range(1, len(rows) + 1)), [row.removeprefix("layer ") for row in rows]
    names = trace.anatomy.stack(side).sublayers
    shades = [colours.feed_forward if name == FEED_FORWARD else colours.kind(name) for name in names]
    inks = [mix(colours.card, shades[index % len(names)], 0.62) for index in range(len(rows))]
    parts = [
        go.Bar(
            x=to_array(values), y=places, orientation="h", name=name, xaxis=f"x{at}", marker={"color": inks}, cliponaxis=False,
            text=[number(value, 2 if name == "cosine" else 1) for value in values.tolist()], textposition="outside", customdata=rows,
            textfont={"size": LABEL_SIZE, "color": colours.ink},
            hovertemplate=f"%{{customdata}}: {name} <b>%{{x:.3f}}</b><extra></extra>",
        )
        for at, (name, values) in enumerate(columns.items(), start=1)
    ]  # fmt: skip
    most = max(1e-9, *(float(values.max()) for values in norms))
    ranges = ([0, room * most], [0, room * most], [-2 * room + 1.5, 2 * room - 1.5])
    style = {"side": "top", "showticklabels": False, "fixedrange": True, "automargin": False}
    axes = {
        f"xaxis{at}": plotly_axis(colours, domain=[0.34 * (at - 1), 0.34 * at - 0.02], title=name, range=span, **style)
        for at, (name, span) in enumerate(zip(columns, ranges, strict=True), start=1)
    }
    axes["xaxis3"] |= {"zeroline": True, "zerolinecolor": colours.soft}
    down = plotly_axis(colours, range=[len(rows) + 0.5, 0.5], tickvals=places, ticktext=beside, automargin=False, fixedrange=True)
    margin = {"l": round(text_width(beside, LABEL_SIZE)) + 12, "r": 8, "t": 34, "b": 8}
    layout = plotly_layout(colours, height=46 + CELL * len(rows), margin=margin, bargap=0.25, yaxis=down, **axes)
    return go.Figure(parts, layout)


def firing_heatmap(trace: Trace, side: str, colours: Palette = LIGHT, token: int | None = None) -> go.Figure:
    """Share of the feed-forward units that fire (ReLU above 0) in each layer (row) for each token (column), in percent."""
    shares = to_array(100 * firing_shares(trace, side))
    numbers = {"texttemplate": "%{z:.0f}", "textfont": {"size": LABEL_SIZE}} if shares.shape[1] <= READABLE else {}
    most = max(1.0, float(shares.max()))
    cells = heatmap(
        shares, "%{y}, %{x}: <b>%{z:.1f} %</b> of the units fire", zmin=0, zmax=most, name="firing",
        colorscale=[[0, colours.card], [1, mix(colours.card, colours.feed_forward, 0.8)]],
        colorbar=plotly_colour_bar(colours, tickvals=[0, most], ticktext=["0 %", f"{most:.0f} %"]), **numbers,
    )  # fmt: skip
    rows = [f"layer {layer}" for layer in range(1, len(shares) + 1)]
    return _over_tokens(
        cells, rows, trace, side, f"units that fire, percent of {trace.feed_forward[side].size(-1)}", colours, token
    )


def norm_strips(normed: Normalised, token: int, colours: Palette = LIGHT) -> go.Figure:
    """One LayerNorm for one token as aligned strips over d_model: x, normalised, gain, bias, y; each with its own scale."""
    strips = {
        "x": normed.before[token],
        "(x − mean) ÷ deviation": normed.plain[token],
        "× gain": normed.gain,
        "+ bias": normed.bias,
        "= y": normed.after[token],
    }
    limits = [max(1e-9, float(values.abs().max())) for values in strips.values()]
    return _strips(strips, limits, "every strip has its own scale around 0", colours)


def other_norms(normed: Normalised, token: int, colours: Palette = LIGHT) -> go.Figure:
    """One token's numbers after layer, batch and group normalisation, without gain and bias, as aligned strips on one scale.

    Batch normalisation takes mean and variance of each dimension over this sentence's tokens. Lines part the groups.
    """
    layer, *others = (values[token] for values in _normalised(normed).values())
    strips = dict(zip(("layer norm", "batch norm", "group norm"), (layer, *others), strict=True))
    most = max(1e-9, *(float(values.abs().max()) for values in strips.values()))
    figure = _strips(strips, [most] * len(strips), f"one scale, −{most:.1f} to {most:.1f}; before gain and bias", colours)
    width, groups = len(layer), group_count(len(layer))
    edges = [width * group / groups - 0.5 for group in range(1, groups)]
    line = {"type": "line", "y0": 1.55, "y1": 2.45, "line": {"color": colours.ink, "width": 1.5}}
    figure.layout.shapes = [{**line, "x0": edge, "x1": edge} for edge in edges]
    return figure


def norm_comparison(normed: Normalised, trace: Trace, side: str, colours: Palette = LIGHT, token: int | None = None) -> go.Figure:
    """Mean and variance of every token's numbers: as they are, and after layer, batch and group normalisation (no gain and bias).

    Batch normalisation takes its statistics over this sentence's tokens, so the tokens keep different means and variances; layer
    and group normalisation give every token mean 0 and variance 1. The variances' axis is logarithmic. `customdata` of every
    mark is its token, from 0; token: the row to frame.
    """
    styles = [
        (colours.soft, "circle-open"),
        (colours.kind(side), "circle"),
        (colours.negative, "diamond"),
        (colours.ink, "cross-thin"),
    ]
    tokens = trace.tokens(side)
    (values, texts), names = steps(token_ticks(tokens, colours)), [markup(name) for name in quoted_names(tokens)]
    size, places, wide = label_size(len(values)), list(range(1, len(names) + 1)), 9 if len(names) <= READABLE else 5
    parts = []
    for (name, x), (colour, symbol) in zip({"as it is": normed.before, **_normalised(normed)}.items(), styles, strict=True):
        marker = {"color": colour, "symbol": symbol, "size": wide, "line": {"width": 2, "color": colour}}
        for axis, what, numbers in (("x", "mean", x.mean(dim=-1)), ("x2", "variance", x.var(dim=-1, correction=0))):
            parts.append(
                go.Scatter(
                    x=to_array(numbers), y=places, xaxis=axis, mode="markers", name=name, legendgroup=name, marker=marker,
                    showlegend=axis == "x", text=names, customdata=list(range(len(names))),
                    hovertemplate=f"%{{text}}, {name}: {what} <b>%{{x:.3f}}</b><extra></extra>",
                )
            )  # fmt: skip
    frame = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "line": {"width": 1.5, "color": colours.ink}}
    shapes = [] if token is None else [{**frame, "y0": token + 0.5, "y1": token + 1.5}]
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": LABEL_SIZE}, "itemclick": False}
    across = {"showgrid": True, "automargin": False, "fixedrange": True}
    layout = plotly_layout(
        colours, height=min(760, max(240, 110 + CELL * len(places))), showlegend=True, legend=legend, shapes=shapes,
        margin={"l": round(text_width(texts, size) + 18), "r": 12, "t": 40, "b": 46},
        xaxis=plotly_axis(colours, title="mean over a token's dimensions", domain=[0, 0.48], **across),
        xaxis2=plotly_axis(colours, title="variance over a token's dimensions", domain=[0.52, 1], type="log", dtick=1, **across),
        yaxis=plotly_axis(colours, range=[len(places) + 0.5, 0.5], tickvals=values, ticktext=texts, automargin=False,
                          tickfont={"family": MONO, "size": size, "color": colours.ink}),
    )  # fmt: skip
    return go.Figure(parts, layout)


def _normalised(normed: Normalised) -> dict[str, Tensor]:
    """The same numbers under three normalisations without gain and bias, (position, d_model) each, by name."""
    return {
        "layer norm (this model)": normed.plain,
        "batch norm, over this sentence's tokens": batch_normed(normed.before, normed.eps),
        f"group norm, {group_count(normed.before.size(1))} groups within a token": group_normed(normed.before, normed.eps),
    }


def _strips(strips: dict[str, Tensor], limits: list[float], title: str, colours: Palette) -> go.Figure:
    """Vectors (d_model,) as aligned strips, the colours of each from -limit to limit; mean, variance and range at the right."""
    names = list(strips)
    parts = [
        go.Heatmap(
            z=to_array(values)[None], y0=row, dy=1, zmin=-limit, zmax=limit, colorscale=diverging(colours), showscale=False,
            name=name, ygap=6, hovertemplate=f"{name}, dimension %{{x}}: <b>%{{z:.3f}}</b><extra></extra>",
        )
        for row, ((name, values), limit) in enumerate(zip(strips.items(), limits, strict=True))
    ]  # fmt: skip
    notes = [
        {"text": _summary(values), "xref": "paper", "x": 1, "xanchor": "left", "xshift": 8, "y": row, "showarrow": False,
         "align": "left", "font": {"size": LABEL_SIZE, "color": colours.soft}}
        for row, values in enumerate(strips.values())
    ]  # fmt: skip
    layout = plotly_layout(
        colours,
        height=STRIP * len(names) + 76,
        margin={"l": 160, "r": NOTE, "t": 30, "b": 46},
        annotations=notes,
        title=plotly_title(colours, title),
        xaxis=plotly_axis(colours, title="dimension", automargin=False),
        yaxis=plotly_axis(
            colours, range=[len(names) - 0.5, -0.5], tickvals=list(range(len(names))), ticktext=names, automargin=False
        ),
    )
    return go.Figure(parts, layout)


def _summary(values: Tensor) -> str:
    """Mean, variance and range of a vector."""
    mean, variance = float(values.mean()), float(values.var(correction=0))
    text = f"mean {number(mean)}, variance {number(variance)}<br>{number(float(values.min()))} … {number(float(values.max()))}"
    return markup(text).replace("&lt;br&gt;", "<br>")


def unit_bars(values: Tensor, units: Tensor, unit: int, colours: Palette = LIGHT) -> go.Figure:
    """The strongest units of one token: values after the ReLU, numbered from 1; `customdata` is the unit from 0, for clicks."""
    ids, places = units.tolist(), list(range(1, len(units) + 1))
    bars = go.Bar(
        x=to_array(values), y=places, orientation="h", name="units", customdata=ids, textposition="outside",
        text=[number(value) for value in values.tolist()], cliponaxis=False, textfont={"size": LABEL_SIZE, "color": colours.ink},
        marker={"color": [mix(colours.card, colours.feed_forward, 1.0 if id_ == unit else 0.5) for id_ in ids]},
        hovertemplate="%{text} after the ReLU; click to look at this unit<extra></extra>",
    )  # fmt: skip
    ticks = [f"<b>unit {id_ + 1}</b>" if id_ == unit else f"unit {id_ + 1}" for id_ in ids]
    most = max(1e-9, float(values.max()))
    layout = plotly_layout(
        colours,
        height=50 + CELL * len(ids),
        margin={"l": 84, "r": 8, "t": 30, "b": 8},
        title=plotly_title(colours, "value after the ReLU"),
        xaxis=plotly_axis(colours, showticklabels=False, range=[0, 1.25 * most], fixedrange=True),
        yaxis=plotly_axis(
            colours, range=[len(ids) + 0.6, 0.4], tickvals=places, ticktext=ticks, automargin=False, fixedrange=True
        ),
    )
    return go.Figure([bars], layout)


def unit_over_tokens(trace: Trace, side: str, layer: int, unit: int, colours: Palette = LIGHT) -> go.Figure:
    """One unit over the tokens of a side: its value after the ReLU, 0 where it does not fire."""
    values, tokens = unit_tokens(trace, side, layer, unit), trace.tokens(side)
    (ticks, texts), names = steps(token_ticks(tokens, colours)), [markup(name) for name in quoted_names(tokens)]
    size, places = label_size(len(ticks)), list(range(1, len(names) + 1))
    bars = go.Bar(
        x=places,
        y=to_array(values),
        name="unit",
        customdata=names,
        marker={"color": colours.feed_forward},
        hovertemplate="%{customdata}: <b>%{y:.3f}</b><extra></extra>",
    )
    layout = plotly_layout(
        colours, height=300, margin={"l": 48, "r": 8, "t": 30, "b": round(text_width(texts, size) * 0.82 + 24)}, bargap=0.25,
        title=plotly_title(colours, f"unit {unit + 1} of layer {layer + 1}: value after the ReLU, by token"),
        xaxis=plotly_axis(colours, tickvals=ticks, ticktext=texts, tickangle=-55, range=[0.4, len(places) + 0.6],
                          automargin=False, tickfont={"family": MONO, "size": size, "color": colours.ink}),
        yaxis=plotly_axis(colours, showgrid=True, rangemode="tozero", automargin=False),
    )  # fmt: skip
    return go.Figure([bars], layout)


def _over_tokens(
    cells: go.Heatmap, rows: list[str], trace: Trace, side: str, title: str, colours: Palette, token: int | None
) -> go.Figure:
    """A matrix of something (rows) over the tokens of a side (columns), with one token framed."""
    tokens = trace.tokens(side)
    names = [markup(name) for name in quoted_names(tokens)]
    figure = matrix_figure([cells], colours, (rows, token_ticks(tokens, colours)), (rows, names), title, square=False)
    if token is not None:
        box = {"x0": token + 0.5, "x1": token + 1.5, "y0": 0.5, "y1": len(rows) + 0.5}
        figure.add_shape(type="rect", **box, line={"color": colours.ink, "width": 2})
    return figure
