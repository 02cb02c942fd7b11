"""Query, key and value of one head as matrices, laid out so that a query's row and a key's column meet in their score."""

from __future__ import annotations

import plotly.graph_objects as go
import torch
from torch import Tensor

from model.analysis.attention import may_attend
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.charts.heads import head_weights, masked_layer
from viz.charts.parts.matrix import CELL, label_size, steps, text_width, to_array
from viz.charts.parts.narrow import WIDTH, label_room
from viz.charts.parts.panels import lay_out
from viz.charts.parts.words import SHORT, head_title, quoted_names, row_ticks, token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    LONGEST_LABEL,
    MONO,
    Palette,
    diverging,
    markup,
    number,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    quoted,
)

SPLIT = 0.3  # share of the width that the query matrix takes
TABLE = 170  # px: height of the key and of the value matrix
GAP = 14  # px between matrices
BAR_ROW = 44  # px: a colour bar with its numbers, above the matrices
ROOM = 28  # labels that fit above the scores


def query_key_value(
    trace: Trace, kind: str, layer: int, head: int, colours: Palette = LIGHT, cell: tuple[int, int] | None = None,
    narrow: bool = False, wall: bool = False,
) -> go.Figure:  # fmt: skip
    """Q at the left (query x d_head), K above (d_head x key), their scores where they meet, V below (d_head x key).

    A query's row of Q stands beside its row of scores, a key's column of K above its column: score = q . k / sqrt(d_head).
    Q, K and V share one colour scale, symmetric about 0; scores, before temperature and mask, have their own. cell:
    (query, key) to outline. Positions from 1. narrow: for a phone: colour bars above, as many labels as fit. wall: colour bars above, in one row.
    Raises ValueError, in words, for a head that the trace does not have.
    """
    head_weights(trace, kind, layer, head)  # says what is wrong with kind, layer or head
    attention = trace.attention[kind]
    matrices = {"query": attention.queries, "key": attention.keys, "value": attention.values}
    matrices = {name: tensor[layer, head] for name, tensor in matrices.items()}  # (position, d_head)
    scores, allowed = attention.scores[layer, head], may_attend(trace, kind, layer)
    limit = max(1e-9, *(float(matrix.abs().max()) for matrix in matrices.values()))
    places = {"query": ("x", "y"), "key": ("x2", "y2"), "value": ("x2", "y3")}
    layers = [_matrix(name, matrices[name], place, limit, colours) for name, place in places.items()]
    for quiet in masked_layer(allowed, "", colours):
        layers.append(quiet.update(xaxis="x2", yaxis="y", hovertemplate="%{y} · %{x}: masked<extra></extra>"))
    layers.append(_scores(scores.masked_fill(~allowed, float("nan")), head_title(trace.anatomy.kind(kind), layer, head), colours))
    for x, y in (("x", "y4"), ("x3", "y2")):  # an invisible point: without a trace on them Plotly does not draw axes with labels
        layers.append(go.Scatter(x=[1], y=[1], xaxis=x, yaxis=y, mode="markers", marker={"opacity": 0}, hoverinfo="skip"))
    width = matrices["query"].size(1)
    rows, columns = scores.shape
    shapes = [] if cell is None else _outline(cell, colours, width, (rows, columns))
    axes, size = _axes(trace, kind, colours, width, narrow)
    notes = _captions(colours, trace, kind, narrow)
    layout = plotly_layout(colours, **size, **axes, shapes=shapes, annotations=notes, plot_bgcolor=colours.card)
    figure = go.Figure(layers, layout)
    return _with_bars_above(figure, in_row=wall) if narrow or wall else figure


def score_parts(trace: Trace, kind: str, layer: int, head: int, cell: tuple[int, int], colours: Palette = LIGHT) -> go.Figure:
    """One score taken apart: for each dimension of the head query, key and their product, which add up to the dot product.

    cell: (query, key). Query and key share a colour scale, the products have their own, both symmetric about 0.
    """
    attention, (query, key) = trace.attention[kind], cell
    pair = torch.stack([attention.queries[layer, head, query], attention.keys[layer, head, key]])  # (2, d_head)
    products = pair.prod(dim=0)
    columns = [("query", pair[0], float(pair.abs().max())), ("× key", pair[1], float(pair.abs().max()))]
    columns += [("= product", products, float(products.abs().max()))]
    figure = go.Figure()
    for index, (name, values, limit) in enumerate(columns):
        figure.add_heatmap(
            z=to_array(values)[:, None], x0=index, dx=1, y0=0, dy=1, zmin=-limit, zmax=limit, colorscale=diverging(colours), showscale=False,
            name=name, texttemplate="%{z:.2f}", textfont={"size": LABEL_SIZE}, xgap=2, ygap=1,
            hovertemplate=f"dimension %{{y}}, {name}: <b>%{{z:.4f}}</b><extra></extra>",
        )  # fmt: skip
    sentence = _score_sentence(trace, kind, layer, head, cell, float(products.sum()))
    figure.add_annotation(
        text=sentence, xref="paper", x=0, xanchor="left", yref="paper", y=1, yanchor="bottom", yshift=34, align="left", showarrow=False,
        font={"size": LABEL_SIZE + 2, "color": colours.ink},
    )  # fmt: skip
    count, names = len(products), [name for name, _, _ in columns]
    lay_out(
        figure,
        **plotly_layout(
            colours,
            height=max(300, 92 + 24 * count),
            margin={"l": 30, "r": 8, "t": 86, "b": 8},
            xaxis=plotly_axis(colours, side="top", fixedrange=True, tickvals=[0, 1, 2], ticktext=names),
            yaxis=plotly_axis(
                colours, range=[count - 0.5, -0.5], dtick=1 if count <= 32 else 8, automargin=False, fixedrange=True
            ),
        ),
    )
    return figure


