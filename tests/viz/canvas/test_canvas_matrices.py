"""Matrices side by side: codes, why cells have no weight (against loops), and that tokens travel as text."""

from __future__ import annotations

import dataclasses

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS, SENTENCES, fitting

from model.analysis.attention import may_attend
from model.analysis.words import join_words
from model.trace.intervention import Intervention
from model.trace.trace import AttentionMaps, Axis
from viz.canvas import Matrix, cell_states, pack_matrices
from viz.canvas.matrices import STATES
from viz.canvas.shared.packing import fine_weights, signed_fine_codes, split
from viz.theme import number
from viz.views.pair import pair_matrices

PLACES = st.one_of(st.none(), st.integers(0, 9))


def arrays(packed: bytes) -> tuple[dict, list[numpy.ndarray]]:
    """The header, and the codes of each matrix as (query, key)."""
    header, codes = split(packed)
    found, start = [], 0
    for matrix in header["matrices"]:
        size = matrix["rows"] * matrix["columns"]
        found.append(codes[start : start + size].reshape(matrix["rows"], matrix["columns"]))
        start += size
    assert start == len(codes)
    return header, found


def one(maps: AttentionMaps, kind: str = "encoder", layer: int = 0, head: int = 0) -> Matrix:
    """One head as the page paints it."""
    return Matrix("", maps, kind, maps.attention[kind].weights[layer, head], cell_states(maps, kind, layer))


@pytest.fixture(scope="module")
def trace(tiny_translator):
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1])


@pytest.mark.parametrize("kind", ATTENTION_KINDS)
def test_weights_travel_and_masked_cells_name_their_reason(trace, kind):
    header, (codes,) = arrays(pack_matrices([one(trace, kind, 1, 2)]))
    weights, allowed = trace.attention[kind].weights[1, 2].numpy(), may_attend(trace, kind, 1).numpy()
    assert numpy.abs(fine_weights(codes.astype(float)) - weights)[allowed].max() < 3e-5
    names = {header["states"][65535 - code]["name"] for code in codes[~allowed].tolist()}
    assert names == ({"look-ahead"} if kind == "decoder" else set())
    assert (codes[allowed] <= 60000).all()


@given(value=st.floats(-1, 1, width=32))
def test_codes_of_differences_keep_sign_zero_and_two_digits(value):
    code = int(signed_fine_codes(torch.tensor([value]))[0]) - 30000
    assert (code > 0) == (value > 0) and (code < 0) == (value < 0)
    assert abs(code / 30000 - value) < 5e-5
    shown = number(abs(value))
    assert (shown == "<0.01" and 0 < abs(code) < 150) or shown == f"{round(abs(code) / 300) / 100:.2f}"


@given(
    links=st.sets(st.tuples(st.sampled_from(ATTENTION_KINDS), st.sampled_from([None, 0, 1]), PLACES, PLACES), max_size=8),
    causal=st.booleans(),
    window=st.sampled_from([None, 2]),
)
def test_states_equal_a_loop_over_cells(tiny_translator, links, causal, window):
    """A state wherever a cell may not attend, and nowhere else; the broadest reason is named."""
    cut = frozenset(link for link in links if link[2:] != (None, None))
    change = fitting(tiny_translator, "a cat and dogs", "un chat", Intervention(cut=cut, causal=causal, window=window))
    maps = tiny_translator.trace("a cat and dogs", "un chat", change)
    names = [None, *STATES]
    for kind in ATTENTION_KINDS:
        states = cell_states(maps, kind, 0)
        assert torch.equal(states == 0, may_attend(maps, kind, 0))
        for (query, key), state in numpy.ndenumerate(states.numpy()):
            there = [link for link in cut if link[0] == kind and link[1] in (None, 0)]
            over = {link[1:] for link in there if link[2] in (None, query) and link[3] in (None, key)}
            expected = None
            if over:
                column, row, everywhere = (any(link[at] is None for link in over) for at in (1, 2, 0))
                expected = "hidden" if column else "row-cut" if row else "cut-all" if everywhere else "cut"
            if window is not None and kind != "cross" and abs(query - key) > window:
                expected = "window"
            if causal and kind == "decoder" and key > query:
                expected = "look-ahead"
            assert names[state] == expected


def test_joined_words_say_masked_and_nothing_finer(tiny_translator):
    maps = join_words(tiny_translator.trace(SENTENCES[0], SENTENCES[1], Intervention(cut={("cross", None, None, 0)})))
    for kind in ATTENTION_KINDS:
        states = cell_states(maps, kind, 0, pieces=False)
        assert torch.equal(states == 0, may_attend(maps, kind, 0))
        assert set(states.unique().tolist()) <= {0, 1 + list(STATES).index("masked")}


def test_a_pair_links_counterparts_and_leaves_the_rest_blank(tiny_translator):
    """Rows and columns that belong together carry one number in all three; the others have one of their own."""
    first = tiny_translator.trace("the cat sat", "un chat")
    second = tiny_translator.trace("the cat and two dogs sat", "un chat")
    header, (_, _, difference) = arrays(pack_matrices(pair_matrices(first, second, "encoder", 0, 1)))
    before, after, between = (matrix["links"][0] for matrix in header["matrices"])
    assert before == list(range(len(first.source))) and after == between and len(set(after)) == len(after)
    assert after[0] == 0 and after[-1] == before[-1]
    blank = 65535 - list(STATES).index("blank")
    for query, key in numpy.ndindex(difference.shape):
        alone = after[query] < 0 or after[key] < 0
        assert (difference[query, key] == blank) == alone
    assert any(link < 0 for link in after)


def test_same_matrices_same_bytes_and_tokens_stay_text(tiny_translator, trace):
    again = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    assert pack_matrices([one(trace)]) == pack_matrices([one(again)])
    pieces = ["▁<script>", "</div>", "猫", "שלום", '"', "▁"] + trace.source.pieces[6:]
    source = dataclasses.replace(trace.source, pieces=pieces)
    header, _ = split(pack_matrices([one(dataclasses.replace(trace, axes={**trace.axes, "encoder": Axis(source)}))]))
    assert header["matrices"][0]["tokens"]["source"]["labels"][:6] == ["·<script>", "</div>", "猫", "שלום", '"', "·"]


def test_five_hundred_tokens_stay_below_a_megabyte(trace):
    """250,000 cells of two bytes and the words of both axes."""
    tokens = trace.source
    long = dataclasses.replace(tokens, **{f: (getattr(tokens, f) * 500)[:500] for f in ("ids", "pieces", "words", "spans")})
    matrix = one(trace)
    weights = torch.softmax(torch.randn(500, 500, generator=torch.Generator().manual_seed(0)), -1)
    maps = dataclasses.replace(trace, axes={**trace.axes, "encoder": Axis(long)})
    big = dataclasses.replace(matrix, maps=maps, values=weights, states=torch.zeros(500, 500, dtype=torch.uint8))
    assert 500_000 < len(pack_matrices([big])) < 1_000_000
