"""Heads joined: how much each head writes to each token, beside what it looks at."""

from __future__ import annotations

import plotly.graph_objects as go
from torch import Tensor

from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps
from viz.charts.parts.matrix import CELL, heatmap, label_size, matrix_figure, steps, text_width, to_array
from viz.charts.parts.narrow import WIDTH, label_room
from viz.charts.parts.words import LONG, SHORT, quoted_names, row_phrases, row_ticks, token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    LONGEST_LABEL,
    MONO,
    SHADED_WEIGHT,
    Palette,
    diverging,
    markup,
    mix,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    plotly_title,
    sequential,
    share,
)

ROOM = 24  # labels that fit above the weights


def contribution_heatmap(
    trace: AttentionMaps, contributions: Tensor, kind: str, colours: Palette = LIGHT, query: int | None = None, narrow: bool = False,
) -> go.Figure:  # fmt: skip
    """Length of what every head writes to every token: rows are queries, columns are heads, norms from 0.

    contributions (head, query, d_model): `model.analysis_steps.head_contributions`. query: the row to outline. narrow: for a phone.
    """
    norms = contributions.norm(dim=-1).T  # (query, head)
    heads = [str(head) for head in range(1, norms.size(1) + 1)]
    most = max(float(norms.max()), 1e-9)
    small = len(norms) <= 40
    cells = heatmap(
        to_array(norms),
        "%{y} head %{x}: writes <b>%{z:.2f}</b>",
        zmin=0,
        zmax=most,
        colorscale=_even(colours, kind),
        name="norm",
        colorbar=plotly_colour_bar(colours, tickvals=[0, most], ticktext=["0", f"{most:.1f}"]),
        **({**_numbers(norms, narrow), "textfont": {"size": LABEL_SIZE}} if small else {}),
    )
    phrases = [
        markup(phrase.removesuffix(" attends to").removesuffix(", this head attends to")) + ":"
        for phrase in row_phrases(trace, kind)
    ]
    ticks, title = (
        (row_ticks(trace, kind, colours, narrow), heads),
        "length of what each head (column) writes to each token (row)",
    )
    figure = matrix_figure([cells], colours, ticks, (phrases, heads), title, square=False, narrow=narrow)
    figure.layout.xaxis.tickangle = 0
    if query is not None:
        box = {"x0": 0.5, "x1": len(heads) + 0.5, "y0": query + 0.5, "y1": query + 1.5}
        figure.add_shape(type="rect", **box, line={"color": colours.ink, "width": 2})
    return figure


def _numbers(norms: Tensor, narrow: bool) -> dict:
    """What stands in the cells: one decimal, on a phone only below ten."""
    if not narrow:
        return {"texttemplate": "%{z:.1f}"}
    texts = [[f"{norm:.1f}" if norm < 9.95 else f"{norm:.0f}" for norm in line] for line in norms.tolist()]
    return {"texttemplate": "%{text}", "text": texts}


def heads_of_token(
    maps: AttentionMaps, norms: Tensor, shares: Tensor, kind: str, layer: int, row: int, colours: Palette = LIGHT,
    narrow: bool = False,
) -> go.Figure:  # fmt: skip
    """All heads of a layer for one query: how much each writes, and beside it where it looks.

    maps: of pieces or of words, and `row` the query in it; norms, shares (head,): length of what each head writes, and its
    part of what is written in the end (below 0: it pulls against the rest). narrow: for a phone: the share alone is written.
    """
    weights = maps.attention[kind].weights[layer, :, row]  # (head, key)
    keys, heads = maps.keys(kind), weights.size(0)
    labels = [
        share(part) if narrow else f"{norm:.1f} · {share(part)}"
        for norm, part in zip(norms.tolist(), shares.tolist(), strict=True)
    ]
    off = {at for name, where, at in maps.intervention.heads_off if (name, where) == (kind, layer)}
    labels = ["off" if head in off else label for head, label in enumerate(labels)]
    bars = go.Bar(
        x=to_array(norms), y0=1, dy=1, orientation="h", name="writes", marker={"color": mix(colours.card, colours.kind(kind), 0.45)},
        text=labels, textposition="auto", textfont={"size": LABEL_SIZE, "color": colours.ink}, insidetextanchor="start",
        hovertemplate="head %{y}: writes <b>%{x:.2f}</b>, share of the sum %{customdata}<extra></extra>",
        customdata=[share(part, 1) for part in shares.tolist()],
    )  # fmt: skip
    names = [markup(name) for name in quoted_names(keys)]
    few = len(keys) <= 128  # a name a cell costs bytes; more keys are told by their place
    cells = go.Heatmap(
        z=to_array(weights), x0=1, dx=1, y0=1, dy=1, xaxis="x2", zmin=0, zmax=1, colorscale=sequential(colours, kind), name="weights",
        showscale=False, xgap=1 if len(keys) <= LONG else 0, ygap=1, text=[names] * heads if few else None,
        hovertemplate="head %{y}: attends to " + ("%{text}" if few else "token %{x}") + ": <b>%{z:.2f}</b><extra></extra>",
    )  # fmt: skip
    return go.Figure([bars, cells], _heads_layout(keys, heads, colours, narrow))


