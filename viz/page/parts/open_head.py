"""The open head in a card: its title, its heatmap, and its strongest cell in words."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.analysis.words import strongest_pieces
from viz.canvas import Click, plot_clicks
from viz.charts import change_sentence, difference_heatmap, head_heatmap, head_sentence
from viz.page import engine, store
from viz.page.parts.cards import plot
from viz.page.parts.heads import head_heading
from viz.page.scene import Scene

LARGE = 680  # px: height of the matrix where it is alone
CARD = 410  # px: width of the card beside the grid


def open_head(scene: Scene, large: bool = False, listen: bool = True) -> None:
    """One head with its title, its heatmap and its strongest cell in words. listen=False: the view listens to clicks itself."""
    kind, layer, head = scene.open_head
    place, colours = (kind, layer, head), scene.colours
    if scene.compares:
        build_sentence = partial(change_sentence, scene.maps_before, scene.maps, *place)
        query, key, sentence = scene.picture("change_sentence", build_sentence, *place)
        build = partial(difference_heatmap, scene.maps_before, scene.maps, *place, colours, cell=(query, key))
    else:
        query, key, sentence = scene.picture("head_sentence", partial(head_sentence, scene.maps, *place), *place)
        build = partial(head_heatmap, scene.maps, *place, colours, cell=(query, key))
    caption = "After minus before." if scene.compares else "Row attends to column."
    head_heading(scene)
    st.caption(f"{caption} Click a cell to open its calculation.")
    aligned = engine.alignment_head(scene.translator)
    across = scene.trace.anatomy.across
    if aligned and across and place == (across.name, *aligned[:2]):
        trained = "" if scene.trace.intervention.changes_nothing else ", measured on the model as trained"
        st.caption(
            f"★ The alignment head: of all heads it agrees best with word links that people set (alignment error rate {aligned[2]:.2f}{trained})."
        )
    if hidden := scene.hidden(kind, layer, [head]):
        st.caption(hidden)
    figure = scene.picture("head", build, *place)
    figure.update_layout(height=max(figure.layout.height, LARGE) if large else _card_height(figure))
    plot(figure, "head-large" if large else "head-small", tools=True)
    if listen:
        plot_clicks(["card-head"], key="plot-clicks", on_click=calculation_opener(scene))
    st.html(f'<p class="head-sentence" data-testid="head-sentence">{html.escape(sentence)}</p>')


def _card_height(figure: go.Figure) -> int:
    """Height, px, at which square cells fill the width of the card and leave no gap below; cells that stretch keep theirs."""
    if figure.layout.yaxis.scaleanchor is None:
        return figure.layout.height
    margin = figure.layout.margin
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    cell = (CARD - margin.l - margin.r) / (right - left)
    return round(min(LARGE, max(240, margin.t + margin.b + cell * abs(top - bottom))))


def calculation_opener(scene: Scene) -> Callable[[Click], None]:
    """What a click on a cell of the open head does: its calculation opens; of a pair of words, that of their strongest pieces."""
    kind, layer, head = scene.open_head

    def open_calculation(click: Click) -> None:
        query, key = click.row, click.column
        if scene.settings.words:
            query, key = strongest_pieces(scene.trace, kind, scene.trace.attention[kind].weights[layer, head], (query, key))
        store.write(view=scene.calculation or scene.settings.view, kind=kind, layer=layer, head=head, query=query, key=key)

    return open_calculation
