"""What of a pass must be done one after the other: the rest can be done side by side, on a machine that has room for it."""

from __future__ import annotations

from dataclasses import dataclass

from model.trace.anatomy import FEED_FORWARD, Anatomy, Stack


@dataclass(frozen=True)
class Chain:
    """Layers that wait for each other, counted along the longest chain. Vaswani et al. (2017), table 1: "sequential operations"."""

    reading: int  # from the source to the states of the stack that reads it
    whole: int  # of a pass over a source and a target that is known, as in training
    writing: int  # of a translation, whose every token waits for the one before it


def is_recurrent(stack: Stack) -> bool:
    """Whether a token's state waits for that of its neighbour: a layer without a feed-forward sublayer is a recurrent one."""
    return FEED_FORWARD not in stack.sublayers


def chain(anatomy: Anatomy, source: int, target: int) -> Chain:
    """For a source and a target of so many tokens. Raises ValueError for a model without a stack for each."""
    if len(anatomy.stacks) != 2:
        raise ValueError("A chain from a source to a target needs a model with a stack for each.")
    reads, writes = anatomy.stacks
    reading = reads.layers * (source if is_recurrent(reads) else 1)
    known = writes.layers * (target if is_recurrent(writes) else 1)
    return Chain(reading, reading + known, reading + writes.layers * target)