def _heads_layout(keys: Tokens, heads: int, colours: Palette, narrow: bool) -> dict:
    """Bars in the left third, weights in the rest, heads from top to bottom in both."""
    values, texts = steps(
        token_ticks(keys, colours, SHORT if narrow else LONGEST_LABEL), label_room(len(keys), 0.4 * WIDTH) if narrow else ROOM
    )
    size = LABEL_SIZE if narrow else label_size(len(values))
    top = round(text_width(texts, size) * 0.82 + size + 40)
    title = f"norm · share of the sum; attention {SHADED_WEIGHT}"
    title = "share of the sum, and attention weight (darker is more)" if narrow else title
    return plotly_layout(
        colours, height=top + heads * (CELL + 6) + 20, margin={"l": 44, "r": 30, "t": top, "b": 20}, bargap=0.25,
        title=plotly_title(colours, title),
        xaxis=plotly_axis(colours, domain=[0, 0.3], showticklabels=False, rangemode="tozero"),
        xaxis2=plotly_axis(colours, domain=[0.33, 1], side="top", tickangle=-55, tickvals=values, ticktext=texts, automargin=False,
                           showline=True, mirror=True, tickfont={"family": MONO, "size": size, "color": colours.ink}),
        yaxis=plotly_axis(colours, title="head", range=[heads + 0.5, 0.5], dtick=1, automargin=False, fixedrange=True),
    )  # fmt: skip


def concat_heatmap(outputs: Tensor, colours: Palette = LIGHT, narrow: bool = False) -> go.Figure:
    """The outputs z of all heads for one query, before W_O: rows are heads, columns the dimensions of a head, zero in the middle.

    outputs (head, d_head). Read row after row it is Concat(z_1 .. z_H), the vector that W_O mixes. narrow: for a phone: every fourth
    dimension has its number.
    """
    limit = max(float(outputs.abs().max()), 1e-9)
    heads, width = ([str(at) for at in range(start, start + count)] for start, count in zip((1, 0), outputs.shape, strict=True))
    cells = heatmap(
        to_array(outputs),
        "head %{y}, dimension %{x}: <b>%{z:.3f}</b>",
        zmin=-limit,
        zmax=limit,
        colorscale=diverging(colours),
        name="z",
        colorbar=plotly_colour_bar(colours, tickvals=[-limit, 0, limit], ticktext=[f"−{limit:.1f}", "0", f"{limit:.1f}"]),
    )
    title = f"Concat: {len(heads)} heads × {len(width)} dimensions = {outputs.numel()} numbers, which W_O mixes"
    dimensions = [name if not narrow or int(name) % 4 == 0 else "" for name in width]
    figure = matrix_figure([cells], colours, (heads, dimensions), (heads, width), title, square=False)
    figure.layout.xaxis.tickangle = 0
    return figure


def _even(colours: Palette, kind: str) -> list[list]:
    """Card colour to the kind's, in equal steps: numbers are written in the cells, so it stops where they can still be read."""
    return [[0.0, colours.card], [1.0, mix(colours.card, colours.kind(kind), 0.75)]]
