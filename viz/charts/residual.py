"""The residual stream as tidy statistics: how long every token's vector is, and how much each sublayer writes."""

from __future__ import annotations

import csv
import math
from io import StringIO
from typing import Any

import altair as alt
import torch
from torch import Tensor

from model.analysis import attention as analysis
from model.trace.anatomy import FEED_FORWARD, Anatomy
from model.trace.tokens import Notation, Tokens
from model.trace.trace import Trace
from viz.theme import LABEL_SIZE, LIGHT, MONO, Palette, altair_theme, cut, grown, word_label

MANY = 60  # tokens: above this, a band of quantiles takes the place of one line a token
NAMED = 27  # tokens: up to this many, lines are labelled at their right end
WIDTH, HEIGHT = 860, 420  # px, before the page stretches them
ROOM = 130  # px: for labels at the right end
FROM_ZERO = alt.Scale(domainMin=0, nice=False)


def residual_norms(trace: Trace, side: str, colours: Palette = LIGHT) -> alt.LayerChart:
    """Euclidean norm of every token's vector at every point of the residual stream, in the order of computation.

    One line a token, named at its right end while there are few; pointing at a line picks that token out and writes its
    values. Dots carry the colour of the sublayer that has just written. More than MANY tokens: median, middle half and
    middle 90 %, with special tokens as lines of their own.
    """
    norms = analysis.residual_norms(trace, side)  # (point, position)
    tokens = trace.tokens(side)
    many = len(tokens) > MANY
    indices = [index for index, apart in enumerate(tokens.special) if apart or not many]
    x = _depth_axis(trace, side)
    layers = _bands(norms, x, colours.kind(side)) if many else []
    if indices:
        layers += _lines(x, colours, trace.anatomy, side, indices, tokens, norms)
    return _finish(layers, _rows(trace, side, norms, indices), colours)


def written_shares(trace: Trace, side: str, colours: Palette = LIGHT) -> alt.LayerChart:
    """What every sublayer wrote, in lengths of the state that it was added to: |written| / |state before|.

    Bars are means over the tokens; ticks are single tokens, and pointing at one shows the same token in every bar. More
    than MANY tokens: a line from the 5th to the 95th percentile instead of ticks. Raises ValueError for a stack without sublayers.
    """
    shares = analysis.written_shares(trace, side)  # (sublayer, position)
    if not len(shares):
        raise ValueError(
            f"The {trace.anatomy.stack(side).title.lower()} has no sublayers: nothing is written into its residual stream."
        )
    tokens = trace.tokens(side)
    names, domain, colour = _sublayers(trace.anatomy, side, colours)
    x = alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0))
    offset = alt.XOffset("sublayer:N", sort=domain, scale=alt.Scale(paddingInner=0.12))
    y = alt.Y("share:Q", title="written ÷ state before, norms", axis=alt.Axis(tickCount=5, format="~%"), scale=FROM_ZERO)
    means = [
        {
            "layer": index // len(names) + 1,
            "sublayer": domain[index % len(names)],
            "share": _digits(mean),
            "low": _digits(low),
            "high": _digits(high),
        }
        for index, (mean, low, high) in enumerate(_spread(shares))
    ]
    tip = [alt.Tooltip("layer:O"), alt.Tooltip("sublayer:N"), alt.Tooltip("share:Q", title="mean over tokens", format=".1%")]
    bars = _chart(means).mark_bar(fillOpacity=0.4, strokeWidth=1.5, cornerRadiusEnd=2)
    bars = bars.encode(
        x=x, xOffset=offset, y=y, color=colour, stroke=alt.Stroke("sublayer:N", scale=colour["scale"]), tooltip=tip
    )
    if len(tokens) > MANY:
        whisker = _chart(means).mark_rule(strokeWidth=2).encode(x=x, xOffset=offset, y="low:Q", y2="high:Q", color=colour)
        return _finish([bars, whisker, _headroom(shares, "share", y)], [], colours)
    ticks, rows = _token_ticks(shares, tokens, names, domain, (x, offset, y, colour), colours)
    return _finish([bars, *ticks, _headroom(shares, "share", y)], rows, colours)


