"""What each head, layer or source word is worth: the change of log-probability once it is taken away."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.analysis.knockout import Effects
from model.trace.tokens import Tokens
from viz.charts.parts.matrix import CELL, label_size, readable, steps, text_width, to_array
from viz.charts.parts.narrow import TOUCH
from viz.charts.parts.words import quoted_names, token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MONO,
    SANS,
    TITLE_SIZE,
    Palette,
    diverging,
    kind_title,
    markup,
    number,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    plotly_title,
    signed,
    small,
    tinted,
)

HEIGHT, TOP, GAP = 34, 112, 0.05  # px: a layer's height; above the cells; share of the width between two kinds
TALLEST = 900  # px of bars; longer sentences get thinner bars
SMALLEST = -100.0  # nats: below this, p itself is not written
FLAT = 0.005  # nats: a range smaller than this is drawn as if it were this wide
WHOLE = "the whole sentence"
BETWEEN = 56  # px: between kinds that stand one below the other, for the title and the numbers of the heads

Domain = tuple[float, float]  # where an axis lies, shares of the figure


def knockout_map(
    effects: Effects, heads: Sequence[tuple[str, int, int]], rows: range, subject: str = WHOLE, colours: Palette = LIGHT,
    narrow: bool = False,
) -> go.Figure:  # fmt: skip
    """One cell a head, layers down and heads across, a map for each kind: the change of log p without the head, nats.

    effects: of `heads`, (kind, layer, head) each; rows: the rows whose labels count; subject: what these are, in words.
    All maps share one diverging scale whose middle is 0. Heads that are off already are outlined and crossed; theirs is what
    switching them off has changed. Layers of cells are named by their kind, rows and columns numbered from 1. narrow: for a phone: one
    map below the other, cells that a finger can hit.
    """
    change, words = to_array(effects.change(rows)), sentences(effects, [head_words(*place) for place in heads], rows, subject)
    most = max(FLAT, float(abs(change).max(initial=0.0)))
    parts, notes, frames = [], [], []
    axes: dict[str, dict] = {}
    own = {kind: [(at, *place[1:]) for at, place in enumerate(heads) if place[0] == kind] for kind, _, _ in heads}
    shapes = {
        kind: (1 + max(layer for _, layer, _ in places), 1 + max(head for _, _, head in places)) for kind, places in own.items()
    }
    domains, inside = _domains([layers for layers, _ in shapes.values()], narrow)
    for index, (kind, (across, down)) in enumerate(zip(own, domains, strict=True)):
        end = "" if index == 0 else str(index + 1)
        values, texts, hovers = (np.full(shapes[kind], empty, dtype=object) for empty in (np.nan, "", ""))
        for at, layer, head in own[kind]:
            values[layer, head], hovers[layer, head] = change[at], words[at]
            text = ("× " if effects.off[at] else "") + (_brief if narrow else signed)(float(change[at]))
            texts[layer, head] = tinted(text, readable(float(change[at]) / most, colours))
            if effects.off[at]:
                frames.append(_frame(layer, head, end, colours))
        parts.append(_cells(values.astype(np.float32), texts, hovers, most, kind, end, colours, bar=index == 0))
        axes |= _axes(end, *shapes[kind], across, down, colours)
        notes.append(_kind_title(kind, across[0], down[1], colours))
    title = f"change of log p of {markup(subject)} without the head, nats: below 0 the head was needed, above 0 it was in the way"
    layout = plotly_layout(
        colours, title=plotly_title(colours, title), height=inside + TOP + 8, dragmode=False, hovermode="closest",
        margin={"l": 26, "r": 8, "t": TOP, "b": 8}, annotations=notes, shapes=frames, **axes,
    )  # fmt: skip
    return go.Figure(parts, layout)


def knockout_bars(
    effects: Effects, places: Sequence[tuple[str, int]] | Tokens, rows: range, subject: str = WHOLE, colours: Palette = LIGHT,
    narrow: bool = False,
) -> go.Figure:  # fmt: skip
    """One bar a layer or a source word: the change of log p without it, nats; `customdata` is its index.

    places: (kind, layer) of whole attention modules, or the source words (`model.analysis_words.join_pieces`); the rest as in
    `knockout_map`. Bars to the left hurt. What is taken away already is crossed. narrow: for a phone: kinds in one word.
    """
    names, ticks = _words(places, colours) if isinstance(places, Tokens) else _layers(places, colours, narrow)
    ticks = [("× " if off else "") + tick for off, tick in zip(effects.off, ticks, strict=True)]
    change = to_array(effects.change(rows))
    (values, texts), count = steps(ticks), len(ticks)
    size, low, high = label_size(len(values)), min(-FLAT, float(change.min())), max(FLAT, float(change.max()))
    room = (0.3 if narrow else 0.1) * (high - low)
    bars = go.Bar(
        x=change, y=list(range(1, count + 1)), orientation="h", name="change", customdata=list(range(count)),
        marker={"color": [colours.negative if value < 0 else colours.positive for value in change]},
        hovertext=sentences(effects, names, rows, subject), hovertemplate="%{hovertext}<extra></extra>",
        text=[signed(float(value)) for value in change] if count <= 40 else None, textposition="outside", cliponaxis=False,
        textfont={"size": LABEL_SIZE, "color": colours.ink}, constraintext="none",
    )  # fmt: skip
    left, family = round(text_width(texts, size) + 18), MONO if isinstance(places, Tokens) else SANS
    layout = plotly_layout(
        colours, height=min(TALLEST, count * CELL) + 62, margin={"l": left, "r": 8, "t": 34, "b": 28}, bargap=0.2, dragmode=False,
        hovermode="y", title=plotly_title(colours, f"change of log p of {markup(subject)}, nats: below 0 it was needed"),
        xaxis=plotly_axis(colours, range=[low - room, high + room], zeroline=True, zerolinecolor=colours.soft, zerolinewidth=1,
                          fixedrange=True, automargin=False),
        yaxis=plotly_axis(colours, range=[count + 0.6, 0.4], tickvals=values, ticktext=texts, automargin=False, fixedrange=True,
                          ticklabelstandoff=6, tickfont={"family": family, "size": size, "color": colours.ink}),
    )  # fmt: skip
    return go.Figure([bars], layout)


def sentences(effects: Effects, names: Sequence[str], rows: range, subject: str) -> list[str]:
    """Every effect in words, marked up for Plotly: Without head 3 of ..., log p of “chat” falls by 1.23 nats, from ... to ..."""
    numbers = zip(names, effects.off, *(part.tolist() for part in effects.over(rows)), strict=True)
    return [_sentence(name, off, intact, without, subject) for name, off, intact, without in numbers]


def head_words(kind: str, layer: int, head: int) -> str:
    """head 3 of cross-attention layer 4: counted from 1."""
    return f"head {head + 1} of {layer_words(kind, layer)}"


def layer_words(kind: str, layer: int) -> str:
    """cross-attention layer 4: counted from 1."""
    title = kind_title(kind)
    return f"{title[0].lower()}{title[1:]} layer {layer + 1}"


def _sentence(name: str, off: bool, intact: float, without: float, subject: str) -> str:
    change = without - intact
    before, after = (number(value) for value in (intact, without))
    chances = " to ".join(small(math.exp(value)) for value in (intact, without))
    moved = f"{'falls' if change < 0 else 'rises'} by <b>{number(abs(change))}</b> nats"
    lines = [markup(f"Without {name}, log p of {subject}"), f"{moved}, from {before} to {after}"]
    if min(intact, without) > SMALLEST:
        lines.append(f"(p from {chances})")
    return "<br>".join([*lines, "Off already; a click gives it back."] if off else lines)


def _words(words: Tokens, colours: Palette) -> tuple[list[str], list[str]]:
    return quoted_names(words), token_ticks(words, colours)


def _layers(places: Sequence[tuple[str, int]], colours: Palette, narrow: bool) -> tuple[list[str], list[str]]:
    return (
        [f"all heads of {layer_words(*place)}" for place in places],
        [tinted(f"{kind if narrow else f'{kind_title(kind)}, layer'} {layer + 1}", colours.kind(kind)) for kind, layer in places],
    )


def _cells(
    values: np.ndarray, texts: np.ndarray, hovers: np.ndarray, most: float, kind: str, end: str, colours: Palette, bar: bool
) -> go.Heatmap:
    ticks = {"xpad": 26, "tickvals": [-most, 0, most], "ticktext": [signed(-most), "0", signed(most)]}
    return go.Heatmap(
        z=values, x0=1, dx=1, y0=1, dy=1, xaxis=f"x{end}", yaxis=f"y{end}", zmin=-most, zmax=most, colorscale=diverging(colours),
        showscale=bar, colorbar=plotly_colour_bar(colours, **ticks), name=kind, xgap=2, ygap=2, hoverongaps=False,
        text=texts, texttemplate="%{text}", textfont={"size": LABEL_SIZE}, customdata=hovers,
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _domains(layers: Sequence[int], narrow: bool) -> tuple[list[tuple[Domain, Domain]], int]:
    """Where the map of each kind lies, (across, up), and the height of all, px: side by side, or on a phone one below the other."""
    if not narrow:
        width = (1 + GAP) / max(1, len(layers))
        starts = [index * width for index in range(len(layers))]
        return [((start, start + width - GAP), (0.0, 1.0)) for start in starts], max(layers, default=1) * HEIGHT
    height = sum(layers) * TOUCH + max(0, len(layers) - 1) * BETWEEN
    tops = [height - sum(layers[:index]) * TOUCH - index * BETWEEN for index in range(len(layers))]
    return [((0.0, 1.0), ((top - count * TOUCH) / height, top / height)) for top, count in zip(tops, layers, strict=True)], height


def _brief(change: float) -> str:
    """A change in a cell of a phone: −.19, +1.3, −12, 0."""
    size = abs(change)
    if size < 0.005:
        return "0"
    return signed(change).replace("0.", ".", 1) if size < 0.995 else signed(change, 1 if size < 9.95 else 0)


def _axes(end: str, layers: int, heads: int, across: Domain, down: Domain, colours: Palette) -> dict:
    """Layers down and heads across, numbered from 1."""
    style = {"tickfont": {"size": LABEL_SIZE, "color": colours.soft}, "automargin": False, "fixedrange": True}
    x = plotly_axis(
        colours,
        side="top",
        range=[0.5, heads + 0.5],
        tickvals=list(range(1, heads + 1)),
        domain=list(across),
        anchor=f"y{end}",
        **style,
    )
    layer_numbers = list(range(1, layers + 1))
    y = plotly_axis(colours, range=[layers + 0.5, 0.5], tickvals=layer_numbers, domain=list(down), anchor=f"x{end}", **style)
    return {f"xaxis{end}": x, f"yaxis{end}": y}


def _kind_title(kind: str, x: float, y: float, colours: Palette) -> dict:
    font = {"size": TITLE_SIZE, "color": colours.kind(kind)}
    return {"text": f"<b>{kind_title(kind)}</b>", "x": x, "xref": "paper", "xanchor": "left", "y": y, "yref": "paper",
            "yanchor": "bottom", "yshift": 20, "showarrow": False, "font": font}  # fmt: skip


def _frame(layer: int, head: int, end: str, colours: Palette) -> dict:
    """The outline of a head that is off."""
    box = {"x0": head + 0.5, "x1": head + 1.5, "y0": layer + 0.5, "y1": layer + 1.5}
    return {"type": "rect", "xref": f"x{end}", "yref": f"y{end}", **box, "line": {"color": colours.ink, "width": 2}}
