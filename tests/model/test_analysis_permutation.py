"""The bag-of-words experiment: equal up to the permutation without positions, and not with them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_capture import sentences
from tiny import SENTENCES

from model.analysis_permutation import compare_orders, reordered, shuffled_words
from model.analysis_words import word_groups

relaxed = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@relaxed
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


@relaxed
@given(text=sentences, seed=st.integers(0, 99))
def test_without_positions_states_are_only_permuted(tiny_translator, text, seed):
    """Rounding apart; the identity changes nothing at all, with or without positions."""
    model, tokens = tiny_translator.model, tiny_translator.source(text)
    found = compare_orders(model, tokens, shuffled_words(tokens, seed))
    assert float(found.without_positions.max()) < 1e-4
    same = compare_orders(model, tokens, list(range(len(tokens))))
    assert float(same.with_positions.max()) == float(same.without_positions.max()) == 0.0


@pytest.mark.parametrize("sentence", SENTENCES[::2])
def test_with_positions_they_are_not(translator, sentence):
    """On the shipped model, beside a loop over the tokens."""
    model, tokens = translator.model, translator.source(sentence)
    order = shuffled_words(tokens, 3)
    found = compare_orders(model, tokens, order)
    assert float(found.with_positions.min()) > 1e-2 > 1e-4 > float(found.without_positions.max())
    with torch.no_grad():
        states, moved = (model.encode(torch.tensor([ids]))[0][0] for ids in (tokens.ids, [tokens.ids[at] for at in order]))
    for place, token in enumerate(order):
        assert float((moved[place] - states[token]).abs().max()) == pytest.approx(float(found.with_positions[token]), abs=1e-4)
