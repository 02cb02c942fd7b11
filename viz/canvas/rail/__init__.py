"""The rail: the views in their groups, and the block diagram of the model as a map on which layer and head are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit

from model.trace.anatomy import FEED_FORWARD, Anatomy, Stack
from viz.canvas.shared.files import drawn_by, style
from viz.theme import Palette

FOOT = ("tokens", "embeddings", "positions")  # parts of the diagram under the layers of a stack, from below
TOP = ("output", "words")  # over the layers of the stack that predicts, from below
STREAM, BRIDGE = "stream", "bridge"  # what runs through the layers, and from one stack to another
LABELS = {"embeddings": "embedding", "positions": "+ positions", "output": "linear, softmax"}


def diagram(anatomy: Anatomy, colours: Palette) -> dict[str, object]:
    """A model as the map draws it: stacks with the rows of one layer from below, the blocks under and over them, and the links
    between stacks. A row has the heads of a kind of attention, or 0 for a feed-forward sublayer.
    """
    return {
        "stacks": [_stack(anatomy, stack, colours) for stack in anatomy.stacks],
        "links": [
            {"kind": kind.name, "from": kind.answers, "to": kind.asks, "colour": colours.kind(kind.name), "title": kind.title}
            for kind in anatomy.kinds
            if not kind.is_self
        ],
    }


def _stack(anatomy: Anatomy, stack: Stack, colours: Palette) -> dict[str, object]:
    kinds = {kind.name: kind for kind in anatomy.kinds}
    second = anatomy.query_stream
    beside = (second.name,) if second is not None and second.asks == stack.name else ()
    rows = [
        {"kind": name, "title": kinds[name].title, "heads": kinds[name].heads, "colour": colours.kind(name)}
        if name in kinds
        else {"kind": "", "title": anatomy.sublayer_title(FEED_FORWARD), "heads": 0, "colour": colours.feed_forward}
        for name in (*beside, *stack.sublayers)
        if name in kinds or name == FEED_FORWARD
    ]
    rows = rows or [{"kind": "", "title": "layer", "heads": 0, "colour": colours.feed_forward}]
    foot = [part for part in FOOT if part not in anatomy.missing and f"{part}:{stack.name}" not in anatomy.missing]
    top = [part for part in TOP if stack.predicts == "next" or (part == TOP[0] and stack.predicts == "same")]
    language = stack.language or "tokens"
    blocks = {part: LABELS.get(part, language) for part in [*foot, *top]}
    if stack.predicts == "next":
        blocks[FOOT[0]] = f"{language} so far"
    return {
        "name": stack.name, "title": stack.title, "layers": stack.layers, "rows": rows,
        "foot": [{"part": part, "label": blocks[part]} for part in foot],
        "top": [{"part": part, "label": blocks[part]} for part in top],
    }  # fmt: skip


_mount = streamlit.components.v2.component(
    "headlight_rail",
    js=drawn_by("rail/index.js"),
    css=style("shared/shared.css", "shared/tooltip.css", "rail/style.css"),
)


def rail(
    *, groups: Sequence[Mapping[str, object]], view: str, drawer: Mapping[str, object], diagram: Mapping[str, object],
    place: Mapping[str, object], can: Mapping[str, bool], turn: int, on_view: Callable[[str], None],
    on_head: Callable[[str, int, int], None], on_part: Callable[[str, str], None], on_drawer: Callable[[], None], on_undo: Callable[[], None], on_redo: Callable[[], None],
) -> None:  # fmt: skip
    """Mount the rail. What the reader chooses calls one of the functions at the start of the run that it causes.

    groups: [{"title", "entries": [[{"slug", "title"}, ...], ...]}], several views of one entry stand in one row; view: the slug of
    the one that is open. drawer: {"title", "group", "open", "changes"}, the entry that opens the changes, and how many there are.
    diagram: see `diagram`. place: where on it the reader is: {"title", "part", "stack", "head": [kind, layer, head] or None, "off":
    [[kind, layer, head], ...], "parts": those that a click opens}. can: {"undo", "redo"}. turn: how often the page has followed an address, which the element says too.
    on_part: (part, stack).
    """
    value = lambda name: getattr(streamlit.session_state["rail"], name)  # noqa: E731  one line for six functions below
    data = {"groups": groups, "view": view, "drawer": drawer, "diagram": diagram, "place": place, "can": can, "turn": turn}
    _mount(
        key="rail",
        data=data,
        on_view_change=lambda: on_view(value("view")),
        on_head_change=lambda: on_head(*value("head")),
        on_part_change=lambda: on_part(*value("part")),
        on_drawer_change=on_drawer,
        on_undo_change=on_undo,
        on_redo_change=on_redo,
    )
