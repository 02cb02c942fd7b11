"""How a Trace is put together from what a recorder has captured, whatever model ran under it.

Sites keep what they see under these names. Of a kind of attention, layer by layer: "query", "key", "value", "outputs" with the heads
side by side, (position, heads * d_head); "scores", "weights", "bias", (head, query, key); "mask", (1, query, key). Of a stack: "embeddings",
"positions", and layer by layer "states", "written", "units". What no site kept, the Trace has not.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from model.instrument.recorder import Recorder
from model.trace.anatomy import Kind, Stack
from model.trace.trace import Attention, Axis, Residual, Trace

LOSS_ROWS = 64  # rows of logits whose cross-entropy is computed at a time
Captures = Mapping[tuple[str, str], list[Tensor]]


def assemble(
    recorder: Recorder,
    axes: Mapping[str, Axis],
    logits: Tensor | None,
    labels: Tensor | None,
) -> Trace:
    """The Trace of a pass. logits (row, vocabulary) and labels (row,): of the stack that predicts; None where none does."""
    got, anatomy = recorder.captured, recorder.anatomy
    stacks = anatomy.stacks
    return Trace(
        axes=axes,
        intervention=recorder.changes[0],
        anatomy=anatomy,
        attention={kind.name: _attention(got, kind) for kind in anatomy.kinds},
        residual={stack.name: _residual(got, stack) for stack in stacks if got.get(("states", stack.name))},
        embeddings=_firsts(got, "embeddings", stacks),
        positions=_firsts(got, "positions", stacks),  # as trained, it is a view of the model's table
        feed_forward={stack.name: torch.stack(got["units", stack.name]) for stack in stacks if got.get(("units", stack.name))},
        logits=logits,
        loss=None if logits is None or labels is None else cross_entropy(logits, labels),
    )


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each label (row,), nats; a few rows at a time, so that no second matrix of the size of the logits is needed."""
    rows = zip(logits.split(LOSS_ROWS), labels.split(LOSS_ROWS), strict=True)
    return torch.cat([F.cross_entropy(some, wanted, reduction="none") for some, wanted in rows])


def _firsts(got: Captures, what: str, stacks: tuple[Stack, ...]) -> dict[str, Tensor]:
    """By stack, what was kept first under this name, in memory of its own."""
    return {stack.name: _own(got[what, stack.name][0]) for stack in stacks if got.get((what, stack.name))}


def _own(tensor: Tensor) -> Tensor:
    """The tensor in contiguous memory of its own, without a graph."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _attention(got: Captures, kind: Kind) -> Attention:
    """The captured tensors of one kind, layer by layer, with the heads apart."""

    def heads(
        what: str, count: int
    ) -> Tensor | None:  # (position, count * d_head) of each layer -> (layer, head, position, d_head)
        kept = got.get((what, kind.name))
        return torch.stack([x.unflatten(-1, (count, kind.d_head)).transpose(0, 1) for x in kept]) if kept else None

    return Attention(
        weights=torch.stack(got["weights", kind.name]),
        scores=torch.stack(got["scores", kind.name]),
        mask=torch.stack(got["mask", kind.name]),
        queries=heads("query", kind.heads),
        keys=heads("key", kind.key_heads),
        values=heads("value", kind.key_heads),
        outputs=heads("outputs", kind.heads),
        bias=torch.stack(got["bias", kind.name]) if got.get(("bias", kind.name)) else None,
    )


def _residual(got: Captures, stack: Stack) -> Residual:
    """The residual stream of one stack, with a label for every point."""
    states, written = (torch.stack(got[what, stack.name]) for what in ("states", "written"))
    return Residual(states, written, stack.points)
