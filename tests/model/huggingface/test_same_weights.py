"""The strongest proof of the adapter: our own weights in a class of transformers are the same model, Trace by Trace."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

import torch
from hypothesis import given
from support.foreign import same_weights
from support.strategies import costly, interventions
from support.tiny import fitting

from model import Intervention, Patch
from model.huggingface.opening import UNASKED
from model.trace.patch import EMBEDDING, RESIDUAL

SENTENCE = "The animal didn't cross the street because it was too tired."
OTHER = "The animal didn't cross the street because it was too wide."
CHANGES = [
    Intervention(), Intervention(causal=False), Intervention(source_positions="none"), Intervention(target_positions="shuffled"),
    Intervention(source_positions="reversed"), Intervention(position_scale=0.5), Intervention(window=2), Intervention(temperature=2.0),
    Intervention(cut=frozenset({("cross", None, 1, 2), ("encoder", 1, None, 0), ("decoder", 2, 3, 1)})),
    Intervention(heads_off=frozenset({("encoder", 0, 1), ("cross", 5, 2)})), Intervention(scaled=False),
    Intervention(patch=Patch(OTHER, {("encoder", EMBEDDING, None, None, 11), ("decoder", "cross", 3, 1, None), ("decoder", RESIDUAL, 1, None, 2)})),
]  # fmt: skip


def assert_same(ours, theirs, weights=5e-6, rest=1e-4):
    """Every part of two Traces."""
    for kind in ours.anatomy.kind_names:
        one, other = ours.attention[kind], theirs.attention[kind]
        assert torch.equal(one.mask, other.mask)
        torch.testing.assert_close(other.weights, one.weights, atol=weights, rtol=0)
        for part in ("scores", "queries", "keys", "values", "outputs"):
            torch.testing.assert_close(getattr(other, part), getattr(one, part), atol=rest, rtol=1e-4)
    for stack in ours.anatomy.stack_names:
        assert ours.residual[stack].labels == theirs.residual[stack].labels
        torch.testing.assert_close(theirs.residual[stack].states, ours.residual[stack].states, atol=rest, rtol=1e-5)
        torch.testing.assert_close(theirs.residual[stack].written, ours.residual[stack].written, atol=rest, rtol=1e-5)
        for part in ("embeddings", "positions", "feed_forward"):
            torch.testing.assert_close(getattr(theirs, part)[stack], getattr(ours, part)[stack], atol=rest, rtol=1e-5)
    torch.testing.assert_close(theirs.logits, ours.logits, atol=rest, rtol=0)
    torch.testing.assert_close(theirs.loss, ours.loss, atol=rest, rtol=0)


@pytest.fixture(scope="module")
def reader(translator, tmp_path_factory):
    return same_weights(translator, tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def tiny_reader(tiny_translator, tmp_path_factory):
    return same_weights(tiny_translator, tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(sorted(change.changed_fields)) or "unchanged")
def test_the_shipped_model_is_the_same_under_every_field_of_an_intervention(translator, reader, change):
    """It reads, translates, and computes the same."""
    ours = translator.trace(SENTENCE, intervention=change)
    theirs = reader.trace(SENTENCE, intervention=change)
    for one, other in ((ours.source, theirs.source), (ours.target, theirs.target), (ours.labels, theirs.labels)):
        assert (one.text, one.ids, one.pieces, one.words, one.spans) == (
            other.text,
            other.ids,
            other.pieces,
            other.words,
            other.spans,
        )
    assert_same(ours, theirs, weights=5e-6 if change.changes_nothing else 2e-5)
    assert reader.generate(SENTENCE, change) == translator.translate(SENTENCE, change)


def test_its_anatomy_is_found_by_numbers_alone(translator, reader):
    """All but the names of its languages, and the limit of what it was given room for."""
    ours, theirs = translator.anatomy, reader.anatomy
    assert (theirs.kinds, theirs.d_model, theirs.vocabulary) == (ours.kinds, ours.d_model, ours.vocabulary)
    assert (theirs.positions, theirs.norm, theirs.obeys) == (ours.positions, ours.norm, ours.obeys)
    assert dict(theirs.missing) == UNASKED
    assert [(stack.name, stack.sublayers, stack.predicts) for stack in theirs.stacks] == [
        (stack.name, stack.sublayers, stack.predicts) for stack in ours.stacks
    ]


def test_every_part_is_patched_alike(translator, reader):
    """One by one in a pass that keeps all, and together in a batch that asks for what is predicted."""
    target, other = translator.translate(SENTENCE), translator.translate(OTHER)
    traces = [model.trace(SENTENCE, target) for model in (translator, reader)]
    sites = [(stack.name, EMBEDDING, None, None, None) for stack in translator.anatomy.stacks]
    sites += [(stack.name, part, 1, None, None) for stack in translator.anatomy.stacks for part in (*stack.sublayers, RESIDUAL)]
    sites += [(kind.asks, kind.name, 4, 5, None) for kind in translator.anatomy.kinds]
    changes = [Intervention(patch=Patch(OTHER, {site}, other)) for site in sites]
    ours, theirs = (
        model.passes.label_log_probabilities(trace, changes) for model, trace in zip((translator, reader), traces, strict=True)
    )
    torch.testing.assert_close(theirs, ours, atol=1e-4, rtol=0)
    assert float((ours + traces[0].loss).abs().amax(1).min()) > 1e-4  # each of them moves something
    for change in changes[1::3]:
        assert_same(*(model.trace(SENTENCE, target, change) for model in (translator, reader)), weights=2e-5)


@costly
@given(change=interventions)
def test_any_intervention_changes_both_alike(tiny_translator, tiny_reader, change):
    target = "Il traverse la rue."
    change = fitting(tiny_translator, SENTENCE, target, change)
    labels = tiny_translator.target(target)
    ours, theirs = tiny_translator.trace(SENTENCE, labels, change), tiny_reader.trace(SENTENCE, labels, change)
    assert_same(ours, theirs, weights=1e-3, rest=5e-3)  # without scaling and at a low temperature roundings grow
