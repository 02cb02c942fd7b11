"""The embedding space: a piece's nearest neighbours, a map of them, and every token's path through the layers."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from model.analysis.embedding import Vocabulary, paths, principal_axes, surroundings
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.charts.parts.matrix import text_width
from viz.charts.parts.panels import lay_out
from viz.charts.parts.scatter import add_points, framed, placed, point_text
from viz.charts.parts.words import tick
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MONO,
    Palette,
    markup,
    mix,
    number,
    piece_name,
    plotly_axis,
    plotly_layout,
    plotly_title,
    token_label,
)

CLOSEST = 12  # neighbours of the chosen piece, in the bars and on the map
AROUND = 8  # neighbours of every other token of the sentence on the map, while there is room
MOST_POINTS = 400  # on the map, about
MOST_PATHS = 60  # tokens whose paths are drawn
RING = "ring = embedding, dot = last layer; "
BAR = 36  # px: one neighbour


def outline_token(figure: go.Figure, token: int, colours: Palette = LIGHT) -> go.Figure:
    """Outline the row of a token, from 0, in the three panels of `added_to_sentence`. Changes the figure and returns it."""
    across = {"type": "rect", "x0": 0, "x1": 1, "line": {"color": colours.ink, "width": 2}}
    down = {"yref": "y", "y0": token + 0.5, "y1": token + 1.5}
    figure.layout.shapes += tuple({**across, **down, "xref": f"{panel} domain"} for panel in ("x", "x2", "x3"))
    return figure


def neighbours_bar(vocabulary: Vocabulary, id_: int, colours: Palette = LIGHT, kind: str = "") -> go.Figure:
    """The pieces nearest to piece `id_` by the cosine of their embeddings (-1 to 1), the nearest at the top.

    `customdata` of every bar is the neighbour's id; `kind` gives the colour (empty: the first one). Raises ValueError for an id out of range.
    """
    ids, cosines = (part.tolist() for part in vocabulary.nearest(id_, CLOSEST))
    ticks = [tick(vocabulary.pieces[other], bool(vocabulary.set_aside[other]), colours) for other in ids]
    hover = [
        f"{_named(vocabulary, id_)} and {_named(vocabulary, other)}: cosine <b>{number(value, 3)}</b>"
        for other, value in zip(ids, cosines, strict=True)
    ]
    rows = list(range(1, len(ids) + 1))
    style = {"color": mix(colours.card, colours.kind(kind), 0.62)}
    figure = go.Figure(
        go.Bar(
            x=cosines, y=rows, orientation="h", customdata=ids, hovertext=hover, hoverinfo="text", textposition="outside",
            text=[number(value) for value in cosines], cliponaxis=False, width=0.62, name="neighbours", marker=style,
            textfont={"size": LABEL_SIZE, "color": colours.ink},
        )
    )  # fmt: skip
    font = {"family": MONO, "size": LABEL_SIZE + 1, "color": colours.ink}
    fixed = {"automargin": False, "fixedrange": True}
    across = plotly_axis(colours, range=[min(0.0, *cosines, 0.0), 1.0], tickvals=[-1, 0, 0.5, 1], showgrid=True, **fixed)
    down = plotly_axis(colours, range=[len(rows) + 0.5, 0.5], tickvals=rows, ticktext=ticks, tickfont=font, **fixed)
    lay_out(
        figure,
        **plotly_layout(
            colours,
            height=max(4, len(rows)) * BAR + 64,
            dragmode=False,
            xaxis=across,
            yaxis={**down, "ticklabelstandoff": 6},
            margin={"l": round(text_width(ticks, LABEL_SIZE + 1)) + 16, "r": 40, "t": 34, "b": 30},
            title=plotly_title(colours, "cosine: 1 the same direction, 0 unrelated"),
        ),
    )
    return figure


def embedding_map(
    trace: Trace, side: str, vocabulary: Vocabulary, token_id: int, dimensions: int = 2, colours: Palette = LIGHT
) -> go.Figure:
    """The pieces of a side's sentence among their nearest neighbours, along the axes on which these points spread most.

    token_id: id of the piece that is looked up, of the sentence or not; dimensions: 2 or 3. Every piece is one point however
    often it occurs; its `customdata` is its id. The axes are principal axes of the sentence's pieces and their neighbours,
    the same whatever is chosen; each says which share of these points' variance it carries. Of chosen piece, its neighbours
    and the sentence, the pieces that find room are labelled.
    """
    own = list(dict.fromkeys(trace.tokens(side).ids))
    near = surroundings(vocabulary, own, min(AROUND, (MOST_POINTS - len(own)) // len(own)))
    closest, cosines = (part.tolist() for part in vocabulary.nearest(token_id, CLOSEST))
    close = {other: (token_id, value) for other, value in zip(closest, cosines, strict=True)}
    axes = principal_axes(vocabulary.weight[own + list(near)], dimensions)
    groups = {
        "near another token": [id_ for id_ in near if id_ not in close and id_ != token_id],
        f"near {_named(vocabulary, token_id)}": [id_ for id_ in close if id_ not in own],
        "in the sentence": [id_ for id_ in own if id_ != token_id],
        _named(vocabulary, token_id): [token_id],
    }
    ids = [id_ for group in groups.values() for id_ in group]
    places = axes.project(vocabulary.weight[ids]).numpy()
    texts, sides = _map_labels(places, ids, list(dict.fromkeys([token_id, *close, *own])), vocabulary)
    hover = _map_hover(vocabulary, trace.tokens(side), ids, {**near, **close})
    figure, start = go.Figure(), 0
    for (name, group), style in zip(groups.items(), _map_looks(colours, side, dimensions), strict=True):
        part = slice(start, start + len(group))
        start += len(group)
        if group:
            add_points(figure, places[part], name=name, customdata=group, hovertext=hover[part], hoverinfo="text",
                       mode="markers+text", text=texts[part], textposition=sides[part], **style)  # fmt: skip
    title = f"{len(own)} different pieces of the sentence and {len(ids) - len(own)} others<br>"
    return framed(figure, places, axes.shares.tolist(), title, colours)


def _map_labels(
    places: np.ndarray, ids: list[int], label_order: list[int], vocabulary: Vocabulary
) -> tuple[list[str], list[str]]:
    """Texts and their sides, for the pieces of `wanted` that find room, the first before the others."""
    at = {id_: index for index, id_ in enumerate(ids)}
    texts = [point_text(token_label(vocabulary.pieces[id_]), places.shape[1]) for id_ in ids]
    sides = placed(places, texts, [at[id_] for id_ in label_order], firm=CLOSEST + 1)
    return [text if side else "" for text, side in zip(texts, sides, strict=True)], [side or "top center" for side in sides]


def _map_hover(vocabulary: Vocabulary, tokens: Tokens, ids: list[int], near: dict[int, tuple[int, float]]) -> list[str]:
    """What each point of the map is: where it stands in the sentence, and what it is near to."""
    positions: dict[int, list[int]] = {}
    for index, id_ in enumerate(tokens.ids):
        positions.setdefault(id_, []).append(index + 1)
    hovers = []
    for id_ in ids:
        parts = [_named(vocabulary, id_)]
        if id_ in positions:
            numbers = positions[id_]
            listing = ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")
            parts.append(f"in the sentence: token {listing}" if len(numbers) == 1 else f"in the sentence: tokens {listing}")
        if id_ in near:
            parts.append(f"cosine to {_named(vocabulary, near[id_][0])}: <b>{number(near[id_][1], 3)}</b>")
        hovers.append("<br>".join(parts))
    return hovers


def _map_looks(colours: Palette, side: str, dimensions: int) -> list[dict]:
    """Markers and letters of the four groups of `embedding_map`, from the quietest to the chosen piece."""
    size = 1.0 if dimensions == 2 else 0.6
    ink, soft = colours.kind(side), mix(colours.card, colours.soft, 0.5)

    def style(symbol: str, width: float, colour: str, letters: str) -> dict:
        weight = 700 if letters == colours.ink else 400
        return {
            "marker": {"symbol": symbol, "size": width * size, "color": colour, "line": {"width": 0}},
            "textfont": {"family": MONO, "size": LABEL_SIZE, "color": letters, "weight": weight},
        }

    return [
        style("circle", 5, soft, colours.soft),
        style("diamond", 9, colours.soft, colours.soft),
        style("circle", 9, mix(colours.card, ink, 0.62), ink),
        style("circle", 15, ink, colours.ink),
    ]


def token_paths(
    trace: Trace, side: str, token: int = 0, dimensions: int = 2, colours: Palette = LIGHT, directions: bool = False
) -> go.Figure:
    """Every token's way through the layers: one line from its embedding (ring) to its last state (dot).

    token: the token that is highlighted, from 0; dimensions: 2 or 3; directions: every state divided by its length first, so
    that a token whose vector grows long does not squeeze the others together. Axes are principal axes of all states of all
    tokens of the side, each with its share of their variance. `customdata` of every point is its token, from 0. Of a long
    sentence, some tokens are drawn: the title says which. Raises ValueError for a token that the side does not have.
    """
    tokens = trace.tokens(side)
    if not 0 <= token < len(tokens):
        raise ValueError(f"This side has tokens 0 to {len(tokens) - 1}; asked for {token}.")
    coordinates, shares = paths(trace, side, dimensions, directions)
    places = coordinates.numpy()  # (point, position, dimension)
    order, title = _draw_order(tokens, token)
    hover = {index: _path_hover(trace, side, index, places[:, index], 2 if directions else 1) for index in order}
    figure = go.Figure()
    quiet, wide = mix(colours.card, colours.soft, 0.5), dimensions == 3
    if len(order) > 1:
        _lines(figure, places, order[:-1], hover, name="other tokens", line={"color": quiet, "width": 2 if wide else 1.2})
    _lines(figure, places, [token], hover, name="chosen token", line={"color": colours.kind(side), "width": 6 if wide else 3})
    _ends(figure, places, order, hover, tokens, [quiet] * (len(order) - 1) + [colours.kind(side)], colours)
    figure = framed(figure, places[:, order].reshape(-1, dimensions), shares.tolist(), title, colours)
    figure.layout.showlegend, figure.layout.margin.t = False, 56
    return figure


def _draw_order(tokens: Tokens, token: int) -> tuple[list[int], str]:
    """The tokens whose paths are drawn, the chosen one last and so on top, and what the title says of them."""
    count = len(tokens)
    if count <= MOST_PATHS:
        return [index for index in range(count) if index != token] + [token], f"{count} tokens: {RING}"
    step = -(-count // (MOST_PATHS - 2))
    others = sorted({*range(0, count, step), *(index for index, apart in enumerate(tokens.special) if apart)} - {token})
    return [*others, token], f"{len(others) + 1} of {count} tokens: the chosen one, the special ones and one in {step}<br>{RING}"


def _path_hover(trace: Trace, side: str, index: int, path: np.ndarray, digits: int) -> list[str]:
    """Token, point of the residual stream and coordinates, for every point of one token's path."""
    tokens = trace.tokens(side)
    token = f"“{markup(token_label(tokens.named[index], tokens.notation))}”, token {index + 1}"
    return [
        f"{token}<br>{label}: ({', '.join(f'{value:.{digits}f}' for value in place)})"
        for label, place in zip(trace.residual[side].labels, path.tolist(), strict=True)
    ]


