"""Layer by layer: directions, normalisations and units against torch and against loops."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly
from support.tiny import SENTENCES, SIDES, tiny_model

from model.analysis.layers import (
    batch_normed,
    firing_shares,
    group_count,
    group_normed,
    layer_normed,
    norm_labels,
    strongest_units,
    unit_pieces,
    unit_tokens,
    written_cosines,
)
from model.instrument.pretrained import Translator

BOTH = pytest.mark.parametrize("side", SIDES)


@pytest.fixture(scope="module", params=[True, False], ids=["pre-norm", "post-norm"])
def translator_and_trace(request, tokenizer):
    """Both placements of LayerNorm."""
    translator = Translator(tiny_model(tokenizer, norm_first=request.param), tokenizer)
    return translator, translator.trace(SENTENCES[0], SENTENCES[1])


@BOTH
def test_cosines_are_those_of_a_loop(translator_and_trace, side):
    """Dot product over lengths, sublayer by sublayer and token by token."""
    _, trace = translator_and_trace
    residual, cosines = trace.residual[side], written_cosines(trace, side)
    assert cosines.shape == residual.written.shape[:2] and bool((cosines.abs() <= 1 + 1e-6).all())
    for sublayer in range(len(cosines)):
        for token, cosine in enumerate(cosines[sublayer].tolist()):
            state, written = residual.states[sublayer, token], residual.written[sublayer, token]
            assert cosine == pytest.approx(float(state @ written / state.norm() / written.norm()), abs=1e-5)


def test_a_sublayer_that_writes_nothing_has_no_direction(tiny_translator):
    """0, not a number that is none; writing the state itself is 1, taking it back -1."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    residual = trace.residual["encoder"]
    written = torch.stack([torch.zeros_like(residual.states[0]), residual.states[1], -residual.states[2], residual.written[3]])
    changed = replace(trace, residual={**trace.residual, "encoder": replace(residual, written=written)})
    cosines = written_cosines(changed, "encoder")
    for row, expected in enumerate((0.0, 1.0, -1.0)):
        torch.testing.assert_close(cosines[row], torch.full_like(cosines[row], expected))


@BOTH
def test_every_layer_norm_does_what_the_model_did(translator_and_trace, side):
    """Mean 0 and variance 1 before gain and bias; the same as torch's; and what the pass went on with."""
    translator, trace = translator_and_trace
    for site in range(len(norm_labels(trace, side))):
        normed = layer_normed(trace, translator.weights, side, site)
        torch.testing.assert_close(normed.plain.mean(-1), torch.zeros(len(normed.mean)), atol=1e-5, rtol=0)
        expected = F.layer_norm(normed.before, normed.before.shape[-1:], normed.gain, normed.bias, normed.eps)
        torch.testing.assert_close(normed.after, expected, atol=1e-5, rtol=1e-5)
        if trace.anatomy.norm == "post":
            torch.testing.assert_close(normed.after, trace.residual[side].states[site + 1], atol=1e-5, rtol=1e-5)
    if trace.anatomy.norm == "pre":  # the first one is what the first attention projects to queries
        query = getattr(translator.model, side).layers[0].attention.query(layer_normed(trace, translator.weights, side, 0).after)
        torch.testing.assert_close(
            query.unflatten(-1, (4, 8)).transpose(0, 1), trace.attention[side].queries[0], atol=1e-5, rtol=1e-5
        )
    if trace.anatomy.norm == "pre" and side == "decoder":
        last = layer_normed(trace, translator.weights, side, len(norm_labels(trace, side)) - 1)
        torch.testing.assert_close(translator.model.logits(last.after), trace.logits, atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="no LayerNorm"):
        layer_normed(trace, translator.weights, side, 99)


@BOTH
def test_every_norm_gives_what_the_sublayer_really_read(tokenizer, side):
    """Pre-norm, every site: the inputs that the sublayers, and what follows the stack, are called with."""
    translator = Translator(tiny_model(tokenizer), tokenizer)
    model, read = translator.model, []
    for block in getattr(model, side).layers:
        modules = (block.attention.query, *([block.cross_attention.query] if side == "decoder" else []), block.feed_forward)
        for module in modules:
            module.register_forward_pre_hook(lambda module, inputs: read.append(inputs[0][0].detach().clone()))
    trace = translator.trace(SENTENCES[2], SENTENCES[3])
    with torch.no_grad():
        model(*(torch.tensor([tokens.ids]) for tokens in (trace.source, trace.target)))
    assert len(read) == len(norm_labels(trace, side)) - 1
    for site, expected in enumerate(read):
        normed = layer_normed(trace, translator.weights, side, site)
        torch.testing.assert_close(normed.after, expected, atol=1e-5, rtol=1e-5)


