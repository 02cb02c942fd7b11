"""One head: its attention matrix, large enough to read every cell."""

from __future__ import annotations

import streamlit as st

from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps
from viz import reading
from viz.page.chips import token_cell
from viz.page.needs import obeyed
from viz.page.painting import draw_paint
from viz.page.params import choice
from viz.page.parts.cards import card
from viz.page.parts.heads import choose_head
from viz.page.parts.open_head import head_on_paper, open_head
from viz.page.parts.tags import Html, scroller, table
from viz.page.scene import Scene, View
from viz.page.store import tied
from viz.theme import LANGUAGE_CODES, number, word_label

PAINT_TITLES = {"off": "opens it", "layer": "cuts it", "all": "cuts in all layers"}
PAINT_HELP = "Opens the calculation of its weight, or cuts its link: in this layer for all its heads, or in all layers."


def draw(scene: Scene) -> None:
    """The matrix, and beside it the choice of kind, layer and head. A click opens a calculation, or the mask is painted."""
    paints = False
    matrix, choices = st.columns([1.9, 1], gap="medium")
    with choices:
        choose_head(scene, "one", narrow=True)
        if obeyed(scene.trace.anatomy, "cut"):
            st.segmented_control(
                "Click on a cell",
                PAINT_TITLES,
                format_func=PAINT_TITLES.__getitem__,
                required=True,
                **tied("paint", options=True),
            )
            paints = scene.settings.paint != "off"
    with matrix, card("head"):
        draw_paint(scene) if paints else open_head(scene, large=True)
    with choices, card("strongest"):
        st.html(strongest(scene.trace if paints else scene.maps, *scene.open_head))


def strongest(trace: AttentionMaps, kind: str, layer: int, head: int) -> str:
    """HTML table: for every row, the token that it attends to most. All text is escaped."""
    best = trace.attention[kind].weights[layer, head].max(dim=-1)
    keys = trace.keys(kind)
    rows, anatomy = trace.rows(kind).labels, trace.anatomy
    asks, answers = (LANGUAGE_CODES.get(stack.language, "") for stack in (anatomy.asking(kind), anatomy.answering(kind)))
    body = [
        (_cell(rows, row, asks), _cell(keys, key, answers) if weight else "–", number(weight))
        for row, (key, weight) in enumerate(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    ]
    title = "Producing" if anatomy.produces(kind) else "Token"
    return scroller("Strongest cell of every row", table((title, "attends most to", "weight"), body), class_="strongest")


def _cell(tokens: Tokens, at: int, language: str) -> Html:
    return token_cell(word_label(tokens.shown[at], tokens.notation), word_label(tokens.named[at], tokens.notation), language)


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
    group="Attend",
    rank=1,
    entry="head",
    part="head",
    shows={"words", "sinks"},
    says=lambda scene: _sentence(scene.trace.intervention, scene.settings.sinks if scene.settings.paint == "off" else "keep"),
    differs=True,
    paper=head_on_paper,
    needs={"weights"},
    params=(
        choice("paint", tuple(PAINT_TITLES), "off", "what a click on a cell does: it opens its calculation, or cuts the link"),
    ),
)
