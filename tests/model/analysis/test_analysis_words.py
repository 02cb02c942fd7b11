"""Words instead of pieces: against loops in Python, and what must stay true."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.words import axis_groups, join_pieces, join_words, strongest_pieces, word_groups

TEXTS = st.one_of(st.sampled_from(SENTENCES), st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip())))


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """Two sentences of which every word is cut into pieces."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1])


@given(text=TEXTS)
def test_groups_cover_every_piece_once_and_words_spell_the_text(tokenizer, text):
    """No piece is lost or taken twice; each joined word covers what its pieces cover."""
    tokens = tokenizer.source(text)
    groups = word_groups(tokens)
    assert [index for group in groups for index in group] == list(range(len(tokens)))
    words = join_pieces(tokens)
    assert len(words) == len(groups) and words.words[-1] == -1
    inside = [word for word in words.words if word >= 0]
    assert inside == sorted(set(inside))  # no word twice


def test_joined_weights_equal_a_loop(trace):
    """Sum over the pieces of the key, mean over the pieces of the query."""
    words = join_words(trace)
    for kind in ATTENTION_KINDS:
        weights = trace.attention[kind].weights
        rows, columns = axis_groups(trace, kind)
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                block = weights[:, :, row.start : row.stop, column.start : column.stop]
                torch.testing.assert_close(words.attention[kind].weights[:, :, i, j], block.sum(-1).mean(-1))


def test_rows_still_sum_to_one_and_masked_words_get_nothing(trace):
    """The axes belong to the tokens; where no piece may look, the word does not."""
    words = join_words(trace)
    assert len(words.source) < len(trace.source) and len(words.target) == len(words.labels)
    for kind in ATTENTION_KINDS:
        map_ = words.attention[kind]
        assert map_.weights.shape[-2:] == (len(words.queries(kind)), len(words.keys(kind)))
        torch.testing.assert_close(map_.weights.sum(-1), torch.ones_like(map_.weights[..., 0]))
        assert not map_.weights.masked_select(~map_.mask).any()
    assert not words.attention["decoder"].mask[0, 0].triu(2).any()  # a word may see its own earlier pieces, one column on


def test_joining_twice_changes_nothing(trace):
    """Words are words."""
    once = join_words(trace)
    twice = join_words(once)
    assert once.source == twice.source and once.labels == twice.labels
    for kind in ATTENTION_KINDS:
        assert torch.equal(once.attention[kind].mask, twice.attention[kind].mask)
        torch.testing.assert_close(once.attention[kind].weights, twice.attention[kind].weights)


def test_bytes_of_one_character_become_the_character(tokenizer):
    """What the vocabulary lacks is read as bytes and shown as itself."""
    assert "😀" in [piece.strip("▁") for piece in join_pieces(tokenizer.source("cat 😀")).pieces]


def test_the_strongest_pieces_lie_inside_their_words(trace):
    """And none of the pair of words has more weight."""
    weights = trace.attention["cross"].weights[1, 2]
    rows, columns = axis_groups(trace, "cross")
    query, key = strongest_pieces(trace, "cross", weights, (2, 3))
    assert query in rows[2] and key in columns[3]
    assert weights[query, key] == max(float(weights[row, column]) for row in rows[2] for column in columns[3])
