"""All heads: every attention map of the pass at once, and one of them open beside it."""

from __future__ import annotations

import html
from dataclasses import replace
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.analysis.roles import ROLE
from viz.canvas import heads_grid, pack_grid, plot_clicks
from viz.charts import change_sentence, difference_heatmap, head_heatmap, head_sentence
from viz.charts.parts.words import head_title
from viz.page import engine
from viz.page.head_roles import dimmed_heads
from viz.page.scene import Scene, View, calculation_opener
from viz.page.settings import Settings
from viz.reading import off_mark

LARGE = 680  # px: height of the matrix where it is alone
CARD = 410  # px: width of the card beside the grid


@st.cache_data(max_entries=64, show_spinner=False)
def _packed(key: tuple, _scene: Scene) -> bytes:
    return pack_grid(_scene.maps, before=_scene.maps_before if _scene.compares else None)


def draw(scene: Scene) -> None:
    """The grid; a click opens a head in the card at its right."""
    grid, card = st.columns([1.7, 1], gap="medium")
    with grid:
        _filter(scene)
        aligned = engine.alignment_head(scene.translator)
        opened = heads_grid(
            _packed(scene.key, scene), selected=scene.open_head, dim=dimmed_heads(scene), key="grid",
            star=("cross", *aligned[:2]) if aligned else None,
        )  # fmt: skip
        if opened and opened != scene.open_head:
            kind, layer, head = opened
            scene.choose(kind=kind, layer=layer, head=head)
            st.rerun()
    with card, st.container(border=True, key="card-head"):
        open_head(scene)


def _filter(scene: Scene) -> None:
    """Which role was chosen in What heads do, and the way back to all heads."""
    if scene.settings.label not in ROLE:
        return
    with st.container(horizontal=True, key="filter", vertical_alignment="center"):
        st.caption(f"Bright: heads with the role “{ROLE[scene.settings.label].title}” (see What heads do).", width="content")
        st.button("All bright", key="filter-off", on_click=_no_filter, args=(scene.settings,))


def _no_filter(settings: Settings) -> None:
    st.session_state["settings"] = replace(settings, label="")


def open_head(scene: Scene, large: bool = False, listen: bool = True) -> None:
    """One head with its title, its heatmap and its strongest cell in words. listen=False: the view listens to clicks itself."""
    kind, layer, head = scene.open_head
    said, caption = (head_sentence, "Row attends to column.") if not scene.compares else (change_sentence, "After minus before.")
    maps = (scene.maps_before, scene.maps) if scene.compares else (scene.maps,)
    query, key, sentence = scene.picture(said.__name__, partial(said, *maps, kind, layer, head), kind, layer, head)
    st.html(f'<h3 class="head-title" data-testid="head-title">{head_title(kind, layer, head)}{off_mark(scene.trace, kind, layer, head)}</h3>')
    st.caption(f"{caption} Click a cell to open its calculation.")
    aligned = engine.alignment_head(scene.translator)
    if aligned and (kind, layer, head) == ("cross", *aligned[:2]):
        trained = "" if scene.trace.intervention.changes_nothing else ", measured on the model as trained"
        st.caption(
            f"★ The alignment head: of all heads it agrees best with word links that people set (alignment error rate {aligned[2]:.2f}{trained})."
        )
    if hidden := scene.hidden(kind, layer, [head]):
        st.caption(hidden)
    draw_map = difference_heatmap if scene.compares else head_heatmap
    build = partial(draw_map, *maps, kind, layer, head, scene.colours, cell=(query, key))
    figure = scene.picture("head", build, kind, layer, head)
    figure.update_layout(height=max(figure.layout.height, LARGE) if large else _card_height(figure))
    st.plotly_chart(figure, theme=None, key="head-large" if large else "head-small", config={"displaylogo": False})
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


VIEW = View(
    "all-heads",
    "All heads",
    "Every square is one head: rows ask, columns answer, darker means more attention. Look for diagonals (neighbours), columns "
    "(one token that many look at) and, in cross-attention, the path from French back to English.",
    draw,
    differs=True,
)