def _score_sentence(trace: Trace, kind: str, layer: int, head: int, cell: tuple[int, int], product: float) -> str:
    """From the dot product to the weight, as markup: “chat” · “cat” = 3.2 ÷ √24, the score, the weight."""
    attention, (query, key) = trace.attention[kind], cell
    score, weight = float(attention.scores[layer, head, query, key]), float(attention.weights[layer, head, query, key])
    places = ((trace.queries(kind), query), (trace.keys(kind), key))
    asks, answers = (markup(quoted(tokens.shown[at], tokens.notation)) for tokens, at in places)
    scale = f" ÷ √{trace.anatomy.kind(kind).d_head}" if trace.intervention.scaled else ""
    return f"{asks} · {answers} = {number(product)}{scale}<br>score <b>{number(score)}</b> → weight <b>{number(weight, 3)}</b>"


def _matrix(name: str, values: Tensor, axes: tuple[str, str], limit: float, colours: Palette) -> go.Heatmap:
    """One of Q, K^T, V^T from (position, d_head). Positions are numbered from 1, dimensions are told from 0."""
    where, values = ("%{y}, dimension %{x}", values) if name == "query" else ("%{x}, dimension %{y}", values.T)
    return go.Heatmap(
        z=to_array(values), x0=1, dx=1, y0=1, dy=1, xaxis=axes[0], yaxis=axes[1], zmin=-limit, zmax=limit, name=name,
        colorscale=diverging(colours), colorbar=_bar(colours, limit, "Q, K, V", 4), showscale=name == "query",
        xgap=_gap(values), ygap=_gap(values), hovertemplate=f"{name} of {where}: <b>%{{z:.3f}}</b><extra></extra>",
    )  # fmt: skip


def _scores(scores: Tensor, title: str, colours: Palette) -> go.Heatmap:
    """(query, key), not a number where masked."""
    most = max(1e-9, float(scores.nan_to_num(0.0).abs().max()))
    return go.Heatmap(
        z=to_array(scores), x0=1, dx=1, y0=1, dy=1, xaxis="x2", yaxis="y", zmin=-most, zmax=most, name="score", hoverongaps=False,
        colorscale=diverging(colours), colorbar=_bar(colours, most, "score", 56), xgap=_gap(scores), ygap=_gap(scores),
        hovertemplate=f"%{{y}} · %{{x}}: score <b>%{{z:.2f}}</b><br>{title}<extra></extra>",
    )  # fmt: skip


def _gap(values: Tensor) -> int:
    return 1 if max(values.shape) <= 40 else 0


def _axes(trace: Trace, kind: str, colours: Palette, width: int, narrow: bool) -> tuple[dict, dict]:
    """Tokens down the left and across the top, dimensions across Q and down K and V; and height and margins, px."""
    queries, keys = trace.queries(kind), trace.keys(kind)
    y_values, y_texts = steps(row_ticks(trace, kind, colours, narrow))
    room = label_room(len(keys), WIDTH - (1 - SPLIT) * (WIDTH - text_width(y_texts, LABEL_SIZE) - 48)) if narrow else ROOM
    x_values, x_texts = steps(token_ticks(keys, colours, SHORT if narrow else LONGEST_LABEL), room)
    size = LABEL_SIZE if narrow else label_size(max(len(y_values), len(x_values)))
    left, top = round(text_width(y_texts, size) + 18), round(text_width(x_texts, size) * 0.82 + size + 10)
    body = min(560, max(150, len(queries) * CELL))
    total = body + 2 * TABLE + 2 * GAP
    low, high = (TABLE + GAP) / total, (TABLE + GAP + body) / total
    silent = {"showticklabels": False, "showline": True, "mirror": True, "automargin": False}
    label = {"automargin": False, "tickfont": {"family": MONO, "size": size, "color": colours.ink}}
    across, down, through = [0.5, len(keys) + 0.5], [len(queries) + 0.5, 0.5], [0.5, width + 0.5]
    dimensions = {"tickvals": list(range(1, width + 1)), "ticktext": [str(at) for at in range(width)]}
    axes = {
        "xaxis": {"domain": [0, SPLIT - 0.02], "range": through, **dimensions, **silent, "anchor": "y"},
        "xaxis2": {"domain": [SPLIT, 1], "range": across, **silent, **_names(keys), "anchor": "y2"},
        "xaxis3": {**label, "overlaying": "x2", "matches": "x2", "range": across, "side": "top", "tickangle": -55,
                   "tickvals": x_values, "ticktext": x_texts, "anchor": "y2"},
        "yaxis": {"domain": [low, high], "range": down, **silent, **_names(queries)},
        "yaxis2": {"domain": [high + GAP / total, 1], "range": through[::-1], **dimensions, **silent, "anchor": "x2"},
        "yaxis3": {"domain": [0, low - GAP / total], "range": through[::-1], **dimensions, **silent, "anchor": "x2"},
        "yaxis4": {**label, "overlaying": "y", "matches": "y", "range": down, "side": "left", "tickvals": y_values,
                   "ticktext": y_texts, "ticklabelstandoff": 6},
    }  # fmt: skip
    margin = {"l": left, "r": 30, "t": top, "b": 24}
    named = {name: plotly_axis(colours, **axis) for name, axis in axes.items()}
    return named, {"height": total + top + 24, "margin": margin}


