"""Attention step by step: every number between a token's state and what one head adds to it, computed again and compared.

Nothing here uses what the hooks captured of a step to compute that step: each follows from the numbers before it, in float64
where the device has it, and is then compared with the capture. Of a model whose matrices cannot be asked for the calculation begins
at the captured query, keys and values. (Vaswani et al. 2017, section 3.2.)
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

COMPARED = ("start", "query", "keys", "values", "scores", "weights", "output", "written", "after")  # where a pass has its own
SUMS = ("pre", "sandwich")  # norms with which the next point is what was written plus the state before, and nothing else


@dataclass(frozen=True, eq=False, kw_only=True)
class Calculation:
    """One query of one head. Tensors on the trace's device; `key` is a position, d_head and d_model are widths.

    None without the weights of the model: token, position, start, normed, contribution, others and bias. None where the trace has no
    stream for the kind: state, written, after. None where the scores have no bias: score_bias, biased.
    """

    token: Tensor | None = None  # (d_model,): row of the embedding table, times sqrt(d_model)
    position: Tensor | None = None  # (d_model,): positional part, as added
    start: Tensor | None = None  # (d_model,): their sum, the first point of the residual stream
    state: Tensor | None = None  # (d_model,): the residual stream of the query's token where this sublayer reads it
    normed: Tensor | None = None  # (d_model,): what W_Q reads: LayerNorm(state), or the state itself in a post-norm model
    query: Tensor  # (d_head,): normed W_Q + b_Q; captured without weights, as keys and values are
    keys: Tensor  # (key, d_head)
    values: Tensor  # (key, d_head)
    products: Tensor  # (key, d_head): query x key, dimension by dimension
    dots: Tensor  # (key,): sums of the products
    scores: Tensor  # (key,): dots / sqrt(d_head), or the dots themselves where scaling is off or there is none
    score_bias: Tensor | None = None  # (key,): what the model adds to the scores, as captured
    biased: Tensor | None = None  # (key,): scores + score_bias
    allowed: Tensor  # bool (key,): the mask
    exponents: Tensor  # (key,): exp((score + bias - the largest allowed) / temperature), 0 where masked
    denominator: Tensor  # (): their sum
    weights: Tensor  # (key,): exponents / denominator; all 0 where every key is masked
    weighted: Tensor  # (key, d_head): weight x value
    output: Tensor  # (d_head,): their sum z; 0 for a head that is switched off
    contribution: Tensor | None = None  # (d_model,): z W_O, with this head's rows of W_O
    others: Tensor | None = None  # (d_model,): the same of all other heads together
    bias: Tensor | None = None  # (d_model,): b_O
    written: Tensor | None = None  # (d_model,): contribution + others + bias; captured without weights
    after: Tensor | None = None  # (d_model,): the residual stream behind this sublayer; captured where it is more than a sum
    differences: dict[str, float]  # largest |computed here - captured|, by the name of the field; what is captured has none

    @property
    def difference(self) -> float:
        """The largest difference of all steps."""
        return max(self.differences.values())


def calculate(trace: Trace, weights: Weights | None, kind: str, layer: int, head: int, query: int) -> Calculation:
    """Everything that one head computes for one query; `weights` are those of the model that made the trace.

    weights: None for a model that shows no matrices: query, keys, values and what was written are then the captured ones, and not
    compared. Raises ValueError, in words, for a layer, head or position that the trace does not have.
    """
    _check(trace, weights, kind, layer, head, query)
    captured, change, shape = _captured(trace, kind, layer, head, query), trace.intervention, trace.anatomy.kind(kind)
    steps = _given(trace, captured) if weights is None else _inputs(trace, weights, kind, layer, head, query)
    products = steps["query"] * steps["keys"]
    dots = products.sum(-1)
    scores = biased = dots / math.sqrt(shape.d_head) if change.scaled and shape.scores == "scaled dot" else dots
    if "score_bias" in captured:
        steps["score_bias"] = _wide(captured["score_bias"])
        steps["biased"] = biased = scores + steps["score_bias"]
    allowed = may_attend(trace, kind, layer)[query]
    exponents = _exponents(biased / change.temperature, allowed)
    denominator = exponents.sum()
    shares = exponents / denominator if bool(denominator > 0) else exponents
    weighted = shares[:, None] * steps["values"]
    output = weighted.sum(0) * float((kind, layer, head) not in change.heads_off)
    steps |= {
        "products": products, "dots": dots, "scores": scores, "allowed": allowed, "exponents": exponents,
        "denominator": denominator, "weights": shares, "weighted": weighted, "output": output,
    }  # fmt: skip
    if weights is not None:
        steps |= _outputs(trace, weights, kind, layer, head, query, output, steps["state"])
    sums = ("after",) if trace.anatomy.norm in SUMS else ()
    compared = COMPARED if weights is not None else ("scores", "weights", "output", *sums)
    differences = {name: float((steps[name] - captured[name]).abs().max()) for name in compared if name in captured}
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


def _captured(trace: Trace, kind: str, layer: int, head: int, query: int) -> dict[str, Tensor]:
    """What the pass had, by the names of `Calculation`; what it did not have is left out."""
    got, stack, shape = trace.attention[kind], trace.anatomy.asking(kind), trace.anatomy.kind(kind)
    own = head * shape.key_heads // shape.heads
    captured = {
        "query": trace.part("queries", kind)[layer, head, query], "keys": trace.part("keys", kind)[layer, own],
        "values": trace.part("values", kind)[layer, own], "scores": trace.part("scores", kind)[layer, head, query],
        "weights": got.weights[layer, head, query], "output": trace.part("outputs", kind)[layer, head, query],
    }  # fmt: skip
    if got.bias is not None:
        captured["score_bias"] = got.bias[layer, head, query]
    stream = trace.residual.get(stack.name)
    if stream is not None and trace.anatomy.writes(kind):
        point = point_before(trace, kind, layer)
        captured |= {
            "start": stream.states[0, query], "state": stream.states[point, query], "written": stream.written[point, query],
            "after": stream.states[point + 1, query],
        }  # fmt: skip
    return captured


def _given(trace: Trace, captured: dict[str, Tensor]) -> dict[str, Tensor]:
    """What a calculation without weights takes as it was captured. Of the stream only a sum is computed again: what a norm behind it
    makes of it, as in a post-norm model, is captured; beside feed-forward (parallel) the capture itself is that sum."""
    taken = ("query", "keys", "values", "state", "written", "after")
    steps = {name: _wide(captured[name]) for name in taken if name in captured}
    if trace.anatomy.norm in SUMS and "after" in steps:
        steps["after"] = steps["state"] + steps["written"]
    return steps


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


def _check(trace: Trace, weights: Weights | None, kind: str, layer: int, head: int, query: int) -> None:
    """Raise ValueError for a place that the trace does not have, and for a trace without what the calculation needs."""
    if kind not in trace.attention:
        raise ValueError(f"kind must be one of {', '.join(trace.attention)}, not {kind!r}.")
    layers, heads, queries, _ = trace.attention[kind].weights.shape
    for what in ("queries", "keys", "values", "scores", "outputs"):
        trace.part(what, kind)
    if weights is not None:
        trace.stream(trace.anatomy.kind(kind).asks)
    for name, value, count in (("layer", layer, layers), ("head", head, heads), ("query", query, queries)):
        if not 0 <= value < count:
            raise ValueError(f"There is no {name} {value}: this trace has {count}, counted from 0.")
