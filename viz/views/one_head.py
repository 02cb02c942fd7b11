"""One head: its attention matrix, large enough to read every cell."""

from __future__ import annotations

import streamlit as st

from model.trace import ATTENTION_KINDS
from viz.theme import KIND_TITLES
from viz.views.all_heads import open_head
from viz.views.scene import Scene, View, numbered, remember


def draw(scene: Scene) -> None:
    """Choose kind, layer and head; the matrix follows."""
    kind, layer, head = scene.open_head
    with st.container(horizontal=True, gap="medium"):
        remember("one-kind", kind)
        kind = st.segmented_control("Kind", ATTENTION_KINDS, key="one-kind", format_func=KIND_TITLES.get, required=True)
        layers = scene.trace.attention[kind].weights.size(0)
        layer = numbered("Layer", "one-layer", layers, layer)
        head = numbered("Head", "one-head", scene.trace.config.heads, head)
    scene.choose(kind=kind, layer=layer, head=head)
    with st.container(border=True, key="open-head"):
        open_head(scene, large=True)


VIEW = View(
    "one-head",
    "One head",
    "Each row is one token asking; its weights over the columns sum to 1. Point at a cell to read it; drag to zoom, double-click "
    "to go back. Look for rows with one dark cell (a sure head) and rows spread thin (an unsure one).",
    draw,
)
