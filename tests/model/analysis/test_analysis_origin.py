"""Where a word comes from: each method against what it claims to be."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from support.relatives import KINDS, masking_tokenizer, relative
from support.strategies import costly, interventions
from support.tiny import SENTENCES, fitting, tiny_model

from model.analysis.attention import handed_on
from model.analysis.knockout import occlusion, occlusions
from model.analysis.origin import (
    gradient_times_input,
    rank_agreement,
    raw_attention,
    rolled_attention,
    rollout,
    value_weighted_attention,
)
from model.analysis.words import word_groups
from model.instrument.pretrained import LanguageReader, Translator
from model.instrument.weights import TransformerWeights
from model.trace.intervention import Intervention

CHANGES = [Intervention(), Intervention(causal=False, window=2, temperature=2.0), Intervention(source_positions="none")]


@pytest.fixture(scope="module", params=CHANGES, ids=["as trained", "changed", "no positions"])
def trace(request, tiny_translator):
    """A pair whose words have several pieces, as trained and under changes."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1], request.param)


def test_attention_methods_are_shares(tiny_translator, trace):
    """Raw and value-weighted attention sum to 1; rollout's source part and target part together do."""
    rows = word_groups(trace.labels)[2]
    for scores in (raw_attention(trace, rows), value_weighted_attention(trace, tiny_translator.weights, rows)):
        assert scores.shape == (len(word_groups(trace.source)),)
        assert float(scores.sum()) == pytest.approx(1, abs=1e-5) and bool((scores >= 0).all())
    from_source, from_target = rollout(trace)
    torch.testing.assert_close(from_source.sum(1) + from_target.sum(1), torch.ones(len(trace.target)))
    assert 0 < float(rolled_attention(trace, rows).sum()) < 1


def test_rollout_never_looks_ahead(tiny_translator):
    """With the look-ahead mask, nothing comes from later target tokens."""
    _, from_target = rollout(tiny_translator.trace(SENTENCES[0], SENTENCES[1]))
    assert not from_target.triu(1).any()


def test_rollout_with_every_link_cut_stays_where_it_is(tiny_translator):
    """A target that may not look at the source takes nothing from it."""
    rows, columns = len(tiny_translator.target(SENTENCES[5])), len(tiny_translator.source(SENTENCES[4]))
    cut = frozenset(("cross", None, query, key) for query in range(rows) for key in range(columns))
    trace = tiny_translator.trace(SENTENCES[4], SENTENCES[5], Intervention(cut=cut))
    from_source, from_target = rollout(trace)
    assert not from_source.any()
    torch.testing.assert_close(from_target.sum(1), torch.ones(len(trace.target)))


def test_value_weighting_is_the_loop(tiny_translator, trace):
    """|sum over heads of weight x value x W_O|, token by token."""
    rows, source = word_groups(trace.labels)[1], len(trace.source)
    got, total = trace.attention["cross"], torch.zeros(source)
    for layer, block in enumerate(tiny_translator.model.decoder.layers):
        matrix = block.cross_attention.output.weight.detach()
        for row in rows:
            vectors = []
            for key in range(source):
                joined = torch.cat([got.weights[layer, head, row, key] * got.values[layer, head, key] for head in range(4)])
                vectors.append(matrix @ joined)
            lengths = torch.stack(vectors).norm(dim=1)
            total += lengths / lengths.sum() / len(rows) / 3
    expected = torch.stack([total[list(group)].sum() for group in word_groups(trace.source)])
    torch.testing.assert_close(value_weighted_attention(trace, tiny_translator.weights, rows), expected)


def test_the_gradient_is_the_slope(tiny_translator):
    """Gradient x input = what log p does when all embeddings of the source shrink a little, by finite differences."""
    model, trace = tiny_translator.model, tiny_translator.trace(SENTENCES[2], SENTENCES[3])
    rows = word_groups(trace.labels)[1]
    scores = gradient_times_input(trace, tiny_translator.passes, rows)

    def said(factor: float) -> float:
        source, target = (torch.tensor([tokens.ids]) for tokens in (trace.source, trace.target))
        handle = model.encoder.embedding.register_forward_hook(lambda _module, _inputs, output: output * factor)
        try:
            with torch.no_grad():
                logits = model(source, target)[0].double().log_softmax(-1)
        finally:
            handle.remove()
        return sum(float(logits[row, trace.labels.ids[row]]) for row in rows)

    slope = (said(1.001) - said(0.999)) / 0.002  # small, because ReLU has corners
    assert float(scores.sum()) == pytest.approx(slope, rel=0.05, abs=1e-3)
    assert not any(parameter.grad is not None for parameter in model.parameters())


def test_agreement_is_spearmans():
    """The same order gives 1, the reverse -1, ties share ranks; nothing to rank is not a number."""
    scores = torch.tensor([[1.0, 2.0, 3.0, 9.0], [0.1, 0.2, 0.3, 0.4], [4.0, 3.0, 2.0, 1.0], [1.0, 1.0, 2.0, 2.0]])
    agreement = rank_agreement(scores)
    assert agreement[0, 1] == 1 and agreement[0, 2] == -1
    assert float(agreement[0, 3]) == pytest.approx(2 / math.sqrt(5), abs=1e-6)
    torch.testing.assert_close(agreement, agreement.T)
    assert rank_agreement(torch.ones(2, 3)).isnan().all()


