"""The calculation of a head, step by step: against the capture, against loops, and under every change."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import ATTENTION_KINDS, SENTENCES, tiny_model

from model.analysis.steps import calculate, contribution_shares, head_contributions, point_before
from model.instrument.pretrained import Translator
from model.trace.intervention import Intervention

KINDS = pytest.mark.parametrize("kind", ATTENTION_KINDS)
CHANGES = [
    Intervention(causal=False, temperature=3.0),
    Intervention(scaled=False, source_positions="none", window=1),
    Intervention(target_positions="reversed", position_scale=0.5, heads_off=frozenset({("cross", 1, 2), ("encoder", 0, 0)})),
    Intervention(cut=frozenset({("cross", None, 2, 0), ("encoder", 1, 3, 3), ("decoder", 0, 2, 1)})),
]


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """One sentence pair."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1])


@given(data=st.data())
def test_every_step_agrees_with_the_capture(tiny_translator, data):
    """Any sentence, change, kind, layer, head and query: float64 arithmetic meets what the float32 pass did."""
    change = data.draw(st.sampled_from([Intervention(), *CHANGES]))
    trace = tiny_translator.trace(data.draw(st.sampled_from(SENTENCES)), SENTENCES[3], change)
    kind = data.draw(st.sampled_from(ATTENTION_KINDS))
    layers, heads, queries, _ = trace.attention[kind].weights.shape
    where = [data.draw(st.integers(0, count - 1)) for count in (layers, heads, queries)]
    calculation = calculate(trace, tiny_translator.weights, kind, *where)
    assert set(calculation.differences) >= {"query", "keys", "values", "scores", "weights", "output", "written", "after"}
    assert calculation.difference < 2e-5, calculation.differences


@KINDS
def test_the_shipped_model_agrees(translator, kind):
    """The real weights, every layer."""
    trace = translator.trace(SENTENCES[0])
    for layer in range(6):
        assert calculate(trace, translator.weights, kind, layer, 6, 5).difference < 1e-4


def test_post_norm_models_agree(tokenizer):
    """LayerNorm behind the sublayer instead of before it."""
    translator = Translator(tiny_model(tokenizer, norm_first=False), tokenizer)
    trace = translator.trace(SENTENCES[0], SENTENCES[1])
    for kind in ATTENTION_KINDS:
        calculation = calculate(trace, translator.weights, kind, 1, 2, 3)
        assert calculation.difference < 2e-5
        assert torch.equal(calculation.normed, calculation.state)


@KINDS
def test_a_wrong_capture_is_noticed(tiny_translator, trace, kind):
    """The difference is computed: a trace whose numbers are not those of the model has a large one."""
    got = trace.attention[kind]
    wrong = replace(trace, attention={**trace.attention, kind: replace(got, weights=got.weights * 0.9)})
    calculation = calculate(wrong, tiny_translator.weights, kind, 0, 0, 1)
    assert calculation.difference == calculation.differences["weights"] > 0.01


@KINDS
def test_the_chain_is_the_formula(tiny_translator, trace, kind):
    """Products, sums, softmax, mixture and addition, with loops in Python."""
    calculation = calculate(trace, tiny_translator.weights, kind, 1, 3, 2)
    exponents, root = [], math.sqrt(trace.anatomy.kinds[0].d_head)
    for key, allowed in enumerate(calculation.allowed.tolist()):
        dot = sum(float(q) * float(k) for q, k in zip(calculation.query, calculation.keys[key], strict=True))
        assert float(calculation.dots[key]) == pytest.approx(dot)
        exponents.append(math.exp(dot / root) if allowed else 0.0)
    weights = [value / sum(exponents) for value in exponents]
    assert calculation.weights.tolist() == pytest.approx(weights)
    mixture = sum(weight * value for weight, value in zip(weights, calculation.values, strict=True))
    torch.testing.assert_close(calculation.output, mixture)
    torch.testing.assert_close(calculation.written, calculation.contribution + calculation.others + calculation.bias)
    torch.testing.assert_close(calculation.after, calculation.state + calculation.written)


def test_a_query_that_may_look_at_nothing_gives_zeros(tiny_translator):
    """All links cut: no weight, no output, no NaN."""
    source = tiny_translator.source(SENTENCES[4])
    cut = frozenset(("encoder", 0, 1, key) for key in range(len(source)))
    trace = tiny_translator.trace(SENTENCES[4], intervention=Intervention(cut=cut))
    calculation = calculate(trace, tiny_translator.weights, "encoder", 0, 0, 1)
    assert not calculation.weights.any() and not calculation.output.any() and calculation.difference < 2e-5


@KINDS
def test_a_bias_beside_the_scores_counts(tiny_translator, trace, kind):
    """Weights made of scores and a bias come out; without the bias they would not."""
    got = trace.attention[kind]
    bias = torch.randn(got.scores.shape, generator=torch.Generator().manual_seed(0))
    weights = (got.scores + bias).masked_fill(~got.mask, float("-inf")).softmax(-1)
    for beside, agrees in ((bias, True), (None, False)):
        other = replace(trace, attention={**trace.attention, kind: replace(got, weights=weights, bias=beside)})
        differences = calculate(other, tiny_translator.weights, kind, 1, 2, 3).differences
        assert (differences["weights"] < 1e-5) == agrees and differences["scores"] < 2e-5


def test_a_place_that_does_not_exist_is_named(tiny_translator, trace):
    """Kind, layer, head, query."""
    for where in [("sideways", 0, 0, 0), ("cross", 9, 0, 0), ("cross", 0, 9, 0), ("cross", 0, 0, 999)]:
        with pytest.raises(ValueError, match=r"must be one of|There is no"):
            calculate(trace, tiny_translator.weights, *where)


@KINDS
def test_contributions_of_the_heads_add_up_to_what_was_written(tiny_translator, trace, kind):
    """sum_h z_h W_O^h + b_O, and shares with the bias's sum to 1."""
    weights, side = tiny_translator.weights, "encoder" if kind == "encoder" else "decoder"
    for layer in range(len(trace.attention[kind].weights)):
        contributions = head_contributions(trace, weights, kind, layer)
        written = trace.residual[side].written[point_before(trace, kind, layer)]
        bias = weights.output_bias(kind, layer)
        torch.testing.assert_close(contributions.sum(0) + bias, written, atol=1e-5, rtol=1e-5)
        shares = contribution_shares(contributions, written).sum(0) + (bias * written).sum(-1) / written.square().sum(-1)
        torch.testing.assert_close(shares, torch.ones_like(shares))


def test_a_head_that_is_off_writes_nothing(tiny_translator):
    """Its contribution is exactly zero."""
    change = Intervention(heads_off=frozenset({("cross", 1, 2)}))
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1], change)
    contributions = head_contributions(trace, tiny_translator.weights, "cross", 1)
    assert not contributions[2].any() and contributions[1].any()
