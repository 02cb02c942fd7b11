"""Layer by layer: how the residual stream of every token grows, what normalisation does to it, and which units fire."""

from __future__ import annotations

import html
from dataclasses import replace
from functools import partial

import streamlit as st

from model.analysis_layers import layer_normed, norm_labels, strongest_units, unit_pieces
from model.tokenizer import SPECIAL
from viz.canvas import Click, plot_clicks
from viz.charts import (
    firing_heatmap,
    norm_comparison,
    norm_strips,
    residual_norms,
    unit_bars,
    unit_over_tokens,
    written_cosine_heatmap,
    written_shares,
)
from viz.theme import number, quoted, token_label
from viz.views.choices import choose_token
from viz.views.positions import choose_side
from viz.views.scene import Scene, View, numbered, remember
from viz.views.settings import LAYER_PARTS

PART_TITLES = dict(zip(LAYER_PARTS, ("Growth", "Normalisation", "Feed-forward"), strict=True))
UNITS, PIECES = 12, 8  # drawn, named
PLAIN = {"displayModeBar": False}


def draw(scene: Scene) -> None:
    """One side, one part at a time."""
    with st.container(horizontal=True, gap="medium"):
        side = choose_side(scene, "layers-side")
        remember("layer-part", scene.settings.layer_part)
        part = st.segmented_control(
            "Part", LAYER_PARTS, key="layer-part", format_func=PART_TITLES.get, required=True, label_visibility="collapsed"
        )
    scene.choose(layer_part=part)
    {"growth": _growth, "norm": _normalisation, "units": _units}[part](scene, side)


def _growth(scene: Scene, side: str) -> None:
    """Norm of every token after every sublayer, what each sublayer wrote, and in which direction."""
    for name, chart in (("norms", residual_norms), ("shares", written_shares)):
        with st.container(border=True, key=f"card-{name}"):
            spec = scene.picture(name, lambda chart=chart: chart(scene.trace, side, scene.colours).to_dict(validate=False), side)
            st.vega_lite_chart(spec=spec, theme=None, key=f"layers-{name}-{side}", width="stretch")
    with st.container(border=True, key="card-cosines"):
        _title("In which direction each sublayer writes")
        figure = scene.picture("cosines", partial(written_cosine_heatmap, scene.trace, side, scene.colours), side)
        st.plotly_chart(figure, theme=None, key="layers-cosines", config={"displaylogo": False})


def _normalisation(scene: Scene, side: str) -> None:
    """One LayerNorm for one token, and what other normalisations would have done."""
    token = _token(scene, side)
    labels = norm_labels(scene.trace, side)
    site = min(scene.settings.site, len(labels) - 1)
    site = st.selectbox(
        "LayerNorm", range(len(labels)), key=remember("layers-site", site), format_func=labels.__getitem__, width=320
    )
    scene.choose(site=site)
    normed = layer_normed(scene.trace, scene.translator.model, side, site)
    with st.container(border=True, key="card-strips"):
        _title(f"LayerNorm {normed.label}: {_named(scene, side, token)}", "layers-norm")
        st.caption(
            f"Mean {float(normed.mean[token]):.3f}, variance {number(float(normed.variance[token]), 3)} over {normed.before.size(1)} dimensions. "
            "They are taken away; then a learned gain and bias, the same for every token, are applied."
        )
        build = partial(norm_strips, normed, token, scene.colours)
        st.plotly_chart(scene.picture("strips", build, side, site, token), theme=None, key="layers-strips", config=PLAIN)
    with st.container(border=True, key="card-comparison"):
        _title("What other normalisations would have done to the same numbers")
        st.caption(
            "Layer and group norm look at one token alone and make each as wide as the others. Batch norm takes mean and variance of every "
            "dimension over this sentence's tokens: what a token becomes then depends on its neighbours, and long tokens stay long."
        )
        build = partial(norm_comparison, normed, scene.trace, side, scene.colours, token)
        st.plotly_chart(scene.picture("comparison", build, side, site, token), theme=None, key="layers-comparison", config=PLAIN)


def _units(scene: Scene, side: str) -> None:
    """How many units fire; the strongest of a token; where a unit fires and what it writes."""
    trace, token = scene.trace, _token(scene, side)
    layers = len(trace.feed_forward[side])
    layer = numbered("Layer", "layers-layer", layers, min(scene.settings.layer or 0, layers - 1))
    scene.choose(layer=layer, head=scene.settings.head or 0)
    with st.container(border=True, key="card-firing"):
        _title("How many units fire")
        st.caption(f"Each layer has {trace.config.d_ff} units; ReLU silences those below 0. Click a column to choose its token.")
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
        st.caption(
            "By the dot product of its column of W_2 with the output matrix; later layers may change all of it (Geva et al. 2022)."
        )

    def clicked(click: Click) -> None:
        settings = st.session_state["settings"]
        changes = {"unit": click.value} if click.card == "card-units" else {"token": click.column, "unit": None}
        st.session_state["settings"] = replace(settings, **changes)

    plot_clicks(["card-units", "card-firing"], key="plot-clicks", on_click=clicked)


def _token(scene: Scene, side: str) -> int:
    """The chosen token of a side, by pills or list; at first the first that is a piece of text."""
    tokens = scene.trace.source if side == "encoder" else scene.trace.target
    token = scene.settings.token
    if token is None or token >= len(tokens):
        token = next((index for index, id_ in enumerate(tokens.ids) if id_ not in SPECIAL), 0)

    def chosen(index: int) -> None:
        st.session_state["settings"] = replace(st.session_state["settings"], token=index, unit=None)

    choose_token(tokens, token, "layers", chosen)
    return token


def _named(scene: Scene, side: str, token: int) -> str:
    tokens = scene.trace.source if side == "encoder" else scene.trace.target
    return f"{quoted(tokens.pieces[token])}, token {token + 1}"


def _written(scene: Scene, side: str, layer: int, unit: int) -> str:
    """The pieces that a unit raises and lowers, as escaped HTML."""
    raised, lowered = unit_pieces(scene.translator.model, side, layer, unit, PIECES)
    piece = scene.translator.tokenizer.piece
    lines = [("raises", raised), ("lowers", lowered)]
    rows = "".join(
        f'<tr><td>{what}</td><td class="token">{html.escape("  ".join(token_label(piece(id_)) for id_ in ids.tolist()))}</td></tr>'
        for what, ids in lines
    )
    return f'<div class="strongest"><table>{rows}</table></div>'


def _title(text: str, name: str = "layers-title") -> None:
    st.html(f'<h3 class="head-title" data-testid="{name}">{html.escape(text)}</h3>')


VIEW = View(
    "layers",
    "Layer by layer",
    "Every token carries one vector through the layers; each sublayer reads it through a LayerNorm and adds to it. Look for tokens "
    "that grow early, for layers that write most, and for feed-forward units that fire for one sort of word.",
    draw,
)
