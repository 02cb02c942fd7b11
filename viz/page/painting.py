"""Painting the mask: what a stroke or a click on a token makes of the links that are cut. The model follows in the next run."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial

import streamlit as st

from model.analysis.attention import may_attend
from model.trace.anatomy import Anatomy, Stack
from model.trace.intervention import Link
from model.trace.trace import AttentionMaps
from viz.canvas import Matrix, attention_matrices, cell_states, pack_head, pack_matrices
from viz.charts import head_sentence
from viz.charts.parts.words import head_title
from viz.page import store
from viz.page.changes import hidden_links
from viz.page.choices import plain
from viz.page.params import MOST_ENTRIES
from viz.page.parts.captions import caption_line
from viz.page.parts.heads import head_heading
from viz.page.parts.table import as_table
from viz.page.parts.weights import matrix_tables
from viz.page.scene import Scene
from viz.page.wording import translates
from viz.theme import quoted

HIDE = {"column": "click to hide it from everyone", "column back": "hidden; click to show it again"}
ROW_HINTS = {"row": "click to cut all that this row reads here", "row back": "cut as a whole; click to restore it"}


def _hints(anatomy: Anatomy, kind: str) -> dict[str, str]:
    """What a click on a token does, for its hover."""
    if anatomy.has_equal_axes(kind):
        return {**HIDE, "row": HIDE["column"], "row back": "hidden or cut; click to bring it back"}
    if anatomy.kind(kind).is_self:
        rows = f"all {_language(anatomy.asking(kind))}rows, in all layers"
        return {**ROW_HINTS, "column": f"click to hide it from {rows}", "column back": HIDE["column back"]}
    return {**ROW_HINTS, **HIDE}


def _clicks(anatomy: Anatomy, kind: str) -> str:
    """The same in a sentence."""
    if anatomy.has_equal_axes(kind):
        readers = [f"the {anatomy.short_title(kind)}"]
        readers += [
            anatomy.short_title(link[0])
            for link in sorted(hidden_links(anatomy, anatomy.kind(kind).answers, 0))
            if link[0] != kind
        ]
        return (
            f"Click a token beside or above the picture to hide it from everyone: no row of {' or of '.join(readers)} reads it any "
            "more, in any layer."
        )
    rest = "in all layers; click a row’s token to cut the whole row."
    if anatomy.kind(kind).is_self:
        return f"Click a token above to hide it from all {_language(anatomy.asking(kind))}rows, {rest}"
    language = _language(anatomy.answering(kind))
    return f"Click {'an' if language[:1] in tuple('AEIOU') else 'a'} {language}token above to hide it from everyone, {rest}"


def _language(stack: Stack) -> str:
    """The language of a stack's tokens in front of a word; empty where it is not known."""
    return f"{stack.language} " if stack.language else ""


def painted(cut: frozenset[Link], kind: str, layer: int | None, cells: list[tuple[int, int]], cutting: bool) -> frozenset[Link]:
    """The links that are cut after a stroke over cells (query, key) of one kind; layer: None cuts in all of them.

    To restore a cell takes away every link that cuts it alone: in this layer and in all layers.
    """
    places = set(cells)
    if cutting:
        covered = frozenset(link for link in cut if layer is None and link[0] == kind and link[2:] in places)
        return (cut - covered) | {(kind, layer, *cell) for cell in places}
    layers = {None, layer}
    return frozenset(link for link in cut if not (link[0] == kind and link[1] in layers and link[2:] in places))


def toggled(
    cut: frozenset[Link], anatomy: Anatomy, kind: str, layers: tuple[int, int | None], axis: str, index: int
) -> frozenset[Link]:
    """The links that are cut after a click on a token: `axis` "column" or "row", `index` its place from 0.

    A column hides its token from everyone who may read it; where rows and columns are the same tokens, a row does so, too.
    A row of other kinds loses all that it reads. What is gone already in the layer that is open comes back.
    layers: (the one that is open, the one to cut rows in; None: all).
    """
    opened, layer = layers
    rows = frozenset(link for link in cut if link[0] == kind and link[1] in (None, opened) and link[2:] == (index, None))
    if axis == "row" and (rows or not anatomy.has_equal_axes(kind)):
        return cut - rows if rows else cut | {(kind, layer, index, None)}
    hiding = hidden_links(anatomy, anatomy.kind(kind).answers, index)
    own_links = [link for link in cut if link[0] == kind and link[1] in (None, opened) and link[2:] == (None, index)]
    kinds = {link[0] for link in hiding}
    if not own_links:
        return cut | hiding
    return frozenset(link for link in cut if not (link[0] in kinds and link[2:] == (None, index)))


