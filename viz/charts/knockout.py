"""What each head, layer or source word is worth: the change of log-probability once it is taken away."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.analysis.knockout import Effects
from model.trace.tokens import Tokens
from viz.charts.parts.matrix import CELL, label_size, steps, text_width, to_array
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
    mix,
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


def knockout_map(
    effects: Effects, heads: Sequence[tuple[str, int, int]], rows: range, subject: str = WHOLE, colours: Palette = LIGHT
) -> go.Figure:
    """One cell a head, layers down and heads across, a map for each kind: the change of log p without the head, nats.

    effects: of `heads`, (kind, layer, head) each; rows: the rows whose labels count; subject: what these are, in words.
    All maps share one diverging scale whose middle is 0. Heads that are off already are outlined and crossed; theirs is what
    switching them off has changed. Layers of cells are named by their kind, rows and columns numbered from 1.
    """
    change, words = to_array(effects.change(rows)), sentences(effects, [head_words(*place) for place in heads], rows, subject)
    most = max(FLAT, float(abs(change).max(initial=0.0)))
    parts, notes, frames, tallest = [], [], [], 1
    axes: dict[str, dict] = {}
    kinds = list(dict.fromkeys(kind for kind, _, _ in heads))
    width = (1 + GAP) / max(1, len(kinds))
    for index, kind in enumerate(kinds):
        end = "" if index == 0 else str(index + 1)
        own = [(at, layer, head) for at, (name, layer, head) in enumerate(heads) if name == kind]
        layers, across = (1 + max((place[axis] for place in own), default=0) for axis in (1, 2))
        shape = (layers, across)
        values, texts, hovers = (np.full(shape, empty, dtype=object) for empty in (np.nan, "", ""))
        for at, layer, head in own:
            values[layer, head], hovers[layer, head] = change[at], words[at]
            text = ("× " if effects.off[at] else "") + signed(float(change[at]))
            texts[layer, head] = tinted(text, _readable(float(change[at]) / most, colours))
            if effects.off[at]:
                frames.append(_frame(layer, head, end, colours))
        parts.append(_cells(values.astype(np.float32), texts, hovers, most, kind, end, colours, bar=index == 0))
        start = index * width
        axes |= _axes(end, layers, across, (start, start + width - GAP), colours)
        notes.append(_kind_title(kind, start, colours))
        tallest = max(tallest, layers)
    title = f"change of log p of {markup(subject)} without the head, nats: below 0 the head was needed, above 0 it was in the way"
    layout = plotly_layout(
        colours, title=plotly_title(colours, title), height=tallest * HEIGHT + TOP + 8, dragmode=False, hovermode="closest",
        margin={"l": 26, "r": 8, "t": TOP, "b": 8}, annotations=notes, shapes=frames, **axes,
    )  # fmt: skip
    return go.Figure(parts, layout)


def knockout_bars(
    effects: Effects, places: Sequence[tuple[str, int]] | Tokens, rows: range, subject: str = WHOLE, colours: Palette = LIGHT
) -> go.Figure:
    """One bar a layer or a source word: the change of log p without it, nats; `customdata` is its index.

    places: (kind, layer) of whole attention modules, or the source words (`model.analysis_words.join_pieces`); the rest as in
    `knockout_map`. Bars to the left hurt. What is taken away already is crossed.
    """
    names, ticks = _words(places, colours) if isinstance(places, Tokens) else _layers(places, colours)
    ticks = [("× " if off else "") + tick for off, tick in zip(effects.off, ticks, strict=True)]
    change = to_array(effects.change(rows))
    (values, texts), count = steps(ticks), len(ticks)
    size, low, high = label_size(len(values)), min(-FLAT, float(change.min())), max(FLAT, float(change.max()))
    room = 0.1 * (high - low)
    bars = go.Bar(
        x=change, y=list(range(1, count + 1)), orientation="h", name="change", customdata=list(range(count)),
        marker={"color": [colours.negative if value < 0 else colours.positive for value in change]},
        hovertext=sentences(effects, names, rows, subject), hovertemplate="%{hovertext}<extra></extra>",
        text=[signed(float(value)) for value in change] if count <= 40 else None, textposition="outside", cliponaxis=False,
        textfont={"size": LABEL_SIZE - 1, "color": colours.ink}, constraintext="none",
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


def _layers(places: Sequence[tuple[str, int]], colours: Palette) -> tuple[list[str], list[str]]:
    return (
        [f"all heads of {layer_words(*place)}" for place in places],
        [tinted(f"{kind_title(kind)}, layer {layer + 1}", colours.kind(kind)) for kind, layer in places],
    )


def _cells(
    values: np.ndarray, texts: np.ndarray, hovers: np.ndarray, most: float, kind: str, end: str, colours: Palette, bar: bool
) -> go.Heatmap:
    ticks = {"xpad": 26, "tickvals": [-most, 0, most], "ticktext": [signed(-most), "0", signed(most)]}
    return go.Heatmap(
        z=values, x0=1, dx=1, y0=1, dy=1, xaxis=f"x{end}", yaxis=f"y{end}", zmin=-most, zmax=most, colorscale=diverging(colours),
        showscale=bar, colorbar=plotly_colour_bar(colours, **ticks), name=kind, xgap=2, ygap=2, hoverongaps=False,
        text=texts, texttemplate="%{text}", textfont={"size": LABEL_SIZE - 2}, customdata=hovers,
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _readable(share: float, colours: Palette) -> str:
    """Ink or card, whichever differs more from a cell this far (−1 to 1) along the diverging colours."""
    cell = mix(colours.zero, colours.negative if share < 0 else colours.positive, abs(share))
    return max((colours.ink, colours.card), key=lambda colour: abs(_grey(colour) - _grey(cell)))


def _grey(colour: str) -> float:
    """Lightness of #rrggbb, 0 to 1."""
    return sum(weight * int(colour[at : at + 2], 16) / 255 for weight, at in ((0.3, 1), (0.59, 3), (0.11, 5)))


def _axes(end: str, layers: int, heads: int, domain: tuple[float, float], colours: Palette) -> dict:
    """Layers down and heads across, numbered from 1."""
    style = {"tickfont": {"size": LABEL_SIZE - 1, "color": colours.soft}, "automargin": False, "fixedrange": True}
    x = plotly_axis(
        colours,
        side="top",
        range=[0.5, heads + 0.5],
        tickvals=list(range(1, heads + 1)),
        domain=list(domain),
        anchor=f"y{end}",
        **style,
    )
    y = plotly_axis(colours, range=[layers + 0.5, 0.5], tickvals=list(range(1, layers + 1)), anchor=f"x{end}", **style)
    return {f"xaxis{end}": x, f"yaxis{end}": y}


def _kind_title(kind: str, x: float, colours: Palette) -> dict:
    font = {"size": TITLE_SIZE, "color": colours.kind(kind)}
    return {"text": f"<b>{kind_title(kind)}</b>", "x": x, "xref": "paper", "xanchor": "left", "y": 1, "yref": "paper",
            "yanchor": "bottom", "yshift": 20, "showarrow": False, "font": font}  # fmt: skip


def _frame(layer: int, head: int, end: str, colours: Palette) -> dict:
    """The outline of a head that is off."""
    box = {"x0": head + 0.5, "x1": head + 1.5, "y0": layer + 0.5, "y1": layer + 1.5}
    return {"type": "rect", "xref": f"x{end}", "yref": f"y{end}", **box, "line": {"color": colours.ink, "width": 2}}
