"""Which head a view is about: its choice, and its title."""

from __future__ import annotations

import streamlit as st

from viz.charts.parts.words import head_title
from viz.page.parts.cards import heading
from viz.page.parts.pickers import numbered
from viz.page.parts.tags import Html
from viz.page.scene import Scene
from viz.page.store import tied
from viz.reading import off_mark


def choose_head(scene: Scene, prefix: str, whole_layer: bool = False, narrow: bool = False) -> None:
    """Kind, layer and head as rows of buttons whose keys start with `prefix`, where no map stands beside the page; they go into the URL.

    Another kind forgets the cell that was open: its rows are other tokens. whole_layer: the view shows all heads of a layer, so the
    one that is open stays. narrow: kinds have their short titles, as on a phone.
    """
    kind, layer, head = scene.open_head
    if scene.screen.map:
        scene.choose(kind=kind, layer=layer, head=head)
        return
    anatomy = scene.trace.anatomy
    titles = {
        kind.name: anatomy.short_title(kind.name).capitalize() if narrow or scene.narrow else kind.title for kind in anatomy.kinds
    }
    with st.container(horizontal=True, gap="small", key=f"{prefix}-pickers"):
        opened = {"layer": layer, "head": head, "query": None, "key": None}
        st.segmented_control("Kind", list(titles), format_func=titles.__getitem__, required=True,
                             **tied(key=f"{prefix}-kind", value=kind, take=lambda kind: {"kind": kind, **opened}, options=True))  # fmt: skip
        layer = numbered("Layer", f"{prefix}-layer", scene.trace.attention[kind].weights.size(0), layer, "layer")
        if not whole_layer:
            head = numbered("Head", f"{prefix}-head", scene.trace.anatomy.kind(kind).heads, head, "head")
    scene.choose(kind=kind, layer=layer, head=head)


def head_heading(scene: Scene) -> None:
    """The open head as the title of a card, with a mark where it is off."""
    kind, layer, head = scene.open_head
    name = Html(f"{head_title(scene.trace.anatomy.kind(kind), layer, head)}{off_mark(scene.trace, kind, layer, head)}")
    heading(name, "head-title")