def _names(tokens: Tokens) -> dict:
    """What the hover calls the positions of an axis, with the place from 1."""
    names = [f"{markup(name)} ({at})" for at, name in enumerate(quoted_names(tokens), 1)]
    return {"tickvals": list(range(1, len(names) + 1)), "ticktext": names}


def _captions(colours: Palette, trace: Trace, kind: str, narrow: bool) -> list[dict]:
    """What each matrix is, in the empty corners."""
    scale = f" ÷ √{trace.anatomy.kind(kind).d_head}" if trace.intervention.scaled else ""
    texts = [
        ("x domain", 1, "y2 domain", 0, "bottom", "keys Kᵀ →<br>queries Q ↓"),
        ("x domain", 1, "y3 domain", 1, "top", "values Vᵀ →"),
        ("x2 domain", int(narrow), "y3 domain", -0.02, "top", f"in the middle: Q Kᵀ{scale}"),
    ]
    style = {"showarrow": False, "align": "right", "font": {"size": LABEL_SIZE, "color": colours.soft}}
    return [
        {
            "text": text,
            "xref": x_axis,
            "x": x,
            "xanchor": "right" if x else "left",
            "yref": y_axis,
            "y": y,
            "yanchor": anchor,
            **style,
        }
        for x_axis, x, y_axis, y, anchor, text in texts
    ]


def _with_bars_above(figure: go.Figure, in_row: bool) -> go.Figure:
    """Both colour bars above everything else, one below the other or in a row: the corner above Q may be smaller than they are."""
    bars = [part.colorbar for part in figure.data if part.type == "heatmap" and part.showscale is not False and part.colorbar.len]
    for place, bar in enumerate(bars):
        across, down = (place / len(bars), 0) if in_row else (0, place)
        bar.update(yref="container", ypad=BAR_ROW * down, x=across, len=200)
    rows = 1 if in_row else len(bars)
    figure.layout.margin.t += BAR_ROW * rows
    figure.layout.height += BAR_ROW * rows
    return figure


def _bar(colours: Palette, limit: float, title: str, down: int) -> dict:
    """A colour bar in the empty corner above Q and its labels, `down` px below the top."""
    bar = plotly_colour_bar(colours, tickvals=[-limit, 0, limit], ticktext=[f"−{limit:.1f}", title, f"{limit:.1f}"])
    return {**bar, "yref": "paper", "ypad": down, "len": 170}


def _outline(cell: tuple[int, int], colours: Palette, width: int, shape: tuple[int, int]) -> list[dict]:
    """Frame the query's row, the key's columns, and the score where they meet."""
    y, x = cell[0] + 1, cell[1] + 1
    thin, thick = {"color": colours.soft, "width": 1.5}, {"color": colours.ink, "width": 2}
    boxes = [
        ("x", "y", 0.5, width + 0.5, y - 0.5, y + 0.5, thick),
        ("x2", "y", 0.5, shape[1] + 0.5, y - 0.5, y + 0.5, thin),
        ("x2", "y2", x - 0.5, x + 0.5, 0.5, width + 0.5, thick),
        ("x2", "y", x - 0.5, x + 0.5, 0.5, shape[0] + 0.5, thin),
        ("x2", "y3", x - 0.5, x + 0.5, 0.5, width + 0.5, thin),
        ("x2", "y", x - 0.5, x + 0.5, y - 0.5, y + 0.5, thick),
    ]
    names = ("xref", "yref", "x0", "x1", "y0", "y1", "line")
    return [{"type": "rect", **dict(zip(names, box, strict=True))} for box in boxes]
