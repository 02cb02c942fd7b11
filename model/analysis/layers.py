"""Layer by layer: the directions that sublayers write in, what normalisation does, and which feed-forward units fire."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.trace.anatomy import FEED_FORWARD
from model.trace.trace import Trace
from model.transformer.transformer import Transformer

GROUPS = 8  # of group normalisation, or fewer where d_model cannot be cut so


def written_cosines(trace: Trace, side: str) -> Tensor:
    """Cosine between what every sublayer wrote and the state that it was added to: (sublayer, position), -1 to 1.

    1: it makes the state longer; 0: it adds a new direction; below 0: it takes some of the state back. 0 for zero vectors.
    """
    residual = trace.stream(side)
    return F.cosine_similarity(residual.states[:-1], residual.written, dim=-1)


# Normalisation --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Normalised:
    """One LayerNorm of the model at work: y = (x - mean) / sqrt(variance + eps) * gain + bias, token by token."""

    label: str
    before: Tensor  # x (position, d_model)
    mean: Tensor  # (position,): over the dimensions of a token
    variance: Tensor  # (position,): likewise, biased, as LayerNorm takes it
    plain: Tensor  # (position, d_model): before gain and bias
    gain: Tensor  # (d_model,)
    bias: Tensor  # (d_model,)
    after: Tensor  # y (position, d_model)
    eps: float


def norm_labels(trace: Trace, side: str) -> list[str]:
    """The LayerNorms of a side in the order of the pass: one for each sublayer, and a closing one in a pre-norm model."""
    sublayers = trace.stream(side).labels[1:]
    if trace.anatomy.norm == "pre":
        return [f"before {label}" for label in sublayers] + ["at the end"]
    return [f"behind {label}" for label in sublayers]


def layer_normed(trace: Trace, model: Transformer, side: str, site: int) -> Normalised:
    """The LayerNorm number `site` of `norm_labels`, with what it reads and what it gives (Ba, Kiros and Hinton 2016).

    Raises ValueError for a site that the model does not have.
    """
    labels, residual = norm_labels(trace, side), trace.stream(side)
    if not 0 <= site < len(labels):
        raise ValueError(f"There is no LayerNorm {site}: this side has {len(labels)}, counted from 0.")
    norm = _norm(model, side, site)
    before = residual.states[site] if trace.anatomy.norm == "pre" else residual.states[site] + residual.written[site]
    mean, variance = before.mean(dim=-1), before.var(dim=-1, correction=0)
    plain = (before - mean[:, None]) / torch.sqrt(variance + norm.eps)[:, None]
    gain, bias = norm.weight.detach(), norm.bias.detach()
    return Normalised(labels[site], before, mean, variance, plain, gain, bias, plain * gain + bias, norm.eps)


def batch_normed(x: Tensor, eps: float) -> Tensor:
    """Each dimension to mean 0 and variance 1 over the tokens of this sentence: (position, d_model), no gain and bias.

    (Ioffe and Szegedy 2015, with the sentence as the batch.) A token's numbers then depend on the other tokens.
    """
    return (x - x.mean(dim=0)) / torch.sqrt(x.var(dim=0, correction=0) + eps)


def group_count(d_model: int) -> int:
    """GROUPS, or the largest smaller number that divides d_model."""
    return math.gcd(GROUPS, d_model)


def group_normed(x: Tensor, eps: float) -> Tensor:
    """Each token's dimensions in `group_count` groups, each to mean 0 and variance 1: (position, d_model) (Wu and He 2018)."""
    return F.group_norm(x, group_count(x.size(1)), eps=eps)


def _norm(model: Transformer, side: str, site: int) -> nn.LayerNorm:
    stack, names = getattr(model, side), model.anatomy.stack(side).sublayers
    layer, sublayer = divmod(site, len(names))
    if layer == len(stack.layers):
        return stack.norm
    block = stack.layers[layer]
    residuals = {FEED_FORWARD: block.feed_forward_residual, side: block.attention_residual}
    return (residuals.get(names[sublayer]) or block.cross_attention_residual).norm


# Feed-forward ---------------------------------------------------------------------------------------------------------


def firing_shares(trace: Trace, side: str) -> Tensor:
    """How many of the ReLU units fire, that is, are above 0: (layer, position), 0 to 1."""
    return (trace.part("feed_forward", side) > 0).float().mean(dim=-1)


def strongest_units(trace: Trace, side: str, layer: int, position: int, count: int) -> tuple[Tensor, Tensor]:
    """The units that fire most for one token: values and unit numbers from 0, (count,) each, the strongest first."""
    units = trace.part("feed_forward", side)[layer, position]
    best = units.topk(min(count, len(units)))
    return best.values, best.indices


def unit_tokens(trace: Trace, side: str, layer: int, unit: int) -> Tensor:
    """One unit over the tokens of this sentence: values after the ReLU, (position,), 0 where it does not fire."""
    return trace.part("feed_forward", side)[layer, :, unit]


def unit_pieces(model: Transformer, side: str, layer: int, unit: int, count: int) -> tuple[Tensor, Tensor]:
    """What a firing unit writes, read with the output matrix: the pieces that its column of W_2 raises and lowers most.

    Scores are dot products of the column with the rows of the tied embedding: logits per 1 of the unit's value, if nothing
    came after it. (Geva et al. 2022: feed-forward layers promote concepts in vocabulary space.) That leaves out every later
    layer and the closing LayerNorm, so it is a hint; an encoder's states never meet the output matrix at all.
    Returns ids and scores, (2, count) each: the most raised pieces first, then the most lowered ones.
    """
    column = getattr(model, side).layers[layer].feed_forward.contract.weight[:, unit]
    scores = (model.decoder.embedding.weight @ column).detach()
    raised, lowered = scores.topk(count), (-scores).topk(count)
    return torch.stack([raised.indices, lowered.indices]), torch.stack([raised.values, -lowered.values])
