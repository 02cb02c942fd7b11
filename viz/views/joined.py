"""Heads joined: what each head adds to each token once W_O has mixed them."""

from __future__ import annotations

from functools import partial

import streamlit as st
from torch import Tensor

from model.analysis.steps import contribution_shares, head_contributions, point_before
from model.analysis.words import axis_groups
from viz.canvas import Click, plot_clicks
from viz.charts import concat_heatmap, contribution_heatmap, heads_of_token
from viz.page import store
from viz.page.parts.cards import card, plot
from viz.page.parts.heads import choose_head
from viz.page.scene import Scene, View
from viz.theme import quoted


def draw(scene: Scene) -> None:
    """Choose kind and layer; a click on a row shows that token's heads."""
    choose_head(scene, "joined", whole_layer=True)
    kind, layer, _ = scene.open_head
    query, _ = scene.open_cell
    trace = scene.trace
    contributions = scene.value(head_contributions, trace, scene.translator.weights, kind, layer)
    updates = scene.part(trace.stream(trace.anatomy.kind(kind).asks).written, point_before(trace, kind, layer))
    shares = scene.value(contribution_shares, contributions, updates)

    def choose(click: Click) -> None:
        store.write(kind=kind, layer=layer, head=click.column, query=click.row, key=None)

    left, right = st.columns([1, 1.35], gap="medium")
    with left, card(
        "contributions", f"{trace.anatomy.kind(kind).title}, layer {layer + 1}: who writes how much", "Click a row to see what its heads look at."
    ):  # fmt: skip
        build = partial(contribution_heatmap, trace, contributions, kind, scene.colours, query, scene.narrow)
        figure = scene.picture("contributions", build, kind, layer, query)
        plot(figure, "joined-norms", tools=True)
        plot_clicks(["card-contributions"], key="plot-clicks", on_click=choose)
    with right, card("token", _title(scene, kind, query), test="joined-token"):
        row = query
        if scene.settings.words:
            row = next(at for at, group in enumerate(axis_groups(trace, kind)[0]) if query in group)
        norms = scene.value(Tensor.norm, scene.part(contributions, slice(None), query), dim=-1)
        share = scene.part(shares, slice(None), query)
        build = partial(heads_of_token, scene.whole_maps, norms, share, kind, layer, row, scene.colours, scene.narrow)
        plot(scene.picture("heads", build, kind, layer, query), "joined-heads")
        outputs = scene.part(trace.attention[kind].outputs, layer, slice(None), query)
        build = partial(concat_heatmap, outputs, scene.colours, scene.narrow)
        plot(scene.picture("concat", build, kind, layer, query), "joined-concat")


def _title(scene: Scene, kind: str, query: int) -> str:
    """Whose heads these are, in words."""
    trace = scene.trace
    rows = trace.rows(kind)
    if not trace.anatomy.produces(kind):
        return f"Token {query + 1}, {quoted(rows.read.shown[query], rows.read.notation)}"
    product, read = (quoted(tokens.shown[query], tokens.notation) for tokens in (rows.labels, rows.read))
    return f"Producing {product}, reading {read}"


VIEW = View(
    "joined",
    "Heads joined",
    "The outputs of all heads stand side by side and W_O mixes them; so each head adds its own vector to the token. A head can look "
    "hard at something and still write little. Look for rows where one head does most of the work.",
    draw,
    group="Compute",
    part="layer",
    shows={"words"},
    needs={"outputs", "residual", "parameters"},
)
