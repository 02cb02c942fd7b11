"""Attention step by step: every number between a token's state and what one head adds to it, computed again and compared.

Nothing here uses what the hooks captured of a step to compute that step: each follows from the numbers before it, in float64
where the device has it, and is then compared with the capture. (Vaswani et al. 2017, section 3.2.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.analysis.attention import may_attend
from model.analysis.weights import Projected, Weights
from model.trace.norm import Norm
from model.trace.trace import Trace


@dataclass(frozen=True, eq=False)
class Calculation:
    """One query of one head. Tensors on the trace's device; `key` is a position, d_head and d_model are widths."""

    token: Tensor  # (d_model,): row of the embedding table, times sqrt(d_model)
    position: Tensor  # (d_model,): positional part, as added
    start: Tensor  # (d_model,): their sum, the first point of the residual stream
    state: Tensor  # (d_model,): the residual stream of the query's token where this sublayer reads it
    normed: Tensor  # (d_model,): what W_Q reads: LayerNorm(state), or the state itself in a post-norm model
    query: Tensor  # (d_head,): normed W_Q + b_Q
    keys: Tensor  # (key, d_head)
    values: Tensor  # (key, d_head)
    products: Tensor  # (key, d_head): query x key, dimension by dimension
    dots: Tensor  # (key,): sums of the products
    scores: Tensor  # (key,): dots / sqrt(d_head), or the dots themselves where scaling is off
    allowed: Tensor  # bool (key,): the mask
    exponents: Tensor  # (key,): exp((score + bias - the largest allowed) / temperature), 0 where masked
    denominator: Tensor  # (): their sum
    weights: Tensor  # (key,): exponents / denominator; all 0 where every key is masked
    weighted: Tensor  # (key, d_head): weight x value
    output: Tensor  # (d_head,): their sum z; 0 for a head that is switched off
    contribution: Tensor  # (d_model,): z W_O, with this head's rows of W_O
    others: Tensor  # (d_model,): the same of all other heads together
    bias: Tensor  # (d_model,): b_O
    written: Tensor  # (d_model,): contribution + others + bias
    after: Tensor  # (d_model,): the residual stream behind this sublayer
    differences: dict[str, float]  # largest |computed here - captured|, by the name of the field

    @property
    def difference(self) -> float:
        """The largest difference of all steps."""
        return max(self.differences.values())


def calculate(trace: Trace, weights: Weights, kind: str, layer: int, head: int, query: int) -> Calculation:
    """Everything that one head computes for one query; `weights` are those of the model that made the trace.

    Raises ValueError, in words, for a layer, head or position that the trace does not have.
    """
    _check(trace, kind, layer, head, query)
    got, change = trace.attention[kind], trace.intervention
    steps = _inputs(trace, weights, kind, layer, head, query)
    products = steps["query"] * steps["keys"]
    dots = products.sum(-1)
    shape = trace.anatomy.kind(kind)
    scores = dots / math.sqrt(shape.d_head) if change.scaled and shape.scores == "scaled dot" else dots
    allowed = may_attend(trace, kind, layer)[query]
    biased = scores if got.bias is None else scores + _wide(got.bias[layer, head, query])
    exponents = _exponents(biased / change.temperature, allowed)
    denominator = exponents.sum()
    shares = exponents / denominator if bool(denominator > 0) else exponents
    weighted = shares[:, None] * steps["values"]
    output = weighted.sum(0) * float((kind, layer, head) not in change.heads_off)
    steps |= {
        "products": products, "dots": dots, "scores": scores, "allowed": allowed, "exponents": exponents,
        "denominator": denominator, "weights": shares, "weighted": weighted, "output": output,
        **_outputs(trace, weights, kind, layer, head, query, output, steps["state"]),
    }  # fmt: skip
    after, side, own = point_before(trace, kind, layer) + 1, shape.asks, head * shape.key_heads // shape.heads
    captured = {
        "start": trace.residual[side].states[0, query], "query": trace.part("queries", kind)[layer, head, query],
        "keys": trace.part("keys", kind)[layer, own], "values": trace.part("values", kind)[layer, own],
        "scores": trace.part("scores", kind)[layer, head, query], "weights": got.weights[layer, head, query],
        "output": trace.part("outputs", kind)[layer, head, query],
        "written": trace.residual[side].written[after - 1, query], "after": trace.residual[side].states[after, query],
    }  # fmt: skip
    differences = {name: float((steps[name] - tensor).abs().max()) for name, tensor in captured.items()}
    return Calculation(**steps, differences=differences)


def point_before(trace: Trace, kind: str, layer: int) -> int:
    """The point of the residual stream that an attention sublayer reads."""
    return trace.anatomy.point_before(kind, layer)


