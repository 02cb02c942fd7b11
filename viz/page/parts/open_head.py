"""The open head in a card: its title, its matrix, and its strongest cell in words."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from model.analysis.words import strongest_pieces
from viz.canvas import attention_matrices, pack_head, pack_matrices
from viz.charts import change_sentence, head_sentence
from viz.charts.parts.words import head_title
from viz.page import answers, engine, store
from viz.page.choices import plain
from viz.page.painting import masked_rows
from viz.page.parts.captions import caption_line
from viz.page.parts.heads import head_heading
from viz.page.parts.table import as_table
from viz.page.parts.weights import matrix_tables, open_matrix
from viz.page.scene import Scene
from viz.takeaway import Sheet

CELLS = {True: 56, False: 34}  # px: a cell of the matrix where it is alone, and in a card beside others


def open_head(scene: Scene, large: bool = False) -> None:
    """One head with its title, its matrix and its strongest cell in words. A click on a cell opens its calculation."""
    kind, layer, head = place = scene.open_head
    head_heading(scene)
    caption_line(f"{'After minus before.' if scene.compares else 'Row attends to column.'} Click a cell to open its calculation.")
    aligned = engine.alignment_head(scene.translator)
    across = scene.trace.anatomy.across
    if aligned and across and place == (across.name, *aligned[:2]):
        trained = "" if scene.trace.intervention.changes_nothing else ", measured on the model as trained"
        caption_line(
            f"★ The alignment head: of all heads it agrees best with word links that people set (alignment error rate {aligned[2]:.2f}{trained})."
        )
    if hidden := scene.hidden(kind, layer, [head]):
        caption_line(hidden)
    packed, sentence = scene.picture("open-head", lambda: _packed(scene), *place)
    if not scene.compares:
        mark = head_sentence(scene.maps, *place)[:2]
        scene.noted(packed, pack_head, scene.maps, *place, mark, pieces=not scene.settings.words)
    opens, title = calculation_opener(scene), head_title(scene.trace.anatomy.kind(kind), layer, head)
    attention_matrices(packed, key="head-matrix", on_cell=lambda _, query, key: opens(query, key), cell=CELLS[large],
                       alt=f"{title}. {sentence}.")  # fmt: skip
    as_table("head-matrix", partial(matrix_tables, lambda: [open_matrix(scene, *place)], title))
    st.html(f'<p class="head-sentence" data-testid="head-sentence">{html.escape(sentence)}</p>')
    if note := masked_rows(scene.maps, kind, layer):
        caption_line(plain(note))


def _packed(scene: Scene) -> tuple[bytes, str]:
    """The matrix of the open head, or of what a change did to it, with its telling cell framed; and that cell in words."""
    maps, place = scene.maps, scene.open_head
    if scene.compares:
        query, key, sentence = change_sentence(scene.maps_before, maps, *place)
    else:
        query, key, sentence = head_sentence(maps, *place)
    return pack_matrices([replace(open_matrix(scene, *place), opens=True, mark=(query, key))]), sentence


def head_on_paper(scene: Scene) -> Sheet:
    """The open head, its telling cell framed."""
    mark = head_sentence(scene.maps, *scene.open_head)[:2]
    return Sheet("matrices", pack_head(scene.maps, *scene.open_head, mark, pieces=not scene.settings.words))


def calculation_opener(scene: Scene) -> Callable[[int, int], None]:
    """What a click on a cell (query, key) of the open head does: its calculation opens; of a pair of words, that of their strongest pieces."""
    kind, layer, head = scene.open_head

    def open_calculation(query: int, key: int) -> None:
        if answers.hear("cell", (query, key)):
            return
        if scene.settings.words:
            query, key = strongest_pieces(scene.trace, kind, scene.trace.attention[kind].weights[layer, head], (query, key))
        store.write(view=scene.calculation or scene.settings.view, kind=kind, layer=layer, head=head, query=query, key=key)

    return open_calculation
