"""The bag-of-words experiment: equal up to the permutation without positions, and not with them."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import sentences
from support.tiny import SENTENCES

from model.analysis.permutation import LAST_ORDER, compare_orders, moved, next_order, reordered, shuffled_words
from model.analysis.words import word_groups
from model.instrument.recorder import Recorder, recording
from model.instrument.rerun import TransformerPasses
from model.trace.intervention import Intervention


@given(text=sentences, seed=st.integers(0, 99))
def test_an_order_moves_whole_words(tiny_translator, text, seed):
    """It is a permutation; pieces of a word stay together; </s> stays; another order is drawn wherever there is one."""
    tokens = tiny_translator.source(text)
    order = shuffled_words(tokens, seed)
    assert sorted(order) == list(range(len(tokens))) and order[-1] == len(tokens) - 1
    starts = {group.start: group for group in word_groups(tokens)}
    at = 0
    while at < len(order):
        group = starts[order[at]]
        assert order[at : at + len(group)] == list(group)
        at += len(group)
    moved = reordered(tokens, order)
    assert moved.ids == [tokens.ids[at] for at in order] and sorted(moved.pieces) == sorted(tokens.pieces)
    words = {tuple(tokens.ids[group.start : group.stop]) for group in word_groups(tokens)[:-1]}
    assert (moved.ids != tokens.ids) == (len(words) > 1)


def test_another_order_reads_as_its_words(tiny_translator):
    """Not as their pieces, and no byte of a character twice."""
    tokens = tiny_translator.source("Two 😀 dogs didn't 7.")
    said = reordered(tokens, shuffled_words(tokens, 1)).text
    assert sorted(said.split()) == sorted(["Two", "😀", "dogs", "didn't", "7", "."])


@given(text=sentences, seed=st.integers(0, 99))
def test_without_positions_states_are_only_permuted(tiny_translator, text, seed):
    """Rounding apart; the identity changes nothing at all, with or without positions."""
    model, tokens = tiny_translator.model, tiny_translator.source(text)
    found = compare_orders(TransformerPasses(model), tokens, shuffled_words(tokens, seed))
    assert float(found.without_positions.max()) < 1e-4
    same = compare_orders(TransformerPasses(model), tokens, list(range(len(tokens))))
    assert float(same.with_positions.max()) == float(same.without_positions.max()) == 0.0


@pytest.mark.parametrize("sentence", SENTENCES[::2])
def test_with_positions_they_are_not(translator, sentence):
    """On the shipped model, beside a loop over the tokens."""
    model, tokens = translator.model, translator.source(sentence)
    order = shuffled_words(tokens, 3)
    found = compare_orders(TransformerPasses(model), tokens, order)
    assert float(found.with_positions.min()) > 1e-2 > 1e-4 > float(found.without_positions.max())
    with torch.no_grad():
        states, moved = (model.encode(torch.tensor([ids]))[0][0] for ids in (tokens.ids, [tokens.ids[at] for at in order]))
    for place, token in enumerate(order):
        assert float((moved[place] - states[token]).abs().max()) == pytest.approx(float(found.with_positions[token]), abs=1e-4)


def test_in_double_precision_only_its_rounding_is_left(tiny_translator):
    """So what is left in single precision is rounding, too; copies, since models in tests are shared."""
    model, tokens = copy.deepcopy(tiny_translator.model).double(), tiny_translator.source(SENTENCES[0])
    found = compare_orders(TransformerPasses(model), tokens, shuffled_words(tokens, 1))
    assert found.without_positions.dtype == torch.float64
    assert float(found.without_positions.max()) < 1e-11 and float(found.without_share.max()) < 1e-11
    assert float(found.with_positions.min()) > 1e-4


CHANGES = [
    Intervention(position_scale=3.0),
    Intervention(source_positions="reversed", temperature=2.0),
    Intervention(heads_off=frozenset({("encoder", 0, 1)}), scaled=False),
    Intervention(
        cut=frozenset({("encoder", None, None, 2), ("encoder", 1, 3, 4), ("encoder", 0, 5, None), ("cross", None, None, 2)})
    ),
]


@pytest.mark.parametrize("change", CHANGES, ids=["scale", "reversed", "heads", "cut"])
def test_other_changes_hold_in_all_four_rows(tiny_translator, change):
    """Beside one pass after another; links go with their tokens, so without positions the order still does not count."""
    model, tokens = tiny_translator.model, tiny_translator.source(SENTENCES[2])
    order = shuffled_words(tokens, 2)
    found = compare_orders(TransformerPasses(model), tokens, order, change)
    assert float(found.without_positions.max()) < 1e-4

    def states(ids: list[int], one: Intervention) -> torch.Tensor:
        with torch.no_grad(), recording(Recorder(model.anatomy, one, captures=False)):
            return model.encode(torch.tensor([ids]))[0][0]

    before, after = states(tokens.ids, change), states([tokens.ids[at] for at in order], moved(change, model.anatomy, order))
    for place, token in enumerate(order):
        gone = after[place] - before[token]
        assert float(gone.abs().max()) == pytest.approx(float(found.with_positions[token]), abs=1e-4)
        assert float(gone.norm() / before[token].norm()) == pytest.approx(float(found.with_share[token]), abs=1e-4)


def test_positions_that_add_nothing_and_windows(tiny_translator):
    """Scaled to 0 they are no positions; taken away by the reader, "with" is as trained; a window looks at places."""
    model, tokens = tiny_translator.model, tiny_translator.source(SENTENCES[0])
    order = shuffled_words(tokens, 1)
    silent = compare_orders(TransformerPasses(model), tokens, order, Intervention(position_scale=0.0))
    assert float(silent.with_positions.max()) < 1e-4
    away = compare_orders(TransformerPasses(model), tokens, order, Intervention(source_positions="none"))
    torch.testing.assert_close(away.with_positions, compare_orders(TransformerPasses(model), tokens, order).with_positions)
    assert float(compare_orders(TransformerPasses(model), tokens, order, Intervention(window=1)).without_positions.max()) > 1e-3


def test_links_go_with_their_tokens(tiny_translator):
    """Only ends that are source tokens move; what lies beyond the sentence stays."""
    links = {("encoder", 1, 0, 2), ("cross", None, 0, 1), ("decoder", 0, 1, 0), ("encoder", None, None, 9)}
    expected = {("encoder", 1, 2, 1), ("cross", None, 0, 0), ("decoder", 0, 1, 0), ("encoder", None, None, 9)}
    assert moved(Intervention(cut=frozenset(links)), tiny_translator.anatomy, [1, 2, 0]).cut == expected


def test_the_next_order_reads_differently_where_there_is_one(tiny_translator):
    """Three words have five other orders, two have one; the last seed is followed by the first."""
    three, two = tiny_translator.source("dogs cats snow"), tiny_translator.source("dogs cats")
    for seed in range(1, 12):
        first, second = (shuffled_words(three, each) for each in (seed, next_order(three, seed)))
        assert first != second
        assert next_order(two, seed) == seed
    assert 1 <= next_order(three, LAST_ORDER) < LAST_ORDER


def test_an_order_names_every_token_once(tiny_translator):
    """Anything else is said in words."""
    tokens = tiny_translator.source("dogs cats")
    with pytest.raises(ValueError, match="once"):
        compare_orders(tiny_translator.passes, tokens, [0] * len(tokens))
