"""One head: its attention matrix, large enough to read every cell."""

from __future__ import annotations

import streamlit as st

from model.trace.intervention import Intervention
from model.trace.trace import ATTENTION_KINDS, AttentionMaps
from viz import reading
from viz.page.chips import token_cell
from viz.page.painting import draw_paint
from viz.page.scene import Scene, View, numbered, remember
from viz.theme import KIND_TITLES, number, word_label
from viz.views.all_heads import open_head

PAINT_TITLES = {"off": "opens its calculation", "layer": "cuts the link in this layer", "all": "cuts it in all layers"}


def draw(scene: Scene) -> None:
    """Choose kind, layer and head; the matrix follows. A click opens a calculation, or the mask is painted."""
    choose_head(scene, "one")
    remember("paint", scene.settings.paint)
    scene.choose(
        paint=st.segmented_control("Click on a cell", PAINT_TITLES, key="paint", format_func=PAINT_TITLES.get, required=True)
    )
    paints = scene.settings.paint != "off"
    matrix, table = st.columns([1.9, 1], gap="medium")
    with matrix, st.container(border=True, key="card-head"):
        draw_paint(scene) if paints else open_head(scene, large=True)
    with table, st.container(border=True, key="card-strongest"):
        st.html(strongest(scene.trace if paints else scene.maps, *scene.open_head))


def choose_head(scene: Scene, prefix: str) -> None:
    """Kind, layer and head as rows of buttons whose keys start with `prefix`; the choice goes into the URL.

    Another side forgets the cell that was open: its rows are other tokens.
    """
    kind, layer, head = scene.open_head
    with st.container(horizontal=True, gap="medium"):
        remember(f"{prefix}-kind", kind)
        chosen = st.segmented_control("Kind", ATTENTION_KINDS, key=f"{prefix}-kind", format_func=KIND_TITLES.get, required=True)
        layer = numbered("Layer", f"{prefix}-layer", scene.trace.attention[chosen].weights.size(0), layer)
        head = numbered("Head", f"{prefix}-head", scene.trace.config.heads, head)
    if chosen != kind:
        scene.choose(query=None, key=None)
    scene.choose(kind=chosen, layer=layer, head=head)


def strongest(trace: AttentionMaps, kind: str, layer: int, head: int) -> str:
    """HTML table: for every row, the token that it attends to most. All text is escaped."""
    best = trace.attention[kind].weights[layer, head].max(dim=-1)
    keys = trace.keys(kind)
    rows = trace.queries(kind) if kind == "encoder" else trace.labels
    asks, answers = ("fr" if french else "en" for french in (kind != "encoder", kind == "decoder"))
    cell = lambda tokens, at, lang: token_cell(word_label(tokens.shown[at]), word_label(tokens.named[at]), lang)  # noqa: E731
    body = "".join(
        f"<tr>{cell(rows, row, asks)}{cell(keys, key, answers) if weight else '<td>–</td>'}"
        f"<td>{number(weight)}</td></tr>"
        for row, (key, weight) in enumerate(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    )
    title = "Token" if kind == "encoder" else "Producing"
    return f'<div class="strongest"><table translate="no"><tr><th>{title}</th><th>attends most to</th><th>weight</th></tr>{body}</table></div>'


def _sentence(change: Intervention = Intervention(), sinks: str = "keep") -> str:
    return (
        f"Each row is one token asking; {reading.rows_sum(change, sinks)}. Point at a cell to read it, or cut its link and see "
        "what the model does without it. Look for rows with one dark cell (a sure head) and rows spread thin (an unsure one)."
    )


VIEW = View(
    "one-head",
    "One head",
    _sentence(),
    draw,
    says=lambda scene: _sentence(scene.trace.intervention, scene.settings.sinks if scene.settings.paint == "off" else "keep"),
    differs=True,
)
