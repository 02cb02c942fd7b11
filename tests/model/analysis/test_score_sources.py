"""A score and a value split over what the streams are made of: the parts add up, in any model of ours and under any change."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly, interventions
from support.tiny import ATTENTION_KINDS, SENTENCES, fitting, tiny_model

from model.analysis.score_sources import BIAS, POSITION, TOKEN, score_sources, stream_sources, value_sources
from model.instrument.pretrained import Translator
from model.trace.anatomy import FEED_FORWARD


@pytest.fixture(scope="module", params=[True, False], ids=["pre-norm", "post-norm"])
def translator(request, tokenizer) -> Translator:
    """Gains and biases of norms away from their start."""
    model = tiny_model(tokenizer, norm_first=request.param)
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "norm" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return Translator(model, tokenizer)


@costly
@given(change=interventions, data=st.data())
def test_the_parts_add_up(translator, change, data):
    """To the score and to the value that the pass had, at any place."""
    change = fitting(translator, SENTENCES[0], SENTENCES[1], change)
    trace = translator.trace(SENTENCES[0], SENTENCES[1], change)
    kind = data.draw(st.sampled_from(ATTENTION_KINDS))
    place = [data.draw(st.integers(0, count - 1)) for count in trace.attention[kind].scores.shape]
    found = score_sources(trace, translator.weights, kind, *place)
    assert found.parts.shape == (len(found.asks), len(found.answers))
    assert found.difference <= 1e-4 * max(1.0, float(found.parts.abs().sum()))
    layer, head, _, key = place
    value = value_sources(trace, translator.weights, kind, layer, head, key)
    assert value.difference <= 1e-4 and float(value.shares.sum()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", ATTENTION_KINDS)
def test_the_sources_are_everything_before(translator, kind):
    """Token, position, each sublayer that wrote before this one read, and the biases; across, the whole encoder for the keys."""
    trace = translator.trace(SENTENCES[0], SENTENCES[1])
    anatomy, shape = trace.anatomy, trace.anatomy.kind(kind)
    for layer in range(shape.layers):
        found = score_sources(trace, translator.weights, kind, layer, 0, 2, 1)
        point = anatomy.point_before(kind, layer)
        assert found.asks == [TOKEN, POSITION, *anatomy.stack(shape.asks).points[1 : point + 1], BIAS]
        answers = anatomy.stack(shape.answers)
        whole = len(answers.sublayers) * answers.layers
        assert found.answers == (found.asks if shape.is_self else [TOKEN, POSITION, *answers.points[1 : whole + 1], BIAS])
        for position in (0, 2):
            _, parts = stream_sources(trace, translator.weights, shape.asks, point, position)
            assert (parts.sum(0) - trace.residual[shape.asks].states[point, position]).abs().max() <= 1e-4
    assert FEED_FORWARD in anatomy.stack(shape.asks).sublayers


def test_the_shipped_model_adds_up(request):
    """The real weights, in its last layers."""
    shipped = request.getfixturevalue("shipped")
    trace = shipped.trace(SENTENCES[0])
    for kind in ATTENTION_KINDS:
        for head in range(8):
            assert score_sources(trace, shipped.weights, kind, 5, head, 4, 3).difference <= 1e-3
            assert value_sources(trace, shipped.weights, kind, 5, head, 3).difference <= 1e-3


@pytest.fixture(scope="session")
def shipped() -> Translator:
    """The product; `translator` is another one here."""
    from model import load_pretrained

    return load_pretrained("en-fr", "cpu")


def test_what_cannot_be_split_is_said_in_words(translator):
    """Scores that are no dot product of two sums, and places that there are not."""
    trace = translator.trace(SENTENCES[0], SENTENCES[1])
    for field, value, words in (("norm", "parallel", "built otherwise"), ("positions", "rotary", "stand in its scores")):
        other = replace(trace, anatomy=replace(trace.anatomy, **{field: value}))
        with pytest.raises(ValueError, match=words):
            score_sources(other, translator.weights, "encoder", 0, 0, 0, 0)
        with pytest.raises(ValueError, match=words):
            value_sources(other, translator.weights, "encoder", 0, 0, 0)
    with pytest.raises(ValueError, match="There is no key 99"):
        score_sources(trace, translator.weights, "encoder", 0, 0, 0, 99)