def head_contributions(trace: Trace, weights: Weights, kind: str, layer: int) -> Tensor:
    """What each head writes to each query: z_h W_O^h, (head, query, d_model), on the trace's device.

    Concat(z_1 .. z_H) W_O = sum_h z_h W_O^h, with W_O^h the rows of W_O that head h meets; these and the bias b_O add up to
    what the sublayer wrote. (Kobayashi et al. 2020, section 3, measure attention by the norm of such vectors.)
    """
    outputs = trace.part("outputs", kind)[layer]  # (head, query, d_head)
    return outputs @ weights.output(kind, layer).to(outputs)


def contribution_shares(contributions: Tensor, written: Tensor) -> Tensor:
    """Each head's part of what was written: (c_h . written) / |written|^2, (head, query); with the bias's they sum to 1.

    contributions (head, query, d_model), written (query, d_model). Below 0: the head pulls against the others. 0 where nothing
    was written.
    """
    length = written.square().sum(-1)
    return torch.where(length > 0, (contributions * written).sum(-1) / length, torch.zeros_like(length))


def _inputs(trace: Trace, weights: Weights, kind: str, layer: int, head: int, query: int) -> dict[str, Tensor]:
    """From the token's id to this head's query, keys and values.

    Returns token, position, start, state, normed (d_model,), query (d_head,), keys and values (key, d_head): see `Calculation`.
    """
    shape = trace.anatomy.kind(kind)
    side, other = shape.asks, shape.answers
    token = _wide(weights.embedding(side)[trace.queries(kind).ids[query]]) * weights.embedding_scale(side)
    position = _wide(trace.positions[side][query])
    point = point_before(trace, kind, layer)
    states = _wide(trace.residual[side].states[point])  # (position, d_model)
    asks = _normed(weights.norm(side, point), states) if trace.anatomy.norm == "pre" else states
    answers = asks
    if other != side:  # what the other stack gives in the end
        last = _wide(trace.residual[other].states[-1])
        answers = _normed(weights.norm(other, len(trace.residual[other].written)), last)

    def project(projected: Projected, x: Tensor) -> Tensor:  # (..., d_model) -> (..., d_head)
        matrix, bias = weights.projection(kind, layer, projected), weights.projection_bias(kind, layer, projected)
        own = head * len(matrix) // shape.heads  # several heads may share keys and values
        return F.linear(x, _wide(matrix[own]), _wide(bias[own]))

    return {
        "token": token, "position": position, "start": token + position, "state": states[query], "normed": asks[query],
        "query": project("query", asks[query]), "keys": project("key", answers), "values": project("value", answers),
    }  # fmt: skip


def _outputs(
    trace: Trace, weights: Weights, kind: str, layer: int, head: int, query: int, output: Tensor, state: Tensor
) -> dict[str, Tensor]:
    """From this head's z, output (d_head,), and state (d_model,) to the next point of the residual stream.

    The other heads' z are the captured ones. Returns contribution, others, bias, written and after, (d_model,) each: see
    `Calculation`.
    """
    slices, bias = _wide(weights.output(kind, layer)), _wide(weights.output_bias(kind, layer))  # (head, d_head, d_model)
    joined = _wide(trace.part("outputs", kind)[layer, :, query]).clone()  # (head, d_head)
    joined[head] = 0
    contribution = slices[head].T @ output
    others = slices.flatten(0, 1).T @ joined.flatten()
    written = contribution + others + bias
    after = state + written
    if trace.anatomy.norm == "post":
        after = _normed(weights.norm(trace.anatomy.kind(kind).asks, point_before(trace, kind, layer)), after)
    return {"contribution": contribution, "others": others, "bias": bias, "written": written, "after": after}


def _normed(norm: Norm | None, x: Tensor) -> Tensor:
    """x (..., d_model) normalised; as it is where the model has no norm."""
    return x if norm is None else norm.of(x)


def _exponents(scores: Tensor, allowed: Tensor) -> Tensor:
    """exp(score - largest), 0 where masked: (key,)."""
    if not bool(allowed.any()):
        return torch.zeros_like(scores)
    return torch.exp(scores - scores[allowed].max()).masked_fill(~allowed, 0.0)


def _wide(tensor: Tensor) -> Tensor:
    """As float64, where the device has it, without gradient."""
    return tensor.detach().to(torch.float32 if tensor.device.type == "mps" else torch.float64)


def _check(trace: Trace, kind: str, layer: int, head: int, query: int) -> None:
    """Raise ValueError for a place that the trace does not have."""
    if kind not in trace.attention:
        raise ValueError(f"kind must be one of {', '.join(trace.attention)}, not {kind!r}.")
    layers, heads, queries, _ = trace.attention[kind].weights.shape
    for what in ("queries", "keys", "values", "scores", "outputs"):
        trace.part(what, kind)
    trace.stream(trace.anatomy.kind(kind).asks)
    for name, value, count in (("layer", layer, layers), ("head", head, heads), ("query", query, queries)):
        if not 0 <= value < count:
            raise ValueError(f"There is no {name} {value}: this trace has {count}, counted from 0.")
