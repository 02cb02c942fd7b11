"""Attention step by step: every number between a token's state and what one head adds to it, computed again and compared.

Nothing here uses what the hooks captured of a step to compute that step: each follows from the numbers before it, in float64
where the device has it, and is then compared with the capture. (Vaswani et al. 2017, section 3.2.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.analysis.attention import may_attend
from model.trace.trace import Trace
from model.transformer.attention import MultiHeadAttention
from model.transformer.transformer import Residual, Transformer


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
    exponents: Tensor  # (key,): exp((score - largest allowed score) / temperature), 0 where masked
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


def calculate(trace: Trace, model: Transformer, kind: str, layer: int, head: int, query: int) -> Calculation:
    """Everything that one head computes for one query; `model` is the one that made the trace.

    Raises ValueError, in words, for a layer, head or position that the trace does not have.
    """
    _check(trace, kind, layer, head, query)
    got, change = trace.attention[kind], trace.intervention
    steps = _inputs(trace, model, kind, layer, head, query)
    products = steps["query"] * steps["keys"]
    dots = products.sum(-1)
    scores = dots / math.sqrt(trace.anatomy.kind(kind).d_head) if change.scaled else dots
    allowed = may_attend(trace, kind, layer)[query]
    exponents = _exponents(scores / change.temperature, allowed)
    denominator = exponents.sum()
    weights = exponents / denominator if bool(denominator > 0) else exponents
    weighted = weights[:, None] * steps["values"]
    output = weighted.sum(0) * float((kind, layer, head) not in change.heads_off)
    steps |= {
        "products": products, "dots": dots, "scores": scores, "allowed": allowed, "exponents": exponents,
        "denominator": denominator, "weights": weights, "weighted": weighted, "output": output,
        **_outputs(trace, model, kind, layer, head, query, output, steps["state"]),
    }  # fmt: skip
    after = point_before(trace, kind, layer) + 1
    side = trace.anatomy.kind(kind).asks
    captured = {
        "start": trace.residual[side].states[0, query], "query": got.queries[layer, head, query],
        "keys": got.keys[layer, head], "values": got.values[layer, head], "scores": got.scores[layer, head, query],
        "weights": got.weights[layer, head, query], "output": got.outputs[layer, head, query],
        "written": trace.residual[side].written[after - 1, query], "after": trace.residual[side].states[after, query],
    }  # fmt: skip
    differences = {name: float((steps[name] - tensor).abs().max()) for name, tensor in captured.items()}
    return Calculation(**steps, differences=differences)


def attention_sublayer(model: Transformer, kind: str, layer: int) -> tuple[MultiHeadAttention, Residual]:
    """The attention module of a kind and layer, and the residual connection around it."""
    shape = model.anatomy.kind(kind)
    block = getattr(model, shape.asks).layers[layer]
    if shape.is_self:
        return block.attention, block.attention_residual
    return block.cross_attention, block.cross_attention_residual


def point_before(trace: Trace, kind: str, layer: int) -> int:
    """The point of the residual stream that an attention sublayer reads."""
    return trace.anatomy.point_before(kind, layer)


def head_contributions(trace: Trace, model: Transformer, kind: str, layer: int) -> Tensor:
    """What each head writes to each query: z_h W_O^h, (head, query, d_model), on the trace's device.

    Concat(z_1 .. z_H) W_O = sum_h z_h W_O^h, with W_O^h the rows of W_O that head h meets; these and the bias b_O add up to
    what the sublayer wrote. (Kobayashi et al. 2020, section 3, measure attention by the norm of such vectors.)
    """
    module, _ = attention_sublayer(model, kind, layer)
    outputs = trace.part("outputs", kind)[layer]  # (head, query, d_head)
    slices = module.output.weight.detach().T.unflatten(0, (module.heads, module.d_head))  # (head, d_head, d_model)
    return outputs @ slices.to(outputs)


def contribution_shares(contributions: Tensor, written: Tensor) -> Tensor:
    """Each head's part of what was written: (c_h . written) / |written|^2, (head, query); with the bias's they sum to 1.

    contributions (head, query, d_model), written (query, d_model). Below 0: the head pulls against the others. 0 where nothing
    was written.
    """
    length = written.square().sum(-1)
    return torch.where(length > 0, (contributions * written).sum(-1) / length, torch.zeros_like(length))


def _inputs(trace: Trace, model: Transformer, kind: str, layer: int, head: int, query: int) -> dict[str, Tensor]:
    """From the token's id to this head's query, keys and values."""
    shape = trace.anatomy.kind(kind)
    side = trace.anatomy.kind(kind).asks
    module, residual = attention_sublayer(model, kind, layer)
    stack = getattr(model, side)
    id_ = trace.queries(kind).ids[query]
    token = _wide(stack.embedding.weight[id_]) * math.sqrt(trace.anatomy.d_model)
    position = _wide(trace.positions[side][query])
    states = _wide(trace.residual[side].states[point_before(trace, kind, layer)])  # (position, d_model)
    asks = _norm(residual.norm, states) if residual.norm_first else states
    answers = asks if shape.is_self else _norm(getattr(model, shape.answers).norm, _wide(trace.residual[shape.answers].states[-1]))
    return {
        "token": token, "position": position, "start": token + position,
        "state": states[query], "normed": asks[query],
        "query": _project(module.query, asks[query], head, module.d_head),
        "keys": _project(module.key, answers, head, module.d_head),
        "values": _project(module.value, answers, head, module.d_head),
    }  # fmt: skip


def _outputs(
    trace: Trace, model: Transformer, kind: str, layer: int, head: int, query: int, output: Tensor, state: Tensor
) -> dict[str, Tensor]:
    """From this head's z to the next point of the residual stream; the other heads' z are the captured ones."""
    module, residual = attention_sublayer(model, kind, layer)
    weight, bias = _wide(module.output.weight), _wide(module.output.bias)
    joined = _wide(trace.attention[kind].outputs[layer, :, query]).clone()  # (head, d_head)
    joined[head] = 0
    contribution = weight[:, head * module.d_head : (head + 1) * module.d_head] @ output
    others = weight @ joined.flatten()
    written = contribution + others + bias
    after = state + written
    return {
        "contribution": contribution, "others": others, "bias": bias, "written": written,
        "after": after if residual.norm_first else _norm(residual.norm, after),
    }  # fmt: skip


def _exponents(scores: Tensor, allowed: Tensor) -> Tensor:
    """exp(score - largest), 0 where masked: (key,)."""
    if not bool(allowed.any()):
        return torch.zeros_like(scores)
    return torch.exp(scores - scores[allowed].max()).masked_fill(~allowed, 0.0)


def _project(linear: nn.Linear, x: Tensor, head: int, d_head: int) -> Tensor:
    """x (..., d_model) through the rows of a projection that belong to one head: (..., d_head)."""
    rows = slice(head * d_head, (head + 1) * d_head)
    return F.linear(x, _wide(linear.weight[rows]), _wide(linear.bias[rows]))


def _norm(norm: nn.Module, x: Tensor) -> Tensor:
    """LayerNorm of (..., d_model); nothing in the place of a norm that the model does not have."""
    if not isinstance(norm, nn.LayerNorm):
        return x
    return F.layer_norm(x, norm.normalized_shape, _wide(norm.weight), _wide(norm.bias), norm.eps)


def _wide(tensor: Tensor) -> Tensor:
    """As float64, where the device has it, without gradient."""
    return tensor.detach().to(torch.float32 if tensor.device.type == "mps" else torch.float64)


def _check(trace: Trace, kind: str, layer: int, head: int, query: int) -> None:
    if kind not in trace.attention:
        raise ValueError(f"kind must be one of {', '.join(trace.attention)}, not {kind!r}.")
    layers, heads, queries, _ = trace.attention[kind].weights.shape
    for what in ("queries", "keys", "values", "scores", "outputs"):
        trace.part(what, kind)
    trace.stream(trace.anatomy.kind(kind).asks)
    for name, value, count in (("layer", layer, layers), ("head", head, heads), ("query", query, queries)):
        if not 0 <= value < count:
            raise ValueError(f"There is no {name} {value}: this trace has {count}, counted from 0.")
