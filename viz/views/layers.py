"""Layer by layer: how the residual stream of every token grows, what normalisation does to it, and which units fire."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import getitem

import altair as alt
import streamlit as st

from model.analysis.layers import layer_normed, norm_labels, strongest_units, unit_pieces
from model.trace.anatomy import Stack
from model.trace.trace import Trace
from viz.canvas import Click, plot_clicks
from viz.charts import (
    firing_heatmap,
    norm_comparison,
    norm_strips,
    other_norms,
    residual_norms,
    state_change_heatmap,
    token_growth,
    unit_bars,
    unit_over_tokens,
    written_cosine_heatmap,
    written_shares,
)
from viz.page import needs, store
from viz.page.chips import token_cell
from viz.page.choices import plain
from viz.page.params import choice, place
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, figure_sheet, plot
from viz.page.parts.pickers import choose_part, numbered, pick_token
from viz.page.parts.sides import choose_side
from viz.page.parts.tags import Html, scroller
from viz.page.parts.vega import vega
from viz.page.scene import SIDE, Scene, View
from viz.page.store import tied
from viz.takeaway import Sheet
from viz.theme import Palette, piece_name, quoted, signed, token_label

PART_TITLES = {"growth": "Growth", "norm": "Normalisation", "units": "Feed-forward"}
MOST_SITES = 99  # LayerNorms that a link may name
PARAMS = (
    choice("layer_part", tuple(PART_TITLES), "growth", "which part is open"),
    place("site", MOST_SITES, 0, "the LayerNorm that is looked at, in the order of the pass"),
    place("unit", lambda limits: limits.units, None, "a feed-forward unit; at first the strongest of the token"),
)
UNITS, PIECES = 12, 8  # drawn, named
GROWTH = (
    ("norms", residual_norms, "How long every vector is", "One line a token: the norm of its vector after every sublayer."),
    (
        "shares",
        written_shares,
        "How much each sublayer writes",
        "As a share of the state it is added to; bars are means over the tokens.",
    ),
)


def draw(scene: Scene) -> None:
    """One side, one part at a time."""
    with st.container(horizontal=True, gap="medium"):
        side = choose_side(scene.trace.anatomy, "layers-side", unit=None)  # a unit of the other side is another unit
        absence = needs.lacks(scene.trace.anatomy, "parameters")
        parts = {name: title for name, title in PART_TITLES.items() if name != "norm" or not absence}
        if scene.settings.layer_part not in parts:
            scene.choose(layer_part="growth")
        part = choose_part("Part", parts, "layer_part", "layer-part")
    if absence:
        caption_line(plain(f"{PART_TITLES['norm']} rests: {absence}"))
    if scene.compares and part != "growth":
        caption_line("This part shows the changed model; “Growth” shows the difference.")
    {"growth": _growth, "norm": _normalisation, "units": _units}[part](scene, side)


def _growth(scene: Scene, side: str) -> None:
    """Norm of every token after every sublayer, what each sublayer wrote, and in which direction."""
    if scene.compares:
        with card("state-change", "What the change did to every vector", test="layers-change"):
            caption_line(
                "How much longer or shorter each state became; the hover says how far it moved. Below: the changed model."
            )
            build = partial(state_change_heatmap, scene.before, scene.trace, side, scene.colours)
            plot(scene.picture("state-change", build, side), "layers-change")
    for name, chart, title, caption in GROWTH:
        with card(name, title, test="layers-title"):
            caption_line(caption)
            spec = scene.picture(name, partial(_spec, chart, scene, side), side)
            scene.noted(spec, chart, scene.trace, side, scene.colours)
            vega(spec, f"layers-{name}-{side}", scene.on_wall)
    token = _token(scene, side)
    left, right = st.columns([1.5, 1], gap="medium")
    with left, card("cosines", "In which direction each sublayer writes", test="layers-title"):
        caption_line("Cosine of what was written and the state it was added to. Click a column to choose its token.")
        build = partial(written_cosine_heatmap, scene.trace, side, scene.colours, token)
        figure = scene.picture("cosines", build, side, token)
        plot(figure, "layers-cosines", tools=True)
    with right, card("token-growth", _named(scene, side, token), test="layers-growth"):
        caption_line("Layer by layer: its norm before each sublayer, the norm of what that wrote, and their cosine.")
        build = partial(token_growth, scene.trace, side, token, scene.colours)
        plot(scene.picture("token-growth", build, side, token), "layers-token-growth")
    _listen("card-cosines")


def _spec(chart: Callable[[Trace, str, Palette], alt.LayerChart], scene: Scene, side: str) -> dict:
    """A chart of GROWTH as Vega-Lite."""
    return chart(scene.trace, side, scene.colours).to_dict(validate=False)


def _normalisation(scene: Scene, side: str) -> None:
    """One LayerNorm for one token, and what other normalisations would have done."""
    token = _token(scene, side)
    site = _choose_site(scene, side)
    normed = scene.value(layer_normed, scene.trace, scene.translator.weights, side, site)
    with card("strips", f"LayerNorm {normed.label}: {_named(scene, side, token)}", test="layers-norm"):
        caption_line(
            f"The mean of the token's own {normed.before.size(1)} numbers is taken away and the rest divided by their standard "
            "deviation; then a learned gain and bias, the same for every token, are applied."
        )
        build = partial(norm_strips, normed, token, scene.colours)
        plot(scene.picture("strips", build, side, site, token), "layers-strips")
    with card("others", f"What other normalisations would have done to {_named(scene, side, token)}", test="layers-title"):
        caption_line(_about_batches(scene, side, len(normed.before)))
        build = partial(other_norms, normed, token, scene.colours)
        plot(scene.picture("others", build, side, site, token), "layers-others")
    with card("comparison", "… and to every token of this sentence", test="layers-title"):
        caption_line(
            "Layer and group norm give all tokens mean 0 and variance 1, batch norm does not. Click a mark for its token."
        )
        build = partial(norm_comparison, normed, scene.trace, side, scene.colours, token)
        plot(scene.picture("comparison", build, side, site, token), "layers-comparison")
    _listen("card-comparison")


def _choose_site(scene: Scene, side: str) -> int:
    """Which LayerNorm of the side, by its place in the pass."""
    labels = norm_labels(scene.trace, side)
    place = min(scene.settings.site, len(labels) - 1)  # the sides have different numbers of them
    more = tied("site", "layers-site", value=place, options=True)
    site = st.selectbox("LayerNorm", range(len(labels)), format_func=labels.__getitem__, width=320, **more)
    scene.choose(site=site)
    return site


def _about_batches(scene: Scene, side: str, tokens: int) -> str:
    """How the three differ, for a reader who knows none of them."""
    about = (
        "Layer norm takes mean and variance over one token's numbers, group norm over each of its groups. Batch norm takes them "
        f"for each dimension over this sentence's tokens ({tokens} here; in training a whole batch of sentences), so what "
        "a token becomes depends on the others"
    )
    stack = scene.trace.anatomy.stack(side)
    later = f", in the {stack.title.lower()} even on later ones" if stack.predicts == "next" else ""
    return f"{about}{later}." + (" With a single token nothing is left." if tokens == 1 else "")


def _units(scene: Scene, side: str) -> None:
    """How many units fire; the strongest of a token; where a unit fires and what it writes."""
    trace, token = scene.trace, _token(scene, side)
    layer = _choose_layer(scene, len(trace.feed_forward[side]))
    silent = "; ReLU silences those below 0" if not needs.lacks(trace.anatomy, "parameters") else ""
    with card("firing", "How many units fire", test="layers-title"):
        caption_line(f"Each layer has {trace.feed_forward[side].size(-1)} units{silent}. Click a cell to choose token and layer.")
        figure = scene.picture("firing", partial(firing_heatmap, trace, side, scene.colours, token), side, token)
        plot(figure, "layers-firing")
    values, ids = strongest = scene.value(strongest_units, trace, side, layer, token, UNITS)
    for at, half in enumerate(strongest):
        scene.noted(half, getitem, strongest, at)
    size, unit = trace.feed_forward[side].size(-1), scene.settings.unit
    unit = int(ids[0]) if unit is None or unit >= size else unit
    left, right = st.columns([1, 1.6], gap="medium")
    with left, card("units", f"The strongest units of {_named(scene, side, token)}", test="layers-token"):
        build = partial(unit_bars, values, ids, unit, scene.colours)
        plot(scene.picture("units", build, side, layer, token, unit), "layers-units")
    with right, card("unit", f"Unit {unit + 1} of layer {layer + 1}", test="layers-unit"):
        build = partial(unit_over_tokens, trace, side, layer, unit, scene.colours)
        plot(scene.picture("unit", build, side, layer, unit), "layers-one-unit")
        if not needs.lacks(trace.anatomy, "parameters"):
            st.html(_unit_table(scene, side, layer, unit))
            caption_line(_about_scores(trace.anatomy.stack(side)))
    _listen("card-units", "card-firing")


def _about_scores(stack: Stack) -> str:
    """What the scores of pieces are, and how far they can be trusted."""
    scores = "Scores: the unit's column of W_2 times each piece's row of the output matrix"
    if stack.predicts == "nothing":
        return (
            f"{scores}. {stack.title} states never meet that matrix, and all later layers are left out, so take it as a hint "
            "(Geva et al. 2022)."
        )
    return (
        f"{scores}, logits per 1 of its value. This ignores later layers and the closing LayerNorm, so take it as a hint (Geva et "
        "al. 2022)."
    )


def _choose_layer(scene: Scene, layers: int) -> int:
    """The layer of the units. Looking changes nothing; another layer has other units, so their numbers start anew."""
    return numbered("Layer", "layers-layer", layers, scene.settings.layer or 0, "layer", unit=None)


def _listen(*cards: str) -> None:
    """Clicks choose a token, a layer with it where rows are layers, or a unit."""

    def clicked(click: Click) -> None:
        if click.card == "card-units":
            store.write(unit=click.value)
        elif click.card == "card-firing":
            store.write(token=click.column, layer=click.row, unit=None)
        else:
            store.write(token=click.column if click.value is None else click.value, unit=None)

    plot_clicks(list(cards), key="plot-clicks", on_click=clicked)


def _token(scene: Scene, side: str) -> int:
    """The chosen token of a side, by pills or list; at first the first that is a piece of text."""
    tokens = scene.trace.tokens(side)
    token = scene.settings.token
    if token is None or token >= len(tokens):
        token = tokens.first_of_text
    pick_token(tokens, token, "layers", lambda index: {"token": index, "unit": None})
    return token


def _named(scene: Scene, side: str, token: int) -> str:
    tokens = scene.trace.tokens(side)
    return f"{quoted(tokens.shown[token], tokens.notation)}, token {token + 1}"


def _unit_table(scene: Scene, side: str, layer: int, unit: int) -> str:
    """The pieces that a unit raises and lowers with their scores, as escaped HTML."""
    ids, scores = unit_pieces(scene.translator.weights, side, layer, unit, PIECES)
    heads = "".join(f'<th colspan="2">{what}</th>' for what in ("raises most", "lowers most"))
    rows = ""
    for line, values in zip(ids.T.tolist(), scores.T.tolist(), strict=True):
        pieces = [scene.translator.tokenizer.piece(id_) for id_ in line]
        cells = [token_cell(token_label(piece), piece_name(piece)) for piece in pieces]
        rows += "<tr>" + "".join(f"{cell}<td>{signed(value)}</td>" for cell, value in zip(cells, values, strict=True)) + "</tr>"
    return scroller(
        "Pieces that the unit raises and lowers",
        Html(f'<table translate="no"><tr>{heads}</tr>{rows}</table>'),
        class_="strongest",
    )


def _on_paper(scene: Scene) -> Sheet:
    """How many units fire; of the growth, one token's."""
    side, token = scene.settings.side, scene.settings.token or 0
    if scene.settings.layer_part == "units":
        return figure_sheet(firing_heatmap(scene.trace, side, scene.colours, token))
    return figure_sheet(token_growth(scene.trace, side, token, scene.colours))


VIEW = View(
    "layers",
    "Layer by layer",
    "Every token carries one vector through the layers; each sublayer reads it through a LayerNorm and adds to it. Look for "
    "tokens that grow early, for layers that write most, and for feed-forward units that fire for one sort of word.",
    draw,
    group="Compute",
    picture="card-shares",
    part="stream",
    differs=True,
    needs={"residual", "feed_forward"},
    general="Every token carries one vector through the layers; each sublayer reads it and adds to it. Look for tokens that grow early, for "
    "layers that write most, and for feed-forward units that fire for one sort of word.",
    params=PARAMS,
    paper=_on_paper,
    tokens=("layers-token", "layers-tokens"),
    languages={"layers-token": SIDE, "layers-tokens": SIDE},
)