def _lines(figure: go.Figure, places: np.ndarray, group: list[int], hover: dict[int, list[str]], **style) -> None:
    """The paths of several tokens as one trace, with a gap behind each."""
    gap = np.full((1, places.shape[-1]), np.nan)
    joined = np.concatenate([part for index in group for part in (places[:, index], gap)])
    texts = [text for index in group for text in (*hover[index], "")]
    owners = [index for index in group for _ in range(len(places) + 1)]
    add_points(figure, joined, mode="lines", hovertext=texts, hoverinfo="text", customdata=owners, connectgaps=False, **style)


def _ends(
    figure: go.Figure,
    places: np.ndarray,
    order: list[int],
    hover: dict[int, list[str]],
    tokens: Tokens,
    inks: list[str],
    colours: Palette,
) -> None:
    """A ring where each path starts, and a dot with the token's name, where it finds room, at its end."""
    size = 6 if places.shape[-1] == 2 else 4
    sizes = [size] * (len(order) - 1) + [size + 4]
    common = {"customdata": order, "hoverinfo": "text"}
    ring = {"symbol": "circle-open", "size": sizes, "color": inks, "line": {"width": 1.5, "color": inks}}
    texts = [point_text(token_label(tokens.shown[index], tokens.notation), places.shape[-1]) for index in order]
    sides = placed(places[-1, order], texts, list(range(len(order)))[::-1])
    letters = [colours.soft] * (len(order) - 1) + [colours.ink]
    add_points(figure, places[0, order], name="embedding", mode="markers", marker=ring,
               hovertext=[hover[index][0] for index in order], **common)  # fmt: skip
    add_points(
        figure,
        places[-1, order],
        name="last layer",
        mode="markers+text",
        marker={"size": sizes, "color": inks},
        text=[text if side else "" for text, side in zip(texts, sides, strict=True)],
        textposition=[side or "top center" for side in sides],
        hovertext=[hover[index][-1] for index in order],
        textfont={"family": MONO, "size": LABEL_SIZE, "color": letters},
        **common,
    )


def _named(vocabulary: Vocabulary, id_: int) -> str:
    """A piece in quotes, for Plotly."""
    return f"“{markup(piece_name(vocabulary.pieces[id_]))}”"
