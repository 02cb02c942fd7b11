"""Two sentences: a minimal pair side by side, aligned word by word, and what one word changes in every head."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st
from torch import Tensor

from model.analysis.two_sentences import LONGEST_SWAP, aligned_difference, aligned_mask, axis_counterparts, head_changes
from model.trace.trace import AttentionMaps
from viz.canvas import Matrix, attention_matrices, cell_states, difference_matrix, pack_matrices
from viz.charts.parts.words import head_title
from viz.page import chips, engine, store
from viz.page.caches import cached
from viz.page.choices import plain
from viz.page.parts import partner
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, heading
from viz.page.parts.heads import choose_head, head_heading
from viz.page.parts.open_head import calculation_opener
from viz.page.parts.table import as_table
from viz.page.parts.weights import head_words, matrix_tables
from viz.page.scene import Scene, View, style_beside
from viz.page.wording import translates
from viz.theme import quoted

MOST_CHANGED = 8  # heads in the list
INVITATION = (
    "Type a second sentence that differs in one word from the one above, or take a pair. Then both stand side by side, and the "
    "difference shows which heads the word moves."
)


def draw(scene: Scene) -> None:
    """The second sentence, what both become in French, and the open head in both."""
    sentence = partner.field(scene, INVITATION)
    if not sentence:
        return
    try:
        other = _other(scene, sentence)
    except ValueError as error:
        st.info(f"The second sentence: {plain(str(error))}", icon=":material/info:")
        return
    if scene.settings.layer is None:
        kind, layer, head = _by_change(_changes(scene, other))[0][1:]
        scene.choose(kind=kind, layer=layer, head=head)
    with card("pair"):
        _matrices(scene, other)
    _translations(scene, other)
    choose_head(scene, "pair")
    with card("pair-heads"):
        _most_changed(scene, other)


def _other(scene: Scene, sentence: str) -> Scene:
    """The same settings and the same change of the model with the second sentence, translated by the model."""
    forced = scene.settings.forcing == "forced"
    result = engine.run(scene.translator, scene.translator.source(sentence), None, scene.trace.intervention, forced=forced)
    if not forced:
        change = scene.trace.intervention
        more = {} if change.changes_nothing else {"intervention": change}
        scene.noted(result.trace, scene.translator.trace, sentence, **more)
    return Scene(scene.settings.having(text=sentence, target=""), scene.translator, result, scene.colours)


def _translations(scene: Scene, other: Scene) -> None:
    """Both translations as chips, one under the other; in each what the other lacks is marked."""
    if not scene.wording.target:
        return
    first, second = scene.trace.labels, other.trace.labels
    rows = [
        chips.row(
            "pair-first", "First", first, chips.changed(second, first), in_words=scene.settings.words, lang=scene.wording.codes[1]
        ),
        chips.row(
            "pair-second",
            "Second",
            second,
            chips.changed(first, second),
            in_words=scene.settings.words,
            lang=scene.wording.codes[1],
        ),
    ]
    st.html(chips.block(rows))
    names = scene.wording
    becomes = f"become the same {names.target}" if translates(scene.trace.anatomy) else f"get the same {names.output}"
    same = f"Both {becomes}" if len(first) > 1 else f"Both {names.output}s are empty: the model ends at once"
    sentence = f"{same}; look at the weights." if first.ids == second.ids else "Framed: what the other does not have."
    if scene.settings.target.strip():
        sentence += f" The first {names.output} is yours, the second one the model’s."
    caption_line(sentence)


def _matrices(scene: Scene, other: Scene) -> None:
    """The open head in both sentences and the difference, with linked hover."""
    kind, layer, head = scene.open_head
    head_heading(scene)
    equal = scene.trace.anatomy.has_equal_axes(kind)
    caption_line(
        "Point at a cell: its counterparts are framed in all three. Click a cell of the first sentence to open its calculation."
        + ("" if equal else " Rows are aligned by what they produce, columns by what is read.")
    )
    for name, side in (("first", scene), ("second", other)):
        if hidden := side.hidden(kind, layer, [head]):
            caption_line(f"In the {name} sentence, {hidden}")
    build = partial(pair_matrices, scene.maps, other.maps, kind, layer, head, not scene.settings.words)
    packed = scene.picture("pair", lambda: pack_matrices(build()), other, kind, layer, head)
    scene.noted(packed, pack_matrices, build)
    opener = calculation_opener(scene)
    title = head_title(scene.trace.anatomy.kind(kind), layer, head)
    alt = f"{title}, in both sentences. First: {head_words(scene, kind, layer, head)}. Second: {head_words(other, kind, layer, head)}."
    attention_matrices(packed, key="pair-matrices", on_cell=lambda _, query, key: opener(query, key), alt=alt)
    as_table("pair-matrices", partial(matrix_tables, build, title))
    caption_line(_alone(scene.maps, other.maps, kind))


def pair_matrices(
    first: AttentionMaps, second: AttentionMaps, kind: str, layer: int, head: int, pieces: bool = True
) -> list[Matrix]:
    """The head in the first sentence, in the second, and the second minus the first on the tokens of the second."""
    rows, columns = axis_counterparts(first, second, kind)
    sides = [
        Matrix(title, maps, kind, maps.attention[kind].weights[layer, head], cell_states(maps, kind, layer, pieces), rows=down,
               columns=across, opens=maps is first)
        for title, maps, down, across in (("First sentence", first, None, None), ("Second sentence", second, rows, columns))
    ]  # fmt: skip
    difference, allowed = aligned_difference(first, second, kind, layer, head), aligned_mask(first, second, kind, layer)
    between = difference_matrix(second, kind, difference, allowed, "Difference: second minus first")
    return [*sides, replace(between, rows=rows, columns=columns)]


def _alone(first: AttentionMaps, second: AttentionMaps, kind: str) -> str:
    """Which tokens have no counterpart, and what that means, in words."""
    rows, columns = axis_counterparts(first, second, kind)
    equal = second.anatomy.has_equal_axes(kind)
    axes = [("row", second.rows(kind).labels, rows), ("column", second.columns(kind), columns)][: 1 if equal else 2]
    parts = []
    for name, tokens, partners in axes:
        alone = [quoted(tokens.shown[at], tokens.notation) for at, other in enumerate(partners) if other is None]
        if alone:
            where = "rows and columns" if equal else f"{name}s"
            parts.append(f"{where} {', '.join(alone[:6])}{', …' if len(alone) > 6 else ''}")
    blank = (
        f"No counterpart in the first sentence, so blank in the difference: {'; '.join(parts)}. "
        if parts
        else "Every token of the second sentence has a counterpart in the first. "
    )
    return (
        plain(blank)
        + f"Counterparts are equal tokens in the same order, and up to {LONGEST_SWAP} that took the place of as many others."
    )


@cached
def _changes(first: Scene, second: Scene) -> dict[str, Tensor]:
    """Mean absolute difference of every head, by kind."""
    return {kind: head_changes(first.maps, second.maps, kind).cpu() for kind in first.maps.attention}


def _by_change(changes: dict[str, Tensor]) -> list[tuple[float, str, int, int]]:
    """All heads as (change, kind, layer, head), the most changed first."""
    heads = [
        (value, kind, *divmod(at, values.size(1)))
        for kind, values in changes.items()
        for at, value in enumerate(values.flatten().tolist())
    ]
    return sorted(heads, key=lambda head: -head[0])


def _most_changed(scene: Scene, other: Scene) -> None:
    """The heads that the second sentence moves most; a click opens one."""
    heading("Heads that change most")
    changes = _changes(scene, other)
    heads = _by_change(changes)
    kind, layer, head = scene.open_head
    place = 1 + [each[1:] for each in heads].index((kind, layer, head))
    caption_line(
        "Mean absolute difference over the aligned cells that may be attended to, 0 to 1. Click one to open it. "
        f"The open head has {float(changes[kind][layer, head]):.3f}, number {place} of {len(heads)}."
    )
    with st.container(horizontal=True, key="pair-heads", gap="small"):
        for rank, (value, of_kind, in_layer, number) in enumerate(heads[:MOST_CHANGED]):
            where = (of_kind, in_layer, number)
            off = " (off)" if where in scene.trace.intervention.heads_off else ""
            label = f"{head_title(scene.trace.anatomy.kind(of_kind), in_layer, number)}{off}: **{value:.3f}**"
            st.button(label, on_click=_open, args=where, key=f"pair-head-{rank}", disabled=where == (kind, layer, head))


def _open(kind: str, layer: int, head: int) -> None:
    store.write(kind=kind, layer=layer, head=head, query=None, key=None)


VIEW = View(
    "pair",
    "Two sentences",
    "A minimal pair: two sentences that differ in one word, with one head’s attention in both and the difference between them. "
    "Look for cells far from the changed word that change all the same: the word made a difference to other tokens, too.",
    draw,
    group="Experiment",
    part="head",
    shows={"words", "sinks"},
    needs={"weights"},
    style=style_beside(__file__),
    tokens=partner.TOKENS,
    languages=partner.LANGUAGES,
    lines=partner.lines,
)
