"""Layer by layer: how the residual stream of every token grows, what normalisation does to it, and which units fire."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial

import altair as alt
import streamlit as st

from model.analysis.layers import layer_normed, norm_labels, strongest_units, unit_pieces
from model.instrument.tokenizer import SPECIAL
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
from viz.page import store
from viz.page.chips import token_cell
from viz.page.params import choice, place
from viz.page.parts.pickers import pick_token
from viz.page.parts.sides import choose_side
from viz.page.scene import SIDE, Scene, View, numbered
from viz.page.store import tied
from viz.theme import Palette, piece_name, quoted, signed, token_label

PART_TITLES = {"growth": "Growth", "norm": "Normalisation", "units": "Feed-forward"}
MOST_SITES = 99  # LayerNorms that a link may name
PARAMS = (
    choice("layer_part", tuple(PART_TITLES), "growth", "which part is open"),
    place("site", MOST_SITES, 0, "the LayerNorm that is looked at, in the order of the pass"),
    place("unit", lambda limits: limits.units, None, "a feed-forward unit; at first the strongest of the token"),
)
UNITS, PIECES = 12, 8  # drawn, named
PLAIN = {"displayModeBar": False}
GROWTH = (
    ("norms", residual_norms, "How long every vector is", "One line a token: the norm of its vector after every sublayer."),
    (
        "shares",
        written_shares,
        "How much each sublayer writes",
        "As a share of the state it is added to; bars are means over the tokens.",
    ),
)
READING = {
    "encoder": "Scores: the unit's column of W_2 times each piece's row of the output matrix. Encoder states never meet that "
    "matrix, and all later layers are left out, so take it as a hint (Geva et al. 2022).",
    "decoder": "Scores: the unit's column of W_2 times each piece's row of the output matrix, logits per 1 of its value. This "
    "ignores later layers and the closing LayerNorm, so take it as a hint (Geva et al. 2022).",
}


def draw(scene: Scene) -> None:
    """One side, one part at a time."""
    with st.container(horizontal=True, gap="medium"):
        side = choose_side("layers-side", unit=None)  # a unit of the other side is another unit
        part = st.segmented_control(
            "Part", list(PART_TITLES), format_func=PART_TITLES.__getitem__, required=True, label_visibility="collapsed",
            **tied("layer_part", "layer-part", options=True),
        )  # fmt: skip
    if scene.compares and part != "growth":
        st.caption("This part shows the changed model; “Growth” shows the difference.")
    {"growth": _growth, "norm": _normalisation, "units": _units}[part](scene, side)


def _growth(scene: Scene, side: str) -> None:
    """Norm of every token after every sublayer, what each sublayer wrote, and in which direction."""
    if scene.compares:
        with st.container(border=True, key="card-state-change"):
            _title("What the change did to every vector", "layers-change")
            st.caption("How much longer or shorter each state became; the hover says how far it moved. Below: the changed model.")
            build = partial(state_change_heatmap, scene.before, scene.trace, side, scene.colours)
            st.plotly_chart(scene.picture("state-change", build, side), theme=None, key="layers-change", config=PLAIN)
    for name, chart, title, caption in GROWTH:
        with st.container(border=True, key=f"card-{name}"):
            _title(title)
            st.caption(caption)
            spec = scene.picture(name, partial(_spec, chart, scene, side), side)
            st.vega_lite_chart(spec=spec, theme=None, key=f"layers-{name}-{side}", width="stretch")
    token = _token(scene, side)
    left, right = st.columns([1.5, 1], gap="medium")
    with left, st.container(border=True, key="card-cosines"):
        _title("In which direction each sublayer writes")
        st.caption("Cosine of what was written and the state it was added to. Click a column to choose its token.")
        build = partial(written_cosine_heatmap, scene.trace, side, scene.colours, token)
        figure = scene.picture("cosines", build, side, token)
        st.plotly_chart(figure, theme=None, key="layers-cosines", config={"displaylogo": False})
    with right, st.container(border=True, key="card-token-growth"):
        _title(_named(scene, side, token), "layers-growth")
        st.caption("Its norm before each sublayer, the norm of what that wrote, and their cosine.")
        build = partial(token_growth, scene.trace, side, token, scene.colours)
        st.plotly_chart(scene.picture("token-growth", build, side, token), theme=None, key="layers-token-growth", config=PLAIN)
    _listen("card-cosines")


def _spec(chart: Callable[[Trace, str, Palette], alt.LayerChart], scene: Scene, side: str) -> dict:
    """A chart of GROWTH as Vega-Lite."""
    return chart(scene.trace, side, scene.colours).to_dict(validate=False)


def _normalisation(scene: Scene, side: str) -> None:
    """One LayerNorm for one token, and what other normalisations would have done."""
    token = _token(scene, side)
    site = _choose_site(scene, side)
    normed = layer_normed(scene.trace, scene.translator.model, side, site)
    with st.container(border=True, key="card-strips"):
        _title(f"LayerNorm {normed.label}: {_named(scene, side, token)}", "layers-norm")
        st.caption(
            f"The mean of the token's own {normed.before.size(1)} numbers is taken away and the rest divided by their standard "
            "deviation; then a learned gain and bias, the same for every token, are applied."
        )
        build = partial(norm_strips, normed, token, scene.colours)
        st.plotly_chart(scene.picture("strips", build, side, site, token), theme=None, key="layers-strips", config=PLAIN)
    with st.container(border=True, key="card-others"):
        _title(f"What other normalisations would have done to {_named(scene, side, token)}")
        st.caption(_about_batches(scene, side, len(normed.before)))
        build = partial(other_norms, normed, token, scene.colours)
        st.plotly_chart(scene.picture("others", build, side, site, token), theme=None, key="layers-others", config=PLAIN)
    with st.container(border=True, key="card-comparison"):
        _title("… and to every token of this sentence")
        st.caption("Layer and group norm give all tokens mean 0 and variance 1, batch norm does not. Click a mark for its token.")
        build = partial(norm_comparison, normed, scene.trace, side, scene.colours, token)
        st.plotly_chart(scene.picture("comparison", build, side, site, token), theme=None, key="layers-comparison", config=PLAIN)
    _listen("card-comparison")


def _choose_site(scene: Scene, side: str) -> int:
    """Which LayerNorm of the side, by its place in the pass."""
    labels = norm_labels(scene.trace, side)
    shown = min(scene.settings.site, len(labels) - 1)  # the sides have different numbers of them
    more = tied("site", "layers-site", shown=shown, options=True)
    site = st.selectbox("LayerNorm", range(len(labels)), format_func=labels.__getitem__, width=320, **more)
    scene.choose(site=site)
    return site


def _about_batches(scene: Scene, side: str, tokens: int) -> str:
    """How the three differ, for a reader who knows none of them."""
    said = (
        "Layer norm takes mean and variance over one token's numbers, group norm over each of its groups. Batch norm takes them "
        f"for each dimension over this sentence's tokens ({tokens} here; in training a whole batch of sentences), so what "
        "a token becomes depends on the others"
    )
    said += ", in the decoder even on later ones." if side == "decoder" else "."
    return said + (" With a single token nothing is left." if tokens == 1 else "")


def _units(scene: Scene, side: str) -> None:
    """How many units fire; the strongest of a token; where a unit fires and what it writes."""
    trace, token = scene.trace, _token(scene, side)
    layer = _choose_layer(scene, len(trace.feed_forward[side]))
    with st.container(border=True, key="card-firing"):
        _title("How many units fire")
        st.caption(
            f"Each layer has {trace.feed_forward[side].size(-1)} units; ReLU silences those below 0. Click a cell to choose token and layer."
        )
        figure = scene.picture("firing", partial(firing_heatmap, trace, side, scene.colours, token), side, token)
        st.plotly_chart(figure, theme=None, key="layers-firing", config=PLAIN)
    values, ids = strongest_units(trace, side, layer, token, UNITS)
    unit = int(ids[0]) if scene.settings.unit is None else scene.settings.unit
    left, right = st.columns([1, 1.6], gap="medium")
    with left, st.container(border=True, key="card-units"):
        _title(f"The strongest units of {_named(scene, side, token)}", "layers-token")
        build = partial(unit_bars, values, ids, unit, scene.colours)
        st.plotly_chart(scene.picture("units", build, side, layer, token, unit), theme=None, key="layers-units", config=PLAIN)
    with right, st.container(border=True, key="card-unit"):
        _title(f"Unit {unit + 1} of layer {layer + 1}", "layers-unit")
        build = partial(unit_over_tokens, trace, side, layer, unit, scene.colours)
        st.plotly_chart(scene.picture("unit", build, side, layer, unit), theme=None, key="layers-one-unit", config=PLAIN)
        st.html(_written(scene, side, layer, unit))
        st.caption(READING[side])
    _listen("card-units", "card-firing")


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
    tokens = scene.trace.source if side == "encoder" else scene.trace.target
    token = scene.settings.token
    if token is None or token >= len(tokens):
        token = next((index for index, id_ in enumerate(tokens.ids) if id_ not in SPECIAL), 0)
    pick_token(tokens, token, "layers", lambda index: {"token": index, "unit": None})
    return token


def _named(scene: Scene, side: str, token: int) -> str:
    tokens = scene.trace.source if side == "encoder" else scene.trace.target
    return f"{quoted(tokens.shown[token])}, token {token + 1}"


def _written(scene: Scene, side: str, layer: int, unit: int) -> str:
    """The pieces that a unit raises and lowers with their scores, as escaped HTML."""
    ids, scores = unit_pieces(scene.translator.model, side, layer, unit, PIECES)
    heads = "".join(f'<th colspan="2">{what}</th>' for what in ("raises most", "lowers most"))
    rows = ""
    for line, values in zip(ids.T.tolist(), scores.T.tolist(), strict=True):
        pieces = [scene.translator.tokenizer.piece(id_) for id_ in line]
        cells = [token_cell(token_label(piece), piece_name(piece)) for piece in pieces]
        rows += "<tr>" + "".join(f"{cell}<td>{signed(value)}</td>" for cell, value in zip(cells, values, strict=True)) + "</tr>"
    return f'<div class="strongest"><table translate="no"><tr>{heads}</tr>{rows}</table></div>'


def _title(text: str, name: str = "layers-title") -> None:
    st.html(f'<h3 class="head-title" data-testid="{name}">{html.escape(text)}</h3>')


VIEW = View(
    "layers",
    "Layer by layer",
    "Every token carries one vector through the layers; each sublayer reads it through a LayerNorm and adds to it. Look for "
    "tokens that grow early, for layers that write most, and for feed-forward units that fire for one sort of word.",
    draw,
    differs=True,
    needs={"residual", "feed_forward"},
    params=PARAMS,
    tokens=("layers-token", "layers-tokens"),
    languages={"layers-token": SIDE, "layers-tokens": SIDE},
)
