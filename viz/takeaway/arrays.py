"""A Trace as named arrays, the one list of names that every file of tensors has.

    attention.KIND.weights, .scores, .mask, .queries, .keys, .values, .outputs, .bias      KIND: "encoder", "decoder", "cross"
    residual.STACK.states, .written      embeddings.STACK, positions.STACK, feed_forward.STACK      STACK: "encoder", "decoder"
    logits, loss

Shapes and units are those of `model.trace.trace`. What the model does not have is not in the file. Beside them, as text: the
pieces of every stack and what its rows must produce, the Intervention, the hash of the weights, and the labels of the stream.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy
from torch import Tensor

from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.takeaway.parcel import Recipe
from viz.theme import number

OF_ATTENTION = ("weights", "scores", "mask", "queries", "keys", "values", "outputs", "bias")
OF_STACKS = ("embeddings", "positions", "feed_forward")


def arrays(trace: Trace) -> dict[str, numpy.ndarray]:
    """Every tensor of a Trace under its name, exactly as it was computed."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors(trace)}


def tensors(trace: Trace) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors, still on their device."""
    for kind, attention in trace.attention.items():
        parts = ((part, getattr(attention, part)) for part in OF_ATTENTION)
        yield from ((f"attention.{kind}.{part}", tensor) for part, tensor in parts if tensor is not None)
    for stack, residual in trace.residual.items():
        yield from ((f"residual.{stack}.states", residual.states), (f"residual.{stack}.written", residual.written))
    for part in OF_STACKS:
        yield from ((f"{part}.{stack}", tensor) for stack, tensor in getattr(trace, part).items())
    yield from ((part, tensor) for part in ("logits", "loss") if (tensor := getattr(trace, part)) is not None)


def size(trace: Trace) -> int:
    """Bytes of all its tensors."""
    return sum(tensor.numel() * tensor.element_size() for _, tensor in tensors(trace))


def mebibytes(count: int) -> str:
    """Bytes as people read them: 8.6 MiB."""
    return f"{number(count / 2**20, 1)} MiB"


def about(trace: Trace, recipe: Recipe) -> dict[str, str]:
    """What the arrays are of, as texts; lists and the Intervention as JSON."""
    texts = {"text": recipe.text, "checkpoint": recipe.checkpoint, "weights_sha256": recipe.weights}
    values: dict[str, object] = {"intervention": trace.intervention.to_dict()}
    for stack, axis in trace.axes.items():
        values |= _of_tokens(f"tokens.{stack}", axis.read)
        values |= _of_tokens(f"labels.{stack}", axis.made) if axis.made is not None else {}
    values |= {f"residual.{stack}.labels": residual.labels for stack, residual in trace.residual.items()}
    return {
        "format": "headlight trace 1",
        **texts,
        **{name: json.dumps(value, ensure_ascii=False) for name, value in values.items()},
    }


def _of_tokens(name: str, tokens: Tokens) -> dict[str, object]:
    return {f"{name}.pieces": list(tokens.pieces), f"{name}.ids": list(tokens.ids)}
