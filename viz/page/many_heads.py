"""Models with more heads than one picture can hold: the grid goes layer by layer in pages, sorted or filtered as the reader wants."""

from __future__ import annotations

import streamlit as st
from torch import Tensor

from model.analysis.roles import ROLE, HeadMeasures
from model.trace.anatomy import Anatomy
from viz.canvas import Order
from viz.page import store
from viz.page.head_roles import head_measures
from viz.page.params import Param, choice, count
from viz.page.parts.captions import caption_line
from viz.page.parts.pickers import pick_one
from viz.page.scene import Scene

MANY = 160  # heads: above this they are shown in pages
MOST = 96  # heads of one kind on a page
PAGES = 999  # that a link may name
STATISTICS = {"entropy": "the surest first", "distance": "the farthest first"}
SORTS = ("place", *STATISTICS, *ROLE)
PARAMS: tuple[Param, ...] = (
    choice("grid_sort", SORTS, "place", "of many heads: what they are sorted by"),
    count("grid_page", 1, PAGES, 1, "of many heads: which page of them is open"),
)


def are_many(anatomy: Anatomy) -> bool:
    """Whether a model has more heads than one picture holds."""
    return sum(kind.layers * kind.heads for kind in anatomy.kinds) > MANY


def choose(scene: Scene) -> Order | None:
    """What is sorted by and which page is open, as the reader chooses; None where all heads are drawn."""
    anatomy = scene.trace.anatomy
    if not are_many(anatomy):
        return None
    with st.container(horizontal=True, key="many-heads", gap="small", vertical_alignment="center"):
        st.selectbox("Sort", SORTS, format_func=_title, width=260, label_visibility="collapsed",
                     **store.tied("grid_sort", take=lambda by: {"grid_sort": by, "grid_page": 1}, options=True))  # fmt: skip
        only = scene.settings.label if scene.settings.label in ROLE else ""
        st.selectbox("Only heads with a role", ("", *ROLE), width=240, label_visibility="collapsed",
                     format_func=lambda role: f"role: {ROLE[role].title}" if role else "all heads",
                     **store.tied(key="grid-only", value=only, take=lambda role: {"label": role, "grid_page": 1}, options=True))  # fmt: skip
        by = scene.settings.grid_sort
        measures = head_measures(scene) if by != "place" or only else None
        listed = {kind.name: places(anatomy, kind.name, by, measures, only) for kind in anatomy.kinds}
        rows = {kind.name: max(1, MOST // kind.heads) * kind.heads for kind in anatomy.kinds}
        pages = max(-(-len(listed[name]) // rows[name]) for name in listed) or 1
        page = min(scene.settings.grid_page, pages)
        if pages > 1:
            titles = {at: _page_title(anatomy, by, at, rows) for at in range(1, pages + 1)}
            pick_one("Page", titles, page, "grid-pages", lambda at: {"grid_page": at}, shows_label=False)
    if not any(listed.values()):
        caption_line("No head has this role in this sentence.")
    on_page = {name: listed[name][(page - 1) * rows[name] : page * rows[name]] for name in listed}
    return Order(on_page, by == "place" and measures is None)


def places(anatomy: Anatomy, kind: str, by: str, measures: HeadMeasures | None, label: str = "") -> list[tuple[int, int]]:
    """(layer, head) of the heads of a kind, from 0, in an order; where a role is chosen (label, "" for none) only those that have it."""
    shape = anatomy.kind(kind)
    every = [(layer, head) for layer in range(shape.layers) for head in range(shape.heads)]
    if measures is None:
        return every
    if label:
        having = measures.having(label)
        every = [place for place in every if (kind, *place) in having]
    value = _value(kind, by, measures)
    return every if value is None else sorted(every, key=lambda place: (-float(value[place].nan_to_num(-1e9)), place))


def _value(kind: str, by: str, measures: HeadMeasures) -> Tensor | None:
    """What heads are sorted by, the largest first: (layer, head); None where they stay as they are."""
    values = measures.values(kind, by)
    return -values if by == "entropy" and values is not None else values


def _title(by: str) -> str:
    if by == "place":
        return "layer by layer"
    return f"by {by}: {STATISTICS[by]}" if by in STATISTICS else f"by role: {ROLE[by].title}"


def _page_title(anatomy: Anatomy, by: str, page: int, rows: dict[str, int]) -> str:
    """Of a page: its layers, or which heads of the order."""
    kind = max(anatomy.kinds, key=lambda kind: kind.layers * kind.heads)
    size = rows[kind.name] // kind.heads if by == "place" else rows[kind.name]
    last = kind.layers if by == "place" else kind.layers * kind.heads
    first, end = (page - 1) * size + 1, min(page * size, last)
    return f"layers {first}–{end}" if by == "place" else f"{first}–{end}"
