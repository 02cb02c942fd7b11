"""All heads: every attention map of the pass at once, and one of them open beside it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from model.analysis.roles import ROLE
from viz.canvas import Order, heads_grid, note_numbers, pack_grid
from viz.page import answers, engine, many_heads, store
from viz.page.caches import cached
from viz.page.head_roles import dimmed_heads
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card
from viz.page.parts.open_head import open_head
from viz.page.parts.table import as_table
from viz.page.parts.weights import all_heads_table, all_heads_words, all_weights_count, all_weights_tables
from viz.page.scene import Scene, View, style_beside
from viz.takeaway import Sheet
from viz.takeaway.expressions import call


@cached
def _packed(scene: Scene, places: tuple, by_place: bool) -> bytes:
    """places: of an Order, by kind, as a key of the cache; none where all heads are drawn."""
    order = Order(dict(places), by_place) if places else None
    return pack_grid(scene.maps, before=scene.maps_before if scene.compares else None, order=order)


def draw(scene: Scene) -> None:
    """The grid; a click opens a head in the card at its right."""
    grid, right = st.columns([1.7, 1], gap="medium")
    with grid:
        order = many_heads.choose(scene)
        if order is None:
            _filter(scene)
        aligned, across = engine.alignment_head(scene.translator), scene.trace.anatomy.across
        places = () if order is None else tuple((kind, tuple(heads)) for kind, heads in order.places.items())
        by_place = order is None or order.by_place
        more = {"order": call(Order, dict(places), by_place)} if places else {}
        build = partial(pack_grid, scene.maps, before=scene.maps_before if scene.compares else None, **more)
        heads_grid(
            scene.noted(_packed(scene, places, by_place), build), selected=scene.open_head, dim=dimmed_heads(scene) if order is None else [], key="grid", alt=all_heads_words(scene),
            star=(across.name, *aligned[:2]) if aligned and across else None, on_open=_open,
        )  # fmt: skip
        as_table("grid", lambda: [all_heads_table(scene)])
        note_numbers(partial(all_weights_tables, scene), all_weights_count(scene))
    with right, card("head"):
        open_head(scene)


def _open(kind: str, layer: int, head: int) -> None:
    answers.hear("head", (kind, layer, head))
    store.write(kind=kind, layer=layer, head=head)


def _filter(scene: Scene) -> None:
    """Which role was chosen in What heads do, and the way back to all heads."""
    if scene.settings.label not in ROLE:
        return
    with st.container(horizontal=True, key="filter", vertical_alignment="center"):
        caption_line(f"Bright: heads with the role “{ROLE[scene.settings.label].title}” (see What heads do).", width="content")
        st.button("All bright", key="filter-off", on_click=store.write, kwargs={"label": ""})


VIEW = View(
    "all-heads",
    "All heads",
    "Every square is one head: rows ask, columns answer, darker means more attention. Look for diagonals (neighbours), columns "
    "(one token that many look at) and, in cross-attention, the path from French back to English.",
    draw,
    group="Attend",
    rank=2,
    part="heads",
    shows={"words", "sinks"},
    differs=True,
    paper=lambda scene: Sheet("grid", pack_grid(scene.maps)),
    needs={"weights"},
    params=many_heads.PARAMS,
    general="Every square is one head: rows ask, columns answer, darker means more attention. Look for diagonals (neighbours) and columns "
    "(one token that many look at).",
    style=style_beside(__file__),
)
