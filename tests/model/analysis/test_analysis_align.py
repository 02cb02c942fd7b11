"""Two sentences aligned: against loops in Python, and what must be true of every alignment."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.attention import may_attend
from model.analysis.two_sentences import aligned_difference, aligned_mask, axis_counterparts, counterparts, head_changes
from model.analysis.words import join_words
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens

TEXTS = st.lists(st.sampled_from("the cat dog sat on a mat . </s> 猫".split()), min_size=1, max_size=9).map(" ".join)


@pytest.fixture(scope="module")
def pair(tiny_translator):
    """Two sentences that differ in a few places, on both sides."""
    first = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    second = tiny_translator.trace(
        SENTENCES[0].replace("tired", "big and dogs"), SENTENCES[1].replace("fatigué", "grand et fort")
    )
    return first, second


@given(first=TEXTS, second=TEXTS)
def test_counterparts_keep_their_order_and_are_taken_once(tokenizer, first, second):
    """Every piece of an unchanged beginning and end is found; a special token only stands for itself."""
    before, after = tokenizer.source(first), tokenizer.source(second)
    found = counterparts(before, after)
    taken = [at for at in found if at is not None]
    assert len(found) == len(after) and taken == sorted(set(taken)) and all(0 <= at < len(before) for at in taken)
    assert found[-1] == len(before) - 1  # </s>
    assert all((before.words[at] < 0) == (after.words[index] < 0) for index, at in enumerate(found) if at is not None)
    for index, at in enumerate(found):  # pieces that differ took the place of others between the same neighbours
        if at is not None and before.pieces[at] != after.pieces[index]:
            assert at == 0 or index == 0 or found[index - 1] == at - 1
            assert found[index + 1] == at + 1


def test_short_runs_that_took_a_place_are_paired_and_long_ones_are_not():
    """As many for as many, up to three; one for two has no counterpart."""

    def sentence(letters: str) -> Tokens:
        return Tokens(letters, [0] * len(letters), list(letters), list(range(len(letters) - 1)) + [-1], [None] * len(letters))

    def paired(second: str) -> list[int | None]:
        return counterparts(sentence("abcdef/"), sentence(second))

    assert paired("axyzef/") == list(range(7))
    assert paired("axyzwf/") == [0, None, None, None, None, 5, 6]
    assert paired("axycdef/") == [0, None, None, 2, 3, 4, 5, 6]


@given(text=TEXTS)
def test_a_sentence_is_its_own_counterpart(tokenizer, text):
    tokens = tokenizer.source(text)
    assert counterparts(tokens, tokens) == list(range(len(tokens)))


def test_identical_sentences_differ_nowhere(pair):
    first, _ = pair
    for kind in ATTENTION_KINDS:
        assert not aligned_difference(first, first, kind, 1, 2).any()
        assert not head_changes(first, first, kind).any()
        assert torch.equal(aligned_mask(first, first, kind, 0), may_attend(first, kind, 0))


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("kind", ATTENTION_KINDS)
def test_difference_equals_a_loop(pair, kind, words):
    """Cell by cell, rows by what is produced and columns by what is read; of pieces and of words."""
    first, second = map(join_words, pair) if words else pair
    made = ("source", "source") if kind == "encoder" else ("labels", "labels")
    rows = counterparts(*(getattr(maps, name) for maps, name in zip((first, second), made, strict=True)))
    columns = counterparts(first.keys(kind), second.keys(kind))
    assert axis_counterparts(first, second, kind) == (rows, columns)
    changes = head_changes(first, second, kind)
    for layer, head in ((0, 0), (1, 3)):
        difference = aligned_difference(first, second, kind, layer, head).tolist()
        before, after = (maps.attention[kind].weights[layer, head].tolist() for maps in (first, second))
        allowed_before, allowed_after = (may_attend(maps, kind, layer).tolist() for maps in (first, second))
        total, count = 0.0, 0
        for query, row in enumerate(rows):
            for key, column in enumerate(columns):
                if row is None or column is None:
                    assert math.isnan(difference[query][key])
                    continue
                expected = after[query][key] - before[row][column]
                assert difference[query][key] == pytest.approx(expected, abs=1e-7)
                either = allowed_after[query][key] or allowed_before[row][column]
                assert bool(aligned_mask(first, second, kind, layer)[query, key]) == either
                total, count = total + abs(expected) * either, count + either
        assert float(changes[layer, head]) == pytest.approx(total / count, abs=1e-6)
    assert any(math.isnan(value) for row in difference for value in row)


def test_sentences_with_nothing_in_common_but_their_end(tiny_translator):
    """What cannot be compared is blank, and counts as no change."""
    first = tiny_translator.trace("cat", "a")
    second = tiny_translator.trace("Two dogs are playing", "on", Intervention(causal=False))
    for kind in ATTENTION_KINDS:
        changes = head_changes(first, second, kind)
        assert changes.shape == second.attention[kind].weights.shape[:2] and bool(changes.isfinite().all())
        assert bool((changes >= 0).all()) and bool((changes <= 1).all())
