"""Decoding a token at a time against the whole pass: the same logits, whatever the shape, the batch and the beam."""

from __future__ import annotations

import pytest
import torch
from support.tiny import SOURCE, bare_model

from model.transformer.incremental import FIRST_ROOM, IncrementalDecoder
from model.transformer.positions import KINDS
from model.transformer.transformer import Transformer

BEAM = 2
LENGTH = FIRST_ROOM + 5  # the buffer has to grow


def decoder_of(model: Transformer, source: torch.Tensor, beam: int = 1) -> IncrementalDecoder:
    """One that has read nothing."""
    return IncrementalDecoder(model, *model.encode(source), beam)


def first_logits(model: Transformer) -> torch.Tensor:
    """What may follow <s>, a token at a time."""
    return decoder_of(model, SOURCE[:1]).advance(torch.tensor([2]))


@pytest.mark.parametrize("positions", sorted(KINDS))
@pytest.mark.parametrize("norm_first", [True, False])
@torch.no_grad()
def test_steps_equal_the_whole_pass(positions, norm_first):
    """Two sentences, one of them padded, two hypotheses each; halfway these change places, at last one sentence leaves."""
    model = bare_model(positions=positions, norm_first=norm_first)
    targets = torch.randint(4, 50, (len(SOURCE) * BEAM, LENGTH), generator=torch.Generator().manual_seed(3))
    rows, sentences = torch.arange(len(targets)), torch.arange(len(SOURCE))
    decoder = decoder_of(model, SOURCE, BEAM)
    for at in range(LENGTH):
        if at == 10:
            rows = torch.tensor([1, 1, 3, 2])
            targets[:, :at] = targets[rows, :at]
            decoder.select(None, rows)
        if at == 20:
            targets, sentences = targets[2:], sentences[1:]
            decoder.select(torch.tensor([1]), torch.tensor([2, 3]))
        logits = decoder.advance(targets[:, at])
        whole = model(SOURCE[sentences.repeat_interleave(BEAM)], targets[:, : at + 1])[:, -1]
        torch.testing.assert_close(logits, whole, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_changed_weights_are_read_again():
    """Written in place, loaded, or replaced by another parameter: never the copy of what they were."""
    model, other = bare_model(), bare_model(seed=2)
    before = first_logits(model)
    assert torch.equal(before, first_logits(model))
    attention = model.decoder.blocks[1].attention
    attention.value.bias += 1
    changed = first_logits(model)
    assert not torch.allclose(before, changed, atol=1e-3)
    attention.value.bias = torch.nn.Parameter(attention.value.bias - 1)
    torch.testing.assert_close(first_logits(model), before)
    model.load_state_dict(other.state_dict())
    assert torch.equal(first_logits(model), first_logits(other))


def test_weights_that_do_not_count_their_changes_are_never_stale():
    """A model made under inference mode, and one that is only read there."""
    usual = bare_model()
    with torch.inference_mode():
        model = bare_model()
        assert torch.equal(first_logits(model), first_logits(usual))
        model.decoder.embedding.weight.mul_(2)
        target, memory = torch.tensor([[2]]), model.encode(SOURCE[:1])
        torch.testing.assert_close(first_logits(model), model.logits(model.decode(target, *memory))[:, 0])


@torch.no_grad()
def test_a_checkpoint_does_not_grow():
    """What is prepared for a search is no part of the model."""
    model = bare_model()
    names = list(model.state_dict())
    first_logits(model)
    assert list(model.state_dict()) == names
