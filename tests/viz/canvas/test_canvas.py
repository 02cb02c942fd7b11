"""What the canvas components send: shapes, exactness, size, and that tokens enter the page as text only."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS

from model.trace.intervention import Intervention
from model.trace.trace import Attention, Axis, Trace
from viz.canvas import pack_grid, pack_lines
from viz.canvas.grid import max_pool
from viz.canvas.shared.files import CANVAS
from viz.canvas.shared.packing import coarse_codes, coarse_weights, fine_codes, fine_weights, split, with_fields
from viz.theme import number


@pytest.fixture(scope="session")
def trace(tiny_translator) -> Trace:
    """A real trace, short enough that nothing is pooled."""
    return tiny_translator.trace("a text of some words", target="un texte de quelques mots")


def stretched(trace: Trace, size: int, layers: int = 6, heads: int = 8) -> Trace:
    """The same kind of record with `size` tokens on every axis and rows that sum to 1."""

    def repeat(tokens):
        fields = ("ids", "pieces", "words", "spans")
        return dataclasses.replace(tokens, **{f: (getattr(tokens, f) * size)[:size] for f in fields})

    draw = torch.Generator().manual_seed(size)
    attention = {}
    for kind in ATTENTION_KINDS:
        weights = torch.softmax(4 * torch.randn(layers, heads, size, size, generator=draw), dim=-1)
        attention[kind] = Attention(weights, *[None] * 6)
    axes = {stack: Axis(repeat(axis.read), axis.made and repeat(axis.made)) for stack, axis in trace.axes.items()}
    return dataclasses.replace(trace, attention=attention, axes=axes)


def grid_arrays(packed: bytes) -> dict[str, numpy.ndarray]:
    """Codes of each kind as (layer, head, row, column)."""
    header, array = split(packed)
    arrays, start = {}, 0
    for kind in header["kinds"]:
        shape = [kind[name] for name in ("layers", "heads", "rows", "columns")]
        arrays[kind["name"]] = array[start : start + math.prod(shape)].reshape(shape)
        start += math.prod(shape)
    assert start == len(array)
    return arrays


def test_grid_holds_every_head_of_every_kind_to_one_255th(trace):
    arrays = grid_arrays(pack_grid(trace))
    assert list(arrays) == list(ATTENTION_KINDS)
    for kind, codes in arrays.items():
        weights = trace.attention[kind].weights.numpy()
        assert codes.shape == weights.shape
        assert numpy.abs(coarse_weights(codes.astype(float)) - weights).max() <= 1 / 255


def test_grid_names_the_tokens_of_both_axes(trace):
    header, _ = split(pack_grid(trace))
    kinds = {kind["name"]: kind for kind in header["kinds"]}
    assert kinds["encoder"]["axes"] == {"rows": "source", "produced": None, "columns": "source"}
    assert kinds["decoder"]["axes"] == {"rows": "target", "produced": "labels", "columns": "target"}
    assert kinds["cross"]["axes"] == {"rows": "target", "produced": "labels", "columns": "source"}
    assert kinds["cross"]["queries"] == len(header["tokens"]["target"]["words"]) == len(header["tokens"]["labels"]["words"])
    assert kinds["cross"]["keys"] == len(header["tokens"]["source"]["words"])
    assert header["tokens"]["target"]["special"] == [0]


def test_same_trace_same_bytes(tiny_translator, trace):
    again = tiny_translator.trace("a text of some words", target="un texte de quelques mots")
    assert pack_grid(trace) == pack_grid(trace) == pack_grid(again)
    assert pack_lines(trace, "cross", 0) == pack_lines(again, "cross", 0)


@pytest.mark.parametrize(("tokens", "budget"), [(24, 100_000), (500, 700_000)])
def test_grid_stays_small(trace, tokens, budget):
    packed = pack_grid(stretched(trace, tokens))
    assert len(packed) < budget
    assert max(grid_arrays(packed)["cross"].shape[2:]) <= 64


@given(queries=st.integers(1, 40), keys=st.integers(1, 40), limit=st.integers(1, 16), seed=st.integers(0, 99))
def test_pooling_is_the_largest_weight_of_each_bin(queries, keys, limit, seed):
    weights = torch.rand(1, 2, queries, keys, generator=torch.Generator().manual_seed(seed))
    pooled = max_pool(weights, limit)
    rows, columns = min(queries, limit), min(keys, limit)
    assert pooled.shape == (1, 2, rows, columns)
    for row in range(rows):
        down = slice(row * queries // rows, math.ceil((row + 1) * queries / rows))
        for column in range(columns):
            across = slice(column * keys // columns, math.ceil((column + 1) * keys / columns))
            assert torch.equal(pooled[..., row, column], weights[..., down, across].amax((-1, -2)))


@given(weight=st.floats(0, 1, width=32))
def test_both_codes_keep_what_a_reader_sees(weight):
    value = torch.tensor([weight])
    coarse, fine = int(coarse_codes(value)[0]), int(fine_codes(value)[0])
    shown = number(weight)
    assert (shown == "<0.01" and coarse == 1) or shown == f"{(coarse // 2) / 100:.2f}"
    assert (shown == "<0.01" and 0 < fine < 300) or shown == f"{round(fine / 600) / 100:.2f}"
    assert (coarse > 0) == (fine > 0) == (weight > 0)
    assert abs(coarse_weights(numpy.array([float(coarse)]))[0] - weight) <= 1 / 255
    assert abs(fine_weights(numpy.array([float(fine)]))[0] - weight) <= 3e-5


def test_lines_hold_all_heads_of_one_layer(trace):
    for kind in ATTENTION_KINDS:
        header, array = split(pack_lines(trace, kind, 1))
        weights = trace.attention[kind].weights[1].numpy()
        assert (header["kind"], header["layer"]) == (kind, 1)
        assert (header["heads"], header["queries"], header["keys"]) == weights.shape
        assert numpy.abs(fine_weights(array.reshape(weights.shape).astype(float)) - weights).max() < 3e-5


def test_a_selection_leaves_the_array_as_it_is(trace):
    packed = pack_grid(trace)
    chosen = with_fields(packed, selected=["cross", 0, 1])
    assert split(chosen)[0] == {**split(packed)[0], "selected": ["cross", 0, 1]}
    assert numpy.array_equal(split(chosen)[1], split(packed)[1])


def in_languages(trace):
    """The trace of a model that says what it translates."""
    stacks = zip(trace.anatomy.stacks, ("English", "French"), strict=True)
    named = tuple(dataclasses.replace(stack, language=language) for stack, language in stacks)
    return dataclasses.replace(trace, anatomy=dataclasses.replace(trace.anatomy, stacks=named))


def caption(trace):
    """What stands over the decoder's heads."""
    return split(pack_grid(trace))[0]["kinds"][1]["caption"]


