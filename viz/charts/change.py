"""Before and after a change of the model: predictions and states, on diverging scales with a fixed zero."""

from __future__ import annotations

import plotly.graph_objects as go

from model.analysis.change import prediction_change, state_change
from model.trace.trace import Trace
from viz.charts.parts.matrix import heatmap, label_size, matrix_figure, steps, text_width, to_array
from viz.charts.parts.words import quoted_names, token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MINUS,
    MONO,
    Palette,
    diverging,
    markup,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    small,
    word_label,
)

BOTTOM = 0.44  # share of the height for the lower panel


def prediction_change_bars(before: Trace, after: Trace, colours: Palette = LIGHT, row: int | None = None) -> go.Figure:
    """For every piece that `after` produces: change of its log-probability (above), KL divergence of the distributions (below).

    Both in nats; a change below 0 makes the piece less likely. Pieces without a counterpart in `before` have no bars. row: to frame.
    """
    change = prediction_change(before, after)
    count = len(after.labels)
    places = list(range(1, count + 1))
    (values, texts), names = steps(token_ticks(after.labels, colours)), [markup(phrase) for phrase in _rows(after)]
    size, delta = label_size(len(values)), to_array(change.after - change.before)
    chances = zip(change.before.exp().tolist(), change.after.exp().tolist(), strict=True)
    hovers = [f"{name}: probability {then:.3f} before, {now:.3f} after" for name, (then, now) in zip(names, chances, strict=True)]
    bars = [
        go.Bar(x=places, y=delta, name="log-probability", customdata=hovers, xaxis="x", yaxis="y",
               marker={"color": [colours.negative if value < 0 else colours.positive for value in delta]},
               hovertemplate="%{customdata}; change <b>%{y:+.3f}</b> nats<extra></extra>"),
        go.Bar(x=places, y=to_array(change.divergence), name="divergence", customdata=names, xaxis="x", yaxis="y2",
               marker={"color": colours.decoder}, hovertemplate="%{customdata}: KL divergence <b>%{y:.3f}</b> nats<extra></extra>"),
    ]  # fmt: skip
    room = text_width(texts, size) + 16
    frame = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": colours.ink, "width": 1.5}}
    grid = {"showgrid": True, "automargin": False, "fixedrange": True, "nticks": 5}
    layout = plotly_layout(
        colours, height=round(360 + room), margin={"l": 64, "r": 12, "t": 12, "b": room}, bargap=0.25,
        shapes=[] if row is None else [{**frame, "x0": row + 0.5, "x1": row + 1.5}],
        xaxis=plotly_axis(colours, range=[0.4, count + 0.6], tickvals=values, ticktext=texts, tickangle=-90, automargin=False, anchor="y2",
                          tickfont={"family": MONO, "size": size, "color": colours.ink}),
        yaxis=plotly_axis(colours, title="change of log p, nats", domain=[BOTTOM + 0.06, 1], **{**grid, "zeroline": True}),
        yaxis2=plotly_axis(colours, title="KL, nats", domain=[0, BOTTOM], rangemode="tozero", **grid),
    )  # fmt: skip
    for name in ("yaxis", "yaxis2"):
        layout[name]["tickfont"] = {"size": LABEL_SIZE, "color": colours.soft}
    layout["yaxis"]["zerolinecolor"] = colours.soft
    return go.Figure(bars, layout)


def state_change_heatmap(before: Trace, after: Trace, side: str, colours: Palette = LIGHT) -> go.Figure:
    """How much longer or shorter every token's vector became, at every point of the residual stream: |after| - |before|.

    Rows are points, in the order of the pass; columns are the tokens of `after`. The hover also says how far the vector moved,
    |after - before| / |before|. Tokens without a counterpart in `before` are blank.
    """
    norms, moved = state_change(before, after, side)
    tokens, labels = after.tokens(side), after.stream(side).labels
    limit = max(float(norms.abs().nan_to_num(0).max()), 1e-6)
    cells = heatmap(
        to_array(norms), "“%{x}” after %{y}: norm <b>%{z:+.3f}</b>; the vector moved by %{customdata:.1%} of its length",
        zmin=-limit, zmax=limit, colorscale=diverging(colours), name="norm", customdata=to_array(moved),
        colorbar=plotly_colour_bar(colours, tickvals=[-limit, 0, limit], ticktext=[f"{MINUS}{small(limit)}", "0", f"+{small(limit)}"]),
    )  # fmt: skip
    columns = [markup(word_label(piece, tokens.notation)) for piece in tokens.named]
    ticks, names = (labels, token_ticks(tokens, colours)), (labels, columns)
    return matrix_figure([cells], colours, ticks, names, "norm of the state: after minus before", square=False)


def _rows(trace: Trace) -> list[str]:
    """Producing “chat” (reading “Le”), for every row that predicts."""
    pairs = zip(quoted_names(trace.target), quoted_names(trace.labels), strict=True)
    return [f"Producing {product} (reading {query})" for query, product in pairs]
