"""Why this score: q · k split over what the two residual streams are made of, exactly.

A stream is a sum: token, position, and what every sublayer so far wrote. LayerNorm divides it by one number of each token, so with the mean
and variance of the pass itself it is linear, and a query is a sum of as many vectors, and of one that comes from biases alone. A score is then
a sum over pairs: what of the query meets what of the key. (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits";
the split of LayerNorm as in Kobayashi et al. 2021.) The same split of a value says which sublayers wrote what a head hands on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from model.analysis.weights import Projected, Weights
from model.trace.anatomy import Anatomy
from model.trace.norm import Norm
from model.trace.trace import Trace

TOKEN, POSITION, BIAS = "token", "position", "bias"


@dataclass(frozen=True, eq=False)
class ScoreSources:
    """One score as a sum over pairs of sources."""

    asks: list[str]  # sources of the query: "token", "position", "layer 1 attention", ..., "bias"
    answers: list[str]  # sources of the key
    parts: Tensor  # (source of the query, source of the key), in units of the score
    score: float  # as the pass has it

    @property
    def difference(self) -> float:
        """|sum of all parts - score|: rounding."""
        return abs(float(self.parts.sum()) - self.score)


@dataclass(frozen=True, eq=False)
class ValueSources:
    """One value vector as a sum over sources."""

    names: list[str]
    parts: Tensor  # (source, d_head)
    value: Tensor  # (d_head,): as the pass has it

    @property
    def shares(self) -> Tensor:
        """(part . value) / |value|^2 of every source, (source,); they sum to 1. Below 0: it pulls against the others."""
        return self.parts @ self.value / self.value.square().sum().clamp(min=torch.finfo(self.value.dtype).tiny)

    @property
    def difference(self) -> float:
        """Largest |sum of all parts - value|: rounding."""
        return float((self.parts.sum(0) - self.value).abs().max())


def score_sources(trace: Trace, weights: Weights, kind: str, layer: int, head: int, query: int, key: int) -> ScoreSources:
    """The score of one cell, split. `weights` are those of the model that made the trace.

    Raises ValueError, in words, for a model whose scores are no plain dot products of such sums, and for a place that there is not.
    """
    why = unsplittable(trace.anatomy, kind)
    if why:
        raise ValueError(why)
    scores = trace.part("scores", kind)
    for name, at, count in zip(("layer", "head", "query", "key"), (layer, head, query, key), scores.shape, strict=True):
        if not 0 <= at < count:
            raise ValueError(f"There is no {name} {at}: this trace has {count}, counted from 0.")
    shape = trace.anatomy.kind(kind)
    asks, queries = _projected(trace, weights, kind, layer, head, query, "query")
    answers, keys = _projected(trace, weights, kind, layer, head, key, "key")
    factor = 1 / math.sqrt(shape.d_head) if trace.intervention.scaled and shape.scores == "scaled dot" else 1.0
    return ScoreSources(asks, answers, factor * queries @ keys.T, float(scores[layer, head, query, key]))


def value_sources(trace: Trace, weights: Weights, kind: str, layer: int, head: int, key: int) -> ValueSources:
    """The value of one key in one head, split back to what wrote it. Raises ValueError as `score_sources`."""
    why = unsplittable(trace.anatomy, kind)
    if why:
        raise ValueError(why)
    names, parts = _projected(trace, weights, kind, layer, head, key, "value")
    shape = trace.anatomy.kind(kind)
    value = trace.part("values", kind)[layer, head * shape.key_heads // shape.heads, key]
    return ValueSources(names, parts, _wide(value))


def unsplittable(anatomy: Anatomy, kind: str) -> str:
    """Why the scores of a kind are no such sums, as a sentence; empty where they are."""
    if anatomy.norm not in ("pre", "post"):
        return "A score is split where every sublayer adds to one stream that is normalised before or behind it; this model is built otherwise."
    if anatomy.positions not in ("sinusoidal", "learned", "none"):
        return "This model's positions stand in its scores, not in the stream: a score is not split over them."
    if anatomy.kind(kind).scores not in ("scaled dot", "dot"):
        return "A score is split where it is the dot product of a query and a key; this model computes it otherwise."
    return ""


def stream_sources(trace: Trace, weights: Weights, stack: str, point: int, position: int) -> tuple[list[str], Tensor]:
    """What a point of a residual stream is a sum of: names, and (source, d_model). The last one is what biases of norms left there."""
    residual = trace.stream(stack)
    names = [TOKEN, POSITION, *residual.labels[1 : point + 1], BIAS]
    token, place = (_wide(trace.part(what, stack)[position]) for what in ("embeddings", "positions"))
    parts = [token, place]
    bias = torch.zeros_like(token)
    for site in range(point):
        parts.append(_wide(residual.written[site, position]))
        if trace.anatomy.norm == "post":
            before = _wide(residual.states[site, position]) + parts[-1]
            scaled = _through(weights.norm(stack, site), torch.stack([*parts, bias]), before)
            *parts, bias = scaled.unbind(0)
    return names, torch.stack([*parts, bias])


def _projected(
    trace: Trace, weights: Weights, kind: str, layer: int, head: int, position: int, projected: Projected
) -> tuple[list[str], Tensor]:
    """A query, key or value as a sum: names, and (source, d_head)."""
    shape, anatomy = trace.anatomy.kind(kind), trace.anatomy
    own = projected == "query" or shape.is_self
    stack = shape.asks if own else shape.answers
    point = anatomy.point_before(kind, layer) if own else len(trace.stream(stack).written)
    names, parts = stream_sources(trace, weights, stack, point, position)
    if anatomy.norm == "pre":
        parts = _through(weights.norm(stack, point), parts, _wide(trace.stream(stack).states[point, position]))
    matrix, bias = weights.projection(kind, layer, projected), weights.projection_bias(kind, layer, projected)
    at = head * len(matrix) // shape.heads  # several heads may share keys and values
    found = parts @ _wide(matrix[at]).T
    found[-1] += _wide(bias[at])
    return names, found


def _through(norm: Norm | None, parts: Tensor, whole: Tensor) -> Tensor:
    """Parts (source, d_model) of `whole` (d_model,) behind a LayerNorm, with its mean and variance; the last one takes the norm's bias."""
    if norm is None:
        return parts
    deviation = (whole.var(correction=0) + norm.eps).sqrt()
    found = (parts - parts.mean(-1, keepdim=True)) / deviation * _wide(norm.gain)
    found[-1] += _wide(norm.bias)
    return found


def _wide(tensor: Tensor) -> Tensor:
    """As float64, where the device has it, without gradient."""
    return tensor.detach().to(torch.float32 if tensor.device.type == "mps" else torch.float64)