def _token_ticks(
    shares: Tensor, tokens: Tokens, names: tuple[str, ...], domain: list[str], places: tuple, colours: Palette
) -> tuple[list[alt.Chart], list[dict]]:
    """One tick a token and sublayer; the one under the pointer is picked out in every bar. Layers, and their tidy rows."""
    x, offset, y, colour = places
    rows = [
        {
            "layer": index // len(names) + 1,
            "sublayer": domain[index % len(names)],
            "n": token,
            "token": _token_name(piece, tokens.notation),
            "share": _digits(value),
        }
        for index, row in enumerate(shares.cpu().tolist())
        for token, (piece, value) in enumerate(zip(tokens.shown, row, strict=True), start=1)
    ]
    hover = alt.selection_point(name="token", on="pointerover", clear="pointerout", fields=["n"], empty=False)
    tip = [alt.Tooltip("token:N"), alt.Tooltip("n:O", title="position"), alt.Tooltip("layer:O"), alt.Tooltip("sublayer:N"),
           alt.Tooltip("share:Q", format=".1%")]  # fmt: skip
    base = alt.Chart().encode(x=x, xOffset=offset, y=y)
    ticks = base.mark_tick(thickness=2, bandSize=12, opacity=0.75).encode(color=colour, tooltip=tip).add_params(hover)
    selection = base.transform_filter(hover)
    strong = selection.mark_tick(thickness=3, bandSize=22, color=colours.ink)
    return [ticks, strong, *_haloed(selection, alt.Text("share:Q", format=".0%"), colours)], rows


def _rows(trace: Trace, side: str, norms: Tensor, indices: list[int]) -> list[dict]:
    """Tidy rows of the tokens to be drawn as lines: point, n (position from 1), token, after (which sublayer), norm."""
    tokens = trace.tokens(side)
    labels = trace.stream(side).labels
    after = ["embedding", *_sublayers(trace.anatomy, side, LIGHT)[1] * len(labels)]
    values = norms[:, indices].cpu().tolist()
    return [
        {
            "point": point,
            "label": labels[point],
            "after": after[point],
            "n": index + 1,
            "token": _token_name(tokens.shown[index], tokens.notation),
            "norm": _digits(value),
        }
        for point, row in enumerate(values)
        for index, value in zip(indices, row, strict=True)
    ]


def _lines(
    x: alt.X, colours: Palette, anatomy: Anatomy, side: str, indices: list[int], tokens: Tokens, norms: Tensor
) -> list[alt.Chart]:
    """One line a token with linked hover, dots by sublayer, and names at the right end."""
    hover = alt.selection_point(name="token", on="pointerover", clear="pointerout", fields=["n"], nearest=True, empty=False)
    y = alt.Y("norm:Q", title="norm of the residual stream", axis=alt.Axis(tickCount=5), scale=FROM_ZERO)
    base = alt.Chart().encode(x=x, y=y)
    tip = [
        alt.Tooltip("token:N"),
        alt.Tooltip("n:O", title="position"),
        alt.Tooltip("label:N", title="after"),
        alt.Tooltip("norm:Q", format=".2f"),
    ]
    lines = base.mark_line(strokeWidth=1.5, color=colours.soft).encode(
        detail="n:O", opacity=alt.when(hover).then(alt.value(1)).otherwise(alt.value(0.65))
    )
    colour = _sublayers(anatomy, side, colours, embedding=True)[2]
    dots = base.mark_circle(size=34).encode(
        color=colour, tooltip=tip, opacity=alt.when(hover).then(alt.value(1)).otherwise(alt.value(0.8))
    )
    selection = base.transform_filter(hover)
    strong = selection.mark_line(strokeWidth=3, color=colours.ink).encode(detail="n:O")
    layers = [
        _headroom(norms, "norm", y),
        lines,
        dots.add_params(hover),
        strong,
        *_haloed(selection, alt.Text("norm:Q", format=".1f"), colours),
    ]
    return layers + _end_labels(norms, indices, tokens, x, colours, hover) if len(indices) <= NAMED else layers


