"""Activation patching as a map: what each site, taken over alone from another sentence, does to one prediction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import plotly.graph_objects as go

from model.analysis.patching import Place, Recovery, as_map
from model.trace.patch import Site
from model.trace.trace import AttentionMaps
from viz.charts.parts.matrix import heatmap, mark_cell, matrix_figure, readable, to_array
from viz.charts.parts.words import pair_ticks, quoted_names
from viz.reading import part_words
from viz.theme import LABEL_SIZE, LIGHT, Palette, diverging, markup, number, plotly_colour_bar, quoted, tinted

FLAT = 0.005  # shares below it are rounding, or as good as
FEW = 14  # columns up to which a cell has room for its number


def patch_map(
    recovery: Recovery, places: Mapping[Place, Site], maps: AttentionMaps, piece: Callable[[int], str], colours: Palette = LIGHT,
    narrow: bool = False, marked: Collection[Site] = (),
) -> go.Figure:  # fmt: skip
    """Layers down, positions or heads across: `Recovery.shares` of every site on a diverging scale whose middle is 0.

    recovery: of the sites of `places`, in their order; maps: names their tokens; piece: how an id is written. A share of 0 leaves the
    prediction as it is, 1 makes it the other sentence's. marked: sites that are outlined. narrow: for a phone.
    """
    shares = as_map(places, recovery.shares)
    limit = max(1.0, float(shares.abs().max()))
    first, second = (quoted(piece(id_)) for id_ in recovery.pieces)
    (ticks, names), across = _columns(places, maps, colours, narrow), len(shares[0])
    texts = [[_text(value, limit, colours) for value in row] for row in shares.tolist()] if across <= FEW and not narrow else None
    layers = [_layer(places[row, 0], maps) for row in range(len(shares))]
    bar = plotly_colour_bar(
        colours, xpad=26, tickvals=[-limit, 0, limit], ticktext=[number(value) for value in (-limit, 0.0, limit)]
    )
    cells = heatmap(
        to_array(shares), f"%{{y}}, %{{x}}: <b>%{{z:.2f}}</b> of the way from {markup(first)} to {markup(second)}", name="patch",
        zmin=-limit, zmax=limit, colorscale=diverging(colours), showscale=True, colorbar=bar, text=texts, texttemplate="%{text}" if texts else None,
        textfont={"size": LABEL_SIZE},
    )  # fmt: skip
    title = f"share of the way from {markup(first)} to {markup(second)}: 0 none of it, 1 all"
    figure = matrix_figure([cells], colours, (_numbers(places, len(layers)), ticks), (layers, names), title, False, narrow)
    for place, site in places.items():
        if site in marked:
            mark_cell(figure, place, colours)
    return figure


def _text(share: float, limit: float, colours: Palette) -> str:
    """What stands in a cell; nothing where nothing moves."""
    return "" if abs(share) < FLAT else tinted(number(share), readable(share / limit, colours))


def _columns(places: Mapping[Place, Site], maps: AttentionMaps, colours: Palette, narrow: bool) -> tuple[list[str], list[str]]:
    """Tick labels and names of the columns: tokens of a stack, or heads."""
    site = places[0, 0]
    if site[3] is not None:
        count = 1 + max(column for _, column in places)
        return [str(at) for at in range(1, count + 1)], [f"head {at}" for at in range(1, count + 1)]
    axis, stack = maps.axes[site[0]], maps.anatomy.stack(site[0])
    produced = axis.made if stack.predicts == "next" else None
    ticks = pair_ticks(axis.read, produced, colours, narrow)
    if produced is None:
        return ticks, [f"at {markup(name)}" for name in quoted_names(axis.read)]
    pairs = zip(quoted_names(produced), quoted_names(axis.read), strict=True)
    return ticks, [f"producing {markup(product)} (reading {markup(read)})" for product, read in pairs]


def _layer(site: Site, maps: AttentionMaps) -> str:
    """A row in a sentence, as markup."""
    words = part_words((*site[:3], None, None), maps.anatomy)
    return markup(words[0].upper() + words[1:])


def _numbers(places: Mapping[Place, Site], rows: int) -> list[str]:
    """Tick labels of the rows: layers from 1, the embedding by its name."""
    layers = [places[row, 0][2] for row in range(rows)]
    return ["embedding" if layer is None else str(layer + 1) for layer in layers]
