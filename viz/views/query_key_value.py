"""Q, K, V: the three matrices of a head, and how a row of one meets a row of another in a score."""

from __future__ import annotations

from functools import partial

import streamlit as st

from viz.canvas import Click, plot_clicks
from viz.charts import query_key_value, score_parts
from viz.page import store
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, plot
from viz.page.parts.heads import choose_head, head_heading
from viz.page.parts.score_sources import why_this_score
from viz.page.scene import Scene, View


def draw(scene: Scene) -> None:
    """Choose a head; a click on a score, a query's row or a key's column takes that pair apart."""
    choose_head(scene, "qkv")
    kind, layer, head = scene.open_head
    query, key = scene.open_cell

    def choose(click: Click) -> None:
        places = {"query": (click.row, key), "key": (query, click.column), "value": (query, click.column)}
        cell = places.get(click.name, (click.row, click.column))
        store.write(query=cell[0], key=cell[1])

    matrices, parts = st.columns([2.3, 1], gap="medium")
    with matrices, card("qkv"):
        head_heading(scene)
        caption_line("Click a score, a query's row, or a key's column to take another pair apart.")
        build = partial(query_key_value, scene.trace, kind, layer, head, scene.colours, (query, key), scene.narrow, scene.on_wall)
        figure = scene.picture("qkv", build, kind, layer, head, query, key, scene.on_wall)
        plot(figure, "qkv-matrices", tools=True)
        plot_clicks(["card-qkv"], key="plot-clicks", on_click=choose)
    with parts, card("parts"):
        build = partial(score_parts, scene.trace, kind, layer, head, (query, key), scene.colours)
        figure = scene.picture("parts", build, kind, layer, head, query, key)
        plot(figure, "qkv-parts")
    why_this_score(scene)


VIEW = View(
    "qkv",
    "Q, K, V",
    "What each token looks for (queries, left), offers (keys, above) and hands over (values, below). Where a query's row meets a "
    "key's column stands their score. Look for dimensions that one token has strongly and many keys answer; below, one score is split over "
    "what the two streams are made of.",
    draw,
    group="Compute",
    entry="arithmetic",
    part="head",
    needs={"queries", "keys", "values", "scores"},
)
