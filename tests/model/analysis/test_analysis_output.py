"""From logits to words: against loops, and the lens against the model itself."""

from __future__ import annotations

import math

import pytest
import torch
from support.tiny import SENTENCES, tiny_model

from model.analysis.output import cross_entropy, label_ids, logit_lens, perplexity, probabilities, ranks, top_pieces
from model.instrument.pretrained import Translator
from model.trace.intervention import Intervention


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """One sentence pair."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1])


@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
def test_probabilities_sum_to_one_and_follow_the_temperature(trace, temperature):
    """e^(logit / temperature) over its sum; the order never changes."""
    chances = probabilities(trace.logits, temperature)
    torch.testing.assert_close(chances.sum(-1), torch.ones(len(trace.target)))
    row = [math.exp(float(logit - trace.logits[2].max()) / temperature) for logit in trace.logits[2]]
    torch.testing.assert_close(chances[2], torch.tensor([value / sum(row) for value in row]), atol=1e-5, rtol=1e-4)
    values, ids = top_pieces(trace.logits, 8, temperature)
    assert values.shape == ids.shape == (len(trace.target), 8) and bool((values.diff(dim=-1) <= 0).all())
    assert torch.equal(ids[:, 0], trace.logits.argmax(-1))
    with pytest.raises(ValueError, match="above 0"):
        probabilities(trace.logits, 0.0)


def test_ranks_are_places_in_the_sorted_row(trace):
    """Counted from 1; ties share the better place."""
    ids = label_ids(trace)
    for row, (place, id_) in enumerate(zip(ranks(trace.logits, ids).tolist(), ids.tolist(), strict=True)):
        assert place == sorted(trace.logits[row].tolist(), reverse=True).index(float(trace.logits[row, id_])) + 1
    assert ranks(torch.zeros(1, 5), torch.tensor([3])).tolist() == [1]


def test_the_loss_is_the_captured_one(trace):
    """And perplexity is e to its mean; certain is 1, knowing nothing is the size of the vocabulary."""
    loss = cross_entropy(trace)
    torch.testing.assert_close(loss.float(), trace.loss, atol=1e-5, rtol=1e-5)
    assert perplexity(torch.zeros(3)) == 1 and perplexity(torch.full((3,), math.log(50))) == pytest.approx(50)


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("change", [Intervention(), Intervention(causal=False, temperature=2.0)], ids=["as trained", "changed"])
def test_the_last_point_of_the_lens_is_the_models_own_output(tokenizer, norm_first, change):
    """Same pieces, probabilities and ranks; pre- and post-norm."""
    translator = Translator(tiny_model(tokenizer, norm_first=norm_first), tokenizer)
    trace = translator.trace(SENTENCES[2], SENTENCES[3], change)
    lens = logit_lens(trace, translator.weights)
    assert lens.top.shape == (len(trace.residual["decoder"].labels), len(trace.target))
    assert torch.equal(lens.top[-1], trace.logits.argmax(-1))
    assert torch.equal(lens.label_rank[-1], ranks(trace.logits, label_ids(trace)))
    torch.testing.assert_close(lens.label_probability[-1], torch.exp(-trace.loss), atol=1e-6, rtol=1e-4)


def test_the_first_point_of_the_lens_mostly_repeats_what_was_read(translator):
    """Input and output share their matrix, so before any layer the nearest piece is the one that was read."""
    trace = translator.trace(SENTENCES[0])
    said = logit_lens(trace, translator.weights).top[0].tolist()
    assert sum(a == b for a, b in zip(said, trace.target.ids, strict=True)) > len(said) / 2