def test_captions_and_switched_off_heads_follow_the_intervention(trace):
    changed = dataclasses.replace(trace, intervention=Intervention(causal=False, heads_off=frozenset({("cross", 1, 0)})))
    assert caption(trace) == "Decoder reads the decoder so far (masked)"  # a model that does not say its languages
    assert caption(in_languages(trace)) == "French reads the French so far (masked)"
    assert caption(in_languages(changed)) == "French reads all the French (look-ahead mask off)"
    assert split(pack_grid(changed))[0]["off"] == [["cross", 1, 0]]
    assert split(pack_lines(changed, "cross", 1))[0]["off"] == [0]
    assert split(pack_lines(changed, "cross", 0))[0]["off"] == []


def test_palettes_of_both_themes_travel_with_one_tint_for_each_head(trace):
    palettes = split(pack_lines(trace, "cross", 0))[0]["palettes"]
    assert set(palettes) == {"light", "dark"}
    heads = trace.attention["cross"].weights.size(1)
    for palette in palettes.values():
        assert all(re.fullmatch("#[0-9a-f]{6}", tint) for tint in palette["tints"]["cross"])
        assert len(set(palette["tints"]["cross"])) == heads


def test_a_token_that_looks_like_markup_stays_text(trace):
    pieces = ["<script>", "</div>", "<0xF0>", "猫", "שלום", '"'] + trace.source.pieces
    words = [0] * 6 + trace.source.words
    source = dataclasses.replace(trace.source, pieces=pieces, words=words)
    header, _ = split(pack_grid(dataclasses.replace(trace, axes={**trace.axes, "encoder": Axis(source)})))
    assert header["tokens"]["source"]["words"][:6] == pieces[:6]
    for file in CANVAS.glob("*/*.js"):
        script = file.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(", script)