def draw_paint(scene: Scene) -> None:
    """The open head as pieces, to paint on."""
    anatomy, (kind, layer, head) = scene.trace.anatomy, scene.open_head
    head_heading(scene)
    everywhere = scene.settings.paint == "all"
    where = "in all layers" if everywhere else f"in layer {layer + 1}, for all its heads"
    caption_line(f"Click or drag over cells to cut their links {where}; begin on a cut cell to restore. {_clicks(anatomy, kind)}")
    if scene.settings.words or scene.settings.sinks != "keep":
        caption_line("Painting works on the pieces, with all their attention, whatever the switches join or hide.")
    if notice := st.session_state.pop("paint-notice", None):
        st.warning(plain(notice))

    def stroke(cells: list[tuple[int, int]], cutting: bool) -> None:
        _change(lambda cut: painted(cut, kind, None if everywhere and cutting else layer, cells, cutting))

    def token(axis: str, index: int) -> None:
        _change(lambda cut: toggled(cut, anatomy, kind, (layer, None if everywhere else layer), axis, index))

    packed = scene.picture("paint", lambda: pack_matrices([paint_matrix(scene.trace, kind, layer, head)]), kind, layer, head)
    scene.noted(packed, pack_head, scene.trace, kind, layer, head)
    title = head_title(anatomy.kind(kind), layer, head)
    alt = f"{title}. {head_sentence(scene.trace, kind, layer, head)[2]}."
    attention_matrices(packed, key="paint-matrix", on_paint=stroke, on_token=token, hints=_hints(anatomy, kind), alt=alt)
    as_table("paint-matrix", partial(matrix_tables, lambda: [paint_matrix(scene.trace, kind, layer, head)], title))
    if sentence := masked_rows(scene.trace, kind, layer):
        st.html(f'<p class="head-sentence" data-testid="paint-masked">{html.escape(sentence)}</p>')
    if anatomy.produces(kind) and len(anatomy.stacks) > 1 and not scene.settings.target.strip():
        writes, output = "translates" if translates(anatomy) else "writes", scene.wording.output
        caption_line(
            f"Links belong to positions: after every change the model {writes} again, and a row may then produce another piece. "
            f"Type your own {output} above to keep the rows as they are."
        )


def paint_matrix(trace: AttentionMaps, kind: str, layer: int, head: int) -> Matrix:
    """One head with what is cut in its layer."""
    weights = trace.attention[kind].weights[layer, head]
    return Matrix("", trace, kind, weights, cell_states(trace, kind, layer))


def masked_rows(trace: AttentionMaps, kind: str, layer: int) -> str:
    """Which rows may attend to nothing, and what then happens, in words; empty where every row has a key."""
    empty = (~may_attend(trace, kind, layer).any(dim=1)).nonzero().flatten().tolist()
    if not empty:
        return ""
    labels = trace.rows(kind).labels
    names = ", ".join(f"{row + 1} ({quoted(labels.shown[row], labels.notation)})" for row in empty[:6]) + (
        ", …" if len(empty) > 6 else ""
    )
    which = f"Row {names} has" if len(empty) == 1 else f"Rows {names} have"
    return (
        f"{which} every key masked and so attends to nothing: all weights are 0 (there is no softmax over nothing), every head "
        "hands on zeros, this sublayer adds nothing but the bias of W_O, and the token goes on as it was, along the residual "
        "connection."
    )


def _change(act: Callable[[frozenset[Link]], frozenset[Link]]) -> None:
    """Cut other links, within what one link of the address bar can name."""
    now = store.state().change.cut
    cut = act(now)
    if len(cut) > max(MOST_ENTRIES, len(now)):
        st.session_state["paint-notice"] = (
            f"That would be {len(cut)} cut links; the page keeps at most {MOST_ENTRIES}, so nothing was changed. "
            "To mask a whole row or column, click its token."
        )
        return
    store.write(cut=cut)
