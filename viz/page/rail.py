"""The rail at the left: views in their groups, the map of the model with the head that is open, undo, redo and the link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from model.analysis.reader import AnyReader
from model.trace.anatomy import Anatomy
from viz import canvas
from viz.charts.parts.words import head_title
from viz.page import store
from viz.page.changes import changes
from viz.page.choices import plain
from viz.page.parts.captions import caption_line
from viz.page.scene import GROUPS, View, opened_head
from viz.page.state import State
from viz.theme import Palette

DRAWER = "Change the model"
SIDED = ("tokens", "embeddings", "positions", "stream")  # parts of which every stack has one: the view shows that of one side


def groups(views: Mapping[str, View]) -> list[dict[str, Any]]:
    """The groups that have views, in order; in each its entries, each one view or the faces of one thing."""
    rows = []
    for title in GROUPS:
        entries: dict[str, list[dict[str, str]]] = {}
        for slug, view in sorted(views.items(), key=lambda item: item[1].rank):
            if view.group == title:
                entries.setdefault(view.entry or slug, []).append({"slug": slug, "title": view.title})
        if entries or title == GROUPS[-1]:
            rows.append({"title": title, "entries": list(entries.values())})
    return rows


def place(view: View, settings: State, head: tuple[str, int, int] | None, views: Mapping[str, View]) -> dict[str, Any]:
    """Where on the map the reader is: the part that the view shows, and the head that is open. head: None where none can be."""
    return {
        "part": view.part,
        "stack": settings.side if view.part in SIDED else "",
        "head": list(head) if head else None,
        "off": [list(place) for place in sorted(settings.change.heads_off)],
        "parts": sorted({other.part for other in views.values() if other.part} - {"head", "heads", "layer"}),
    }


def draw(views: Mapping[str, View], trained: AnyReader, anatomy: Anatomy, colours: Palette) -> None:
    """The rail as the page stands now. views: those that the model can feed."""
    settings = store.state()
    head = opened_head(settings, trained) if anatomy.kinds else None
    history = store.history()

    def open_part(part: str, stack: str) -> None:
        side = {"side": stack} if part in SIDED else {}
        store.write(view=next(slug for slug, view in views.items() if view.part == part), **side)

    def open_head(kind: str, layer: int, head: int) -> None:
        store.write(kind=kind, layer=layer, head=head, query=None, key=None)

    title = {
        "title": head_title(anatomy.kind(head[0]), *head[1:]) if head else "",
        "colour": colours.kind(head[0]) if head else "",
    }
    canvas.rail(
        groups=groups(views),
        view=settings.view,
        drawer={
            "title": DRAWER,
            "group": GROUPS[-1],
            "open": settings.lab,
            "changes": len(changes(settings.change)),
        },
        diagram=canvas.diagram(anatomy, colours),
        place={**place(views[settings.view], settings, head, views), **title},
        can={"undo": bool(history.past), "redo": bool(history.future)},
        turn=store.turn(),
        on_view=lambda slug: store.write(view=slug),
        on_head=open_head,
        on_part=open_part,
        on_drawer=lambda: store.write(lab=not store.state().lab),
        on_undo=store.undo,
        on_redo=store.redo,
    )


def rests(resting: str) -> None:
    """Which views rest and why, under the rail, one click away."""
    if resting:
        with st.expander("Views that rest, and why"):
            caption_line(plain(resting))
