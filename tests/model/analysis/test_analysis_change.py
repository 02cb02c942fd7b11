"""What a change did, against loops and against what must hold."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly, interventions, sentences
from support.tiny import ATTENTION_KINDS, SIDES, fitting

from model.analysis.change import aligned, prediction_change, same_tokens, state_change
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens


@given(first=st.lists(st.integers(0, 4), max_size=12), second=st.lists(st.integers(0, 4), max_size=12))
def test_same_tokens_are_equal_tokens_in_the_same_order(first, second):
    """A token stands for itself; no token twice; nothing crosses."""
    tokens = [Tokens("", ids, [str(id_) for id_ in ids], list(range(len(ids))), [(0, 0)] * len(ids)) for ids in (first, second)]
    found = same_tokens(*tokens)
    assert all(first[partner] == second[place] for place, partner in enumerate(found) if partner is not None)
    used = [partner for partner in found if partner is not None]
    assert used == sorted(set(used))
    if first == second:
        assert found == list(range(len(first)))


@costly
@given(text=sentences, target=sentences, change=interventions)
def test_teacher_forced_every_token_is_compared(tiny_translator, text, target, change):
    """The same tokens on both sides: nothing is missing, and the differences are the plain ones."""
    change = fitting(tiny_translator, text, target, change)
    before, after = tiny_translator.trace(text, target), tiny_translator.trace(text, target, change)
    maps, rows = aligned(before, after), prediction_change(before, after)
    for kind in ATTENTION_KINDS:
        assert torch.equal(maps.attention[kind].weights, before.attention[kind].weights)
    torch.testing.assert_close(rows.before, -before.loss, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(rows.after, -after.loss, atol=1e-4, rtol=1e-4)
    assert bool((rows.divergence >= 0).all()) and (change.changes_nothing <= bool((rows.divergence < 1e-6).all()))
    for side in SIDES:
        norms, moved = state_change(before, after, side)
        assert norms.shape == moved.shape == after.residual[side].states.shape[:2]
        assert bool((norms.abs() <= moved * before.residual[side].states.norm(dim=-1) + 1e-3).all())  # triangle inequality


def test_divergence_is_the_sum_of_its_formula(tiny_translator):
    """KL by a loop over the vocabulary."""
    before, after = (
        tiny_translator.trace("A dog.", "Un chien."),
        tiny_translator.trace("A dog.", "Un chien.", Intervention(causal=False)),
    )
    found = prediction_change(before, after).divergence
    for row in range(len(before.labels)):
        p, q = (torch.softmax(trace.logits[row].double(), -1).tolist() for trace in (before, after))
        assert float(found[row]) == pytest.approx(sum(a * math.log(a / b) for a, b in zip(p, q, strict=True)), abs=1e-5)


def test_free_running_tokens_without_counterpart_are_not_compared(tiny_translator):
    """What only one of the two translations has is NaN in every row, column and bar; the rest is the plain difference."""
    before, after = tiny_translator.trace("A dog.", "Un chien noir."), tiny_translator.trace("A dog.", "Un chat noir.")
    made, read = same_tokens(before.labels, after.labels), same_tokens(before.target, after.target)
    assert None in made and None in read
    weights = aligned(before, after).attention["decoder"].weights
    for query, row in enumerate(made):
        for key, column in enumerate(read):
            cell = weights[:, :, query, key]
            if row is None or column is None:
                assert bool(cell.isnan().all())
            else:
                assert torch.equal(cell, before.attention["decoder"].weights[:, :, row, column])
    missing = torch.tensor([partner is None for partner in made])
    assert torch.equal(prediction_change(before, after).divergence.isnan(), missing)
    assert not bool(aligned(before, after).attention["encoder"].weights.isnan().any())
