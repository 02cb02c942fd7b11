"""A model that is trained without the look-ahead mask: it sees the answer, in the forward pass, in search and in knock-outs."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from support.tiny import tiny_model, training_arguments

from model.instrument.pretrained import Translator, load_pretrained
from model.instrument.search import search
from model.instrument.tokenizer import PAD, START
from model.trace.intervention import Intervention
from model.training import train


@pytest.fixture(scope="module")
def unmasked(tokenizer) -> Translator:
    """The tiny translator without the mask."""
    return Translator(tiny_model(tokenizer, masked=False), tokenizer, "unmasked")


def test_every_target_token_sees_those_after_it(unmasked, tiny_translator):
    """Another last token changes the first row; with the mask it does not."""
    source = torch.tensor([[9, 10, 3]])
    for translator, changes in ((unmasked, True), (tiny_translator, False)):
        one, other = (translator.model(source, torch.tensor([[START, 270, last]]))[0, 0] for last in (280, 290))
        assert torch.equal(one, other) != changes
    weights = unmasked.trace("Two dogs", "Deux chiens").attention["decoder"].weights
    assert (weights > 0).all()


def test_padding_is_not_seen(unmasked):
    """A row gives the same logits alone and beside a longer one."""
    source, target = torch.tensor([[9, 10, 3]]), torch.tensor([[START, 270, 280]])
    alone = unmasked.model(source, target)
    padded = torch.tensor([[START, 270, 280, PAD, PAD], [START, 5, 6, 7, 8]])
    beside = unmasked.model(source.expand(2, -1), padded)
    torch.testing.assert_close(beside[0, :3], alone[0])


def test_search_reads_the_whole_prefix_at_every_step(unmasked):
    """Greedy says, at every step, the most probable piece of the last row of a pass over all that was said."""
    source = torch.tensor([unmasked.source("Two dogs are playing").ids])
    said = search(unmasked.model, source)[0][:12]
    for length in range(1, len(said)):
        logits = unmasked.model(source, torch.tensor([[START, *said[:length]]]))[0, -1]
        logits[:3] = float("-inf")
        assert int(logits.argmax()) == said[length]


def test_knock_outs_agree_with_passes_one_by_one(unmasked):
    """Without a head, the batch and a trace of its own give the same log p of the labels."""
    trace = unmasked.trace("Two dogs are playing", "Deux chiens jouent")
    change = replace(trace.intervention, heads_off=frozenset({("decoder", 1, 2)}))
    once = unmasked.trace("Two dogs are playing", "Deux chiens jouent", change)
    torch.testing.assert_close(unmasked.passes.label_log_probabilities(trace, [change])[0], -once.loss, atol=1e-4, rtol=1e-4)


def test_the_switch_of_the_mask_changes_nothing(unmasked):
    """There is no mask to take away."""
    one, other = (unmasked.trace("Two dogs", "Deux chiens", Intervention(causal=causal)) for causal in (True, False))
    assert torch.equal(one.logits, other.logits) and not one.intervention.causal


def test_it_is_trained_by_the_same_command(data):
    """`--unmasked`; its config says so, and an older config without the field has the mask."""
    train.main(training_arguments(data, "none", "--unmasked"))
    translator = load_pretrained(data / "none-out", "cpu")
    assert not translator.model.config.masked and not translator.model.decoder.masked