@costly
@given(tokens=st.integers(2, 9), width=st.sampled_from([8, 48, 36, 7]), scale=st.floats(0.1, 100.0), seed=st.integers(0, 99))
def test_other_normalisations_are_the_loops_of_their_papers(tokens, width, scale, seed):
    """Over tokens for every dimension; over the dimensions of every group within a token."""
    x = (scale * torch.randn(tokens, width, generator=torch.Generator().manual_seed(seed))).double()
    batch, group, size = batch_normed(x, 1e-5), group_normed(x, 1e-5), width // group_count(width)
    for token in range(tokens):
        for dimension in range(width):
            peers = x[:, dimension]
            expected = (x[token, dimension] - peers.mean()) / torch.sqrt(peers.var(correction=0) + 1e-5)
            assert float(batch[token, dimension]) == pytest.approx(float(expected), abs=1e-3)
            peers = x[token, dimension // size * size : (dimension // size + 1) * size]
            expected = (x[token, dimension] - peers.mean()) / torch.sqrt(peers.var(correction=0) + 1e-5)
            assert float(group[token, dimension]) == pytest.approx(float(expected), abs=1e-3)


def test_other_normalisations_equal_torchs():
    """Over the tokens, and over groups of dimensions."""
    x = torch.randn(7, 48)
    torch.testing.assert_close(batch_normed(x, 1e-5), F.batch_norm(x, None, None, training=True, eps=1e-5), atol=1e-5, rtol=1e-5)
    grouped = group_normed(x, 1e-5).reshape(7, group_count(48), -1)
    torch.testing.assert_close(grouped.mean(-1), torch.zeros(7, 8), atol=1e-5, rtol=0)
    torch.testing.assert_close(grouped.var(-1, correction=0), torch.ones(7, 8), atol=1e-3, rtol=0)
    assert group_count(36) == 4 and group_count(7) == 1
    assert not batch_normed(torch.ones(1, 4), 1e-5).any()  # one token has nothing to differ from


@BOTH
def test_units_are_counted_and_ordered(translator_and_trace, side):
    """Against a loop over units."""
    translator, trace = translator_and_trace
    units = trace.feed_forward[side]
    shares = firing_shares(trace, side)
    assert float(shares[1, 2]) == pytest.approx(sum(value > 0 for value in units[1, 2].tolist()) / units.size(-1))
    values, ids = strongest_units(trace, side, 1, 2, 5)
    assert values.tolist() == sorted(units[1, 2].tolist(), reverse=True)[:5]
    assert [float(units[1, 2, unit]) for unit in ids] == values.tolist()
    assert torch.equal(unit_tokens(trace, side, 1, int(ids[0])), units[1, :, ids[0]])
    (raised, lowered), (most, least) = unit_pieces(translator.weights, side, 1, int(ids[0]), 4)
    column = getattr(translator.model, side).layers[1].feed_forward.contract.weight[:, ids[0]].detach()
    scores = [float(row @ column) for row in translator.model.decoder.embedding.weight.detach()]
    assert scores[raised[0]] == pytest.approx(max(scores)) and scores[lowered[0]] == pytest.approx(min(scores))
    assert [scores[id_] for id_ in (*raised, *lowered)] == pytest.approx([*most.tolist(), *least.tolist()], abs=1e-5)
    assert most.tolist() == sorted(most.tolist(), reverse=True) and least.tolist() == sorted(least.tolist())


@BOTH
def test_scores_of_pieces_are_what_the_unit_adds_to_the_logits(translator_and_trace, side):
    """One more of a unit, with nothing behind it, moves the logits by exactly its scores."""
    translator, trace = translator_and_trace
    model, unit = translator.model, 5
    layer, x = getattr(model, side).layers[0].feed_forward, trace.feed_forward[side][0, 1].clone()
    before = model.logits(layer.contract(x))
    x[unit] += 1
    change = model.logits(layer.contract(x)) - before
    ids, scores = unit_pieces(translator.weights, side, 0, unit, 6)
    torch.testing.assert_close(change[ids], scores, atol=1e-5, rtol=1e-4)
