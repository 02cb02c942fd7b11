"""All heads: every attention map of the pass at once, and one of them open beside it."""

from __future__ import annotations

import streamlit as st

from viz.canvas import heads_grid, pack_grid
from viz.charts import head_heatmap, head_sentence
from viz.charts.words import head_title
from viz.views.scene import Scene, View


@st.cache_data(max_entries=64, show_spinner=False)
def _packed(key: tuple[str, str, str], _scene: Scene) -> bytes:
    return pack_grid(_scene.trace)


def draw(scene: Scene) -> None:
    """The grid; a click opens a head in the card at its right."""
    grid, card = st.columns([1.7, 1], gap="medium")
    with grid:
        opened = heads_grid(_packed(scene.key, scene), selected=scene.open_head, key="grid")
        if opened and opened != scene.open_head:
            kind, layer, head = opened
            scene.choose(kind=kind, layer=layer, head=head)
            st.rerun()
    with card, st.container(border=True, key="open-head"):
        open_head(scene)


def open_head(scene: Scene, large: bool = False) -> None:
    """One head with its title, its heatmap and its strongest cell in words."""
    kind, layer, head = scene.open_head
    query, key, sentence = head_sentence(scene.trace, kind, layer, head)
    st.html(f'<h3 class="head-title" data-testid="head-title">{head_title(kind, layer, head)}</h3>')
    st.caption("Row attends to column." if large else "Row attends to column. Click another square to open it.")
    figure = head_heatmap(scene.trace, kind, layer, head, scene.colours, cell=(query, key))
    st.plotly_chart(figure, theme=None, key="head-large" if large else "head-small", config={"displaylogo": False})
    st.text(sentence)


VIEW = View(
    "all-heads",
    "All heads",
    "Every square is one head: rows ask, columns answer, darker means more attention. Look for diagonals (neighbours), columns "
    "(one token that many look at) and, in cross-attention, the path from French back to English.",
    draw,
)
