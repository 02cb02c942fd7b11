"""What strokes and clicks on tokens make of the cut links, and what is said of rows without a key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS

from model.trace.intervention import Intervention
from model.transformer.config import Config
from viz.canvas import cell_states
from viz.canvas.matrices import STATES
from viz.page.changes import hidden_links
from viz.page.painting import masked_rows, painted, toggled

ANATOMY = Config().anatomy()
CELLS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6)
KINDS = st.sampled_from(ATTENTION_KINDS)


def names(translator, cut: frozenset, kind: str, layer: int) -> list[list[str | None]]:
    """The state of every cell of a kind in a layer, by name."""
    maps = translator.trace("a cat", "un chat", Intervention(cut=cut, causal=False))
    return [[([None, *STATES])[state] for state in row] for row in cell_states(maps, kind, layer).tolist()]


@given(kind=KINDS, layer=st.sampled_from([None, 0, 1]), cells=CELLS, opened=st.integers(0, 1))
def test_what_was_cut_is_restored_by_painting_again(tiny_translator, kind, layer, cells, opened):
    """A stroke cuts its cells and no others; the same stroke restores them, also what was cut in all layers."""
    cut = painted(frozenset(), kind, layer, cells, True)
    seen = names(tiny_translator, cut, kind, opened)
    covered = "cut-all" if layer is None else "cut" if layer == opened else None
    for query, row in enumerate(seen):
        for key, name in enumerate(row):
            assert name == (covered if (query, key) in cells else None)
    if covered:
        assert not painted(cut, kind, opened, cells, False)
    assert painted(painted(cut, kind, 1, cells, True), kind, None, cells, True) == painted(frozenset(), kind, None, cells, True)


def test_painting_leaves_other_links_alone():
    """Other layers, kinds and cells, and hidden tokens."""
    others = {("cross", 1, 2, 3), ("encoder", 0, 2, 3), ("cross", 0, 0, 3), *hidden_links(ANATOMY, "encoder", 3)}
    cut = painted(frozenset(others), "cross", 0, [(2, 3)], True)
    assert cut == others | {("cross", 0, 2, 3)}
    assert painted(cut, "cross", 0, [(2, 3)], False) == others


@given(kind=KINDS, axis=st.sampled_from(["row", "column"]), index=st.integers(0, 2), everywhere=st.booleans())
def test_a_token_is_hidden_and_shown_again(tiny_translator, kind, axis, index, everywhere):
    """The second click takes back what the first did; a source token goes from encoder and cross-attention alike."""
    layers = (0, None if everywhere else 0)
    cut = toggled(frozenset(), ANATOMY, kind, layers, axis, index)
    if kind != "decoder" and (axis == "column" or kind == "encoder"):
        assert cut == hidden_links(ANATOMY, "encoder", index)
    seen = names(tiny_translator, cut, kind, 0)
    gone = "hidden" if axis == "column" or kind == "encoder" else "row-cut"
    assert any(gone in row for row in seen)
    assert not toggled(cut, ANATOMY, kind, layers, axis, index)


def test_a_row_that_a_link_cut_comes_back_in_the_encoder_too():
    """The page does not cut rows of the encoder, but a link may name one."""
    cut = frozenset({("encoder", 2, 1, None), ("cross", None, 1, None)})
    assert toggled(cut, ANATOMY, "encoder", (2, 2), "row", 1) == {("cross", None, 1, None)}


def test_rows_without_a_key_are_named(tiny_translator):
    maps = tiny_translator.trace("a cat", "un chat", Intervention(cut=frozenset({("cross", 0, 0, None)})))
    said = masked_rows(maps, "cross", 0)
    assert said.startswith("Row 1 (“") and "attends to nothing" in said
    assert masked_rows(maps, "cross", 1) == masked_rows(maps, "encoder", 0) == ""
