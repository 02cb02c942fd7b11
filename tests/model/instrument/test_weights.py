"""The answers to the questions of `Weights`: put together as their shapes say, they are what the model computes."""

from __future__ import annotations

import inspect

import pytest
import torch
from support.tiny import ATTENTION_KINDS, SENTENCES, SIDES, tiny_model

from model.analysis.weights import Weights
from model.instrument.pretrained import Translator
from model.instrument.weights import TransformerWeights

SHAPES = [{}, {"norm_first": False}, {"positions": "learned"}, {"masked": False}]


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Equal to rounding."""
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.fixture(scope="module", params=SHAPES, ids=["pre-norm", "post-norm", "learned positions", "unmasked"])
def one(request, tokenizer) -> Translator:
    """Models of every make, with numbers in biases and norms that new ones have as 0 and 1."""
    model = tiny_model(tokenizer, **request.param)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel())))
    return Translator(model, tokenizer, "tiny")


@pytest.fixture(scope="module")
def trace(one):
    """What it did with one pair."""
    return one.trace(SENTENCES[0], SENTENCES[1])


def test_every_question_of_the_protocol_is_answered():
    """By the same name, with the same parameters."""
    questions = [name for name in vars(Weights) if not name.startswith("_")]
    assert "projection" in questions
    for name in questions:
        ours, asked = (inspect.signature(getattr(where, name)) for where in (TransformerWeights, Weights))
        assert list(ours.parameters) == list(asked.parameters)


@pytest.mark.parametrize("stack", SIDES)
def test_embedding_and_positions_are_what_enters(one, trace, stack):
    """Scaled rows of the embedding, and the first rows of the positions."""
    tokens = trace.source if stack == "encoder" else trace.target
    close(one.weights.embedding(stack)[tokens.ids] * one.weights.embedding_scale(stack), trace.embeddings[stack])
    close(one.weights.positions(stack, len(tokens)), trace.positions[stack])


@pytest.mark.parametrize("kind", ATTENTION_KINDS)
def test_projections_and_output_are_the_heads(one, trace, kind):
    """From what a sublayer reads to queries, keys and values; from the outputs of the heads to what it wrote."""
    asks, answers = "encoder" if kind == "encoder" else "decoder", "decoder" if kind == "decoder" else "encoder"
    weights, got, residual = one.weights, trace.attention[kind], trace.residual[asks]
    sublayers = 2 if asks == "encoder" else 3
    for layer in range(len(got.weights)):
        site = layer * sublayers + (kind == "cross")
        norm = weights.norm(asks, site) if (trace.anatomy.norm == "pre") else None
        read = residual.states[site] if norm is None else norm.of(residual.states[site])
        last = weights.norm(answers, len(trace.residual[answers].written))
        memory = trace.residual[answers].states[-1] if last is None else last.of(trace.residual[answers].states[-1])
        inputs = {"query": read, "key": read if asks == answers else memory, "value": read if asks == answers else memory}
        for projected, captured in (("query", got.queries), ("key", got.keys), ("value", got.values)):
            matrix, bias = weights.projection(kind, layer, projected), weights.projection_bias(kind, layer, projected)
            close(torch.einsum("hed,pd->hpe", matrix, inputs[projected]) + bias[:, None], captured[layer])
        written = torch.einsum("hqe,hed->qd", got.outputs[layer], weights.output(kind, layer)) + weights.output_bias(kind, layer)
        close(written, residual.written[site])


@pytest.mark.parametrize("stack", SIDES)
def test_norms_stand_where_the_model_has_them(one, trace, stack):
    """One a sublayer; behind the stack only in a pre-norm model; behind each sublayer it gives the next state."""
    residual, norm_first = trace.residual[stack], (trace.anatomy.norm == "pre")
    for site in range(len(residual.written)):
        if not norm_first:
            close(one.weights.norm(stack, site).of(residual.states[site] + residual.written[site]), residual.states[site + 1])
    assert (one.weights.norm(stack, len(residual.written)) is not None) == norm_first


@pytest.mark.parametrize("stack", SIDES)
def test_units_are_what_feed_forward_writes(one, trace, stack):
    """Two values of a unit apart, the sublayer writes two of its vector more: seen between two tokens of a trace."""
    sublayers, layer = 2 if stack == "encoder" else 3, 1
    units, written = trace.feed_forward[stack][layer], trace.residual[stack].written[layer * sublayers + sublayers - 1]
    vectors = torch.stack([one.weights.unit(stack, layer, unit) for unit in range(units.size(1))])
    close((units[1] - units[0]) @ vectors, written[1] - written[0])


def test_unembedding_gives_the_logits(one, trace):
    """Of the last states; and the matrix alone, of states that are normalised."""
    last, norm = trace.residual["decoder"].states[-1], one.weights.norm("decoder", len(trace.residual["decoder"].written))
    close(one.weights.unembed(last), trace.logits)
    close((last if norm is None else norm.of(last)) @ one.weights.unembedding().T, trace.logits)


def test_answers_have_no_graph(one):
    """An analysis cannot train a model by accident."""
    weights = one.weights
    answers = [
        weights.embedding("encoder"),
        weights.positions("decoder", 3),
        weights.output("cross", 0),
        weights.unit("encoder", 0, 1),
    ]
    assert not any(
        answer.requires_grad for answer in [*answers, weights.unembed(torch.zeros(2, 32)), weights.norm("encoder", 0).gain]
    )