def _end_labels(
    norms: Tensor, indices: list[int], tokens: Tokens, x: alt.X, colours: Palette, hover: alt.Parameter
) -> list[alt.Chart]:
    """Token names behind the last point, moved apart where lines end close together."""
    last = norms[-1, indices].cpu().tolist()
    pixel = float(norms.max()) / HEIGHT
    gap = min(18, (HEIGHT - 6) / len(indices)) * pixel  # a phone draws it smaller
    places = spread_apart(last, gap, 6 * pixel, HEIGHT * pixel)  # half a name over the axis
    data = [
        {"point": len(norms) - 1, "n": index + 1, "token": _token_name(tokens.shown[index], tokens.notation), "norm": place}
        for index, place in zip(indices, places, strict=True)
    ]
    text = _chart(data).mark_text(align="left", dx=10, font=MONO, fontSize=alt.ExprRef(grown(LABEL_SIZE)["expr"]))
    return [
        text.encode(
            x=x,
            y="norm:Q",
            text="token:N",
            color=alt.when(hover).then(alt.value(colours.ink)).otherwise(alt.value(colours.soft)),
        )
    ]


def spread_apart(values: list[float], gap: float, least: float = -math.inf, most: float = math.inf) -> list[float]:
    """Values moved as little as a simple pass can, in the same order, until neighbours are at least `gap` apart and all lie between
    `least` and `most`, which have room for them."""

    def low(group: list[float]) -> float:
        mean, extent = group[0], gap * (group[1] - 1)
        return max(least, min(mean - extent / 2, most - extent))

    groups: list[list[float]] = []  # [mean, members]
    for value in sorted(values):
        groups.append([value, 1.0])
        while len(groups) > 1 and low(groups[-1]) < low(groups[-2]) + gap * groups[-2][1]:
            mean, members = groups.pop()
            before = groups[-1]
            before[0] = (before[0] * before[1] + mean * members) / (before[1] + members)
            before[1] += members
    spread = [low(group) + gap * step for group in groups for step in range(int(group[1]))]
    order = sorted(range(len(values)), key=values.__getitem__)
    places = dict(zip(order, spread, strict=True))
    return [places[index] for index in range(len(values))]


def _haloed(chart: alt.Chart, text: alt.Text, colours: Palette) -> list[alt.Chart]:
    """Numbers over the picked marks, on a rim of the page's colour so that they stay readable over lines."""
    style: dict[str, Any] = {"dy": -11, "fontSize": alt.ExprRef(grown(LABEL_SIZE)["expr"]), "fontWeight": 600}
    rim = chart.mark_text(**style, color=colours.page, stroke=colours.page, strokeWidth=4, strokeJoin="round")
    return [rim.encode(text=text), chart.mark_text(**style, color=colours.ink).encode(text=text)]


def _headroom(values: Tensor, field: str, y: alt.Y) -> alt.Chart:
    """An unseen mark a little over the largest value: the axis reaches it, whatever is picked out, and no number stands in the chart itself."""
    return _chart([{field: _digits(float(values.max()) * 1.06) or 1}]).mark_point(opacity=0).encode(y=y)


def _bands(norms: Tensor, x: alt.X, colour: str) -> list[alt.Chart]:
    """Median, middle half and middle 90 % over the tokens, at every point."""
    shares = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95], device=norms.device, dtype=norms.dtype)
    names = ("low", "lower", "median", "upper", "high")
    data = [
        {"point": point, **{name: _digits(value) for name, value in zip(names, row, strict=True)}}
        for point, row in enumerate(norms.quantile(shares, dim=1).T.cpu().tolist())
    ]
    base = _chart(data).encode(x=x)
    tip = [
        alt.Tooltip(f"{name}:Q", title=title, format=".2f")
        for name, title in zip(names, ("5 %", "25 %", "median", "75 %", "95 %"), strict=True)
    ]
    return [
        base.mark_area(opacity=0.15, color=colour).encode(y="low:Q", y2="high:Q"),
        base.mark_area(opacity=0.3, color=colour).encode(y="lower:Q", y2="upper:Q"),
        base.mark_line(color=colour, strokeWidth=2.5).encode(y="median:Q"),
        base.mark_circle(color=colour, size=40).encode(y="median:Q", tooltip=tip),
    ]