def without_heads(translator: Translator, off: frozenset) -> Translator:
    """The same model with the rows of W_O that these heads meet set to zero: they cannot write, whatever an Intervention says."""
    model = tiny_model(translator.tokenizer)
    with torch.no_grad():
        for kind, layer, head in off:
            TransformerWeights(model).output(kind, layer)[head] = 0.0
    return Translator(model, translator.tokenizer, "cut")


@costly
@given(change=interventions)
def test_every_method_obeys_every_intervention(tiny_translator, change):
    """A head that is off counts as one whose part of W_O is zero: the same scores from both, for all fields at once."""
    passes, off = tiny_translator.passes, change.heads_off
    trace = tiny_translator.trace(SENTENCES[4], SENTENCES[5], change)
    surgery = without_heads(tiny_translator, off)
    other = surgery.trace(SENTENCES[4], SENTENCES[5], replace(change, heads_off=frozenset()))
    rows = word_groups(trace.labels)[2]
    for ours, theirs in (
        (value_weighted_attention(trace, tiny_translator.weights, rows), value_weighted_attention(other, surgery.weights, rows)),
        (gradient_times_input(trace, passes, rows), gradient_times_input(other, surgery.passes, rows)),
        (occlusion(trace, passes), occlusion(other, surgery.passes)),
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-3)
    got = trace.attention["cross"].weights
    heads = [(layer, head) for layer in range(got.size(0)) for head in range(got.size(1)) if ("cross", layer, head) not in off]
    total = sum((got[layer, head, rows.start : rows.stop].mean(0) for layer, head in heads), torch.zeros(len(trace.source)))
    expected = torch.stack([total[list(group)].sum() for group in word_groups(trace.source)]) / (got.size(0) * got.size(1))
    torch.testing.assert_close(raw_attention(trace, rows), expected, atol=1e-5, rtol=1e-4)
    from_source, from_target = rollout(trace)
    torch.testing.assert_close(from_source.sum(1) + from_target.sum(1), torch.ones(len(trace.target)))


@pytest.mark.parametrize(
    "change",
    [
        Intervention(heads_off=frozenset(("cross", layer, head) for layer in range(3) for head in range(4))),
        Intervention(cut=frozenset(("cross", None, None, key) for key in range(60))),
        Intervention(cut=frozenset(("cross", None, query, None) for query in range(60)), causal=False),
    ],
    ids=["every cross head off", "every key hidden", "every row cut"],
)
def test_where_nothing_is_handed_on_all_five_say_nothing(tiny_translator, change):
    """No method names a word that cannot have reached the row."""
    change = fitting(tiny_translator, SENTENCES[4], SENTENCES[5], change)
    passes, trace = tiny_translator.passes, tiny_translator.trace(SENTENCES[4], SENTENCES[5], change)
    for rows in word_groups(trace.labels):
        found = [raw_attention(trace, rows), value_weighted_attention(trace, tiny_translator.weights, rows)]
        found += [rolled_attention(trace, rows)]
        found += [gradient_times_input(trace, passes, rows), occlusion(trace, passes)[:, rows.start : rows.stop].sum(1)]
        assert all(float(scores.abs().max()) < 1e-6 for scores in found)


def test_heads_that_are_off_in_self_attention_pass_nothing_on(tiny_translator):
    """Rollout with every encoder and decoder head off is cross-attention alone: each layer takes half of what it looks at."""
    off = frozenset(
        (kind, layer, head) for kind, layers in (("encoder", 2), ("decoder", 3)) for layer in range(layers) for head in range(4)
    )
    trace = tiny_translator.trace(SENTENCES[4], SENTENCES[5], Intervention(heads_off=off))
    cross, expected = trace.attention["cross"].weights.mean(dim=1), torch.zeros(len(trace.target), len(trace.source))
    for layer in range(3):
        expected = expected / 2 + cross[layer] / 2
    torch.testing.assert_close(rollout(trace)[0], expected)
    assert torch.equal(handed_on(trace, "cross"), trace.attention["cross"].weights) and not handed_on(trace, "encoder").any()


@pytest.mark.parametrize("kind", ["mask", "write"])
def test_in_a_model_of_one_text_words_come_from_that_text(tokenizer, kind):
    """Shares of its own self-attention; rollout is the product of its layers; nothing comes from what a row may not read."""
    pieces = masking_tokenizer() if kind == "mask" else tokenizer
    reader = LanguageReader(relative(kind, pieces.processor.get_piece_size()), pieces, kind, KINDS[kind][1])
    trace, rows = reader.trace("The cat sat on the mat."), range(2, 4)
    groups = word_groups(trace.source)
    methods = [raw_attention(trace, rows), value_weighted_attention(trace, reader.weights, rows), rolled_attention(trace, rows)]
    for shares in methods:
        torch.testing.assert_close(shares.sum(), torch.tensor(1.0))
        if kind == "write":
            assert not shares[[at for at, group in enumerate(groups) if group.start >= rows.stop]].any()
    (name,) = trace.attention
    through = torch.eye(len(trace.source))
    for weights in trace.attention[name].weights.mean(1):
        through = (weights + torch.eye(len(weights))) / 2 @ through
    wanted = [through[rows.start : rows.stop, group.start : group.stop].sum(1).mean() for group in groups]
    torch.testing.assert_close(methods[2], torch.stack(wanted))
    without = reader.passes.label_log_probabilities(trace, occlusions(trace))
    assert without.shape == (len(groups), len(trace.labels)) and gradient_times_input(trace, reader.passes, rows).abs().max() > 0