def _sublayers(
    anatomy: Anatomy, side: str, colours: Palette, embedding: bool = False
) -> tuple[tuple[str, ...], list[str], alt.Color]:
    """Sublayers of one layer (`Stack.sublayers`): their names, their titles in order, and the colour channel of the titles."""
    names = anatomy.stack(side).sublayers
    titles = [anatomy.sublayer_title(name) for name in names]
    shades = [colours.feed_forward if name == FEED_FORWARD else colours.kind(name) for name in names]
    scale = alt.Scale(domain=["embedding"] * embedding + titles, range=[colours.soft] * embedding + shades)
    return names, titles, alt.Color("after:N" if embedding else "sublayer:N", scale=scale, legend=alt.Legend(title=None))


def _depth_axis(trace: Trace, side: str) -> alt.X:
    """Points of the residual stream from left to right; a tick after the embedding and after every layer."""
    points = len(trace.stream(side).labels)
    size = max(1, len(trace.anatomy.stack(side).sublayers))  # a stack without any has one point
    ticks = list(range(0, points, size))
    words = f"datum.value == 0 ? 'embedding' : 'layer ' + datum.value / {size}"
    axis = alt.Axis(values=ticks, labelExpr=words, title=None, grid=True, labelAngle=0, labelOverlap="greedy", labelSeparation=12)
    return alt.X("point:Q", axis=axis, scale=alt.Scale(domain=[0, max(1, points - 1)], nice=False, padding=8))


def _spread(shares: Tensor) -> list[list[float]]:
    """Mean, 5th and 95th percentile over the tokens of (sublayer, position) -> one triple a sublayer."""
    edges = shares.quantile(torch.tensor([0.05, 0.95], device=shares.device, dtype=shares.dtype), dim=1)
    return torch.stack([shares.mean(dim=1), *edges], dim=1).cpu().tolist()


def _table(rows: list[dict]) -> alt.Data:
    """Tidy rows, inline as one CSV text: no limit on their number, and nothing for Altair to check row by row."""
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]) if rows else ["empty"], lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    parse = {name: "string" if isinstance(value, str) else "number" for name, value in rows[0].items()} if rows else {}
    return alt.Data(values=text.getvalue(), format=alt.CsvDataFormat(type="csv", parse=parse))


def _chart(rows: list[dict]) -> alt.Chart:
    """A chart with rows of its own; `alt.Chart()` shares the rows that `_finish` gets."""
    return alt.Chart(_table(rows))


def _finish(layers: list[alt.Chart], rows: list[dict], colours: Palette) -> alt.LayerChart:
    """The layers over the rows that they share, with size, padding and theme.

    Streamlit takes data at the top of a chart for a table of its own and cannot read CSV text there; a layer that draws
    nothing keeps Altair from moving the rows up.
    """
    nothing = alt.Chart(alt.Data(values=[])).mark_text()
    padding = {"left": 4, "top": 4, "right": 8, "bottom": 4}
    look = {"width": WIDTH, "height": HEIGHT, "padding": padding, "config": altair_theme(colours)["config"]}
    return alt.LayerChart(layer=[alt.layer(*layers, data=_table(rows)), nothing], **look)  # set one by one, each copies it all


def _token_name(piece: str, notation: Notation) -> str:
    """A token beside a chart: without the space in front, but never empty."""
    return cut(word_label(piece, notation))


def _digits(value: float) -> float:
    """Four significant decimals keep the chart small."""
    return round(value, 4)
