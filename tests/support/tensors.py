"""Tensors of a Trace, and when two are the same."""

from __future__ import annotations

import dataclasses

import torch

from model.trace.trace import Trace
from support.tiny import ATTENTION_KINDS, SIDES


def close(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float = 1e-4) -> None:
    """Equal to rounding."""
    torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=tolerance)


def tensors(trace: Trace) -> list[torch.Tensor]:
    """Every tensor of a trace, in a fixed order."""
    found = [
        getattr(trace.attention[kind], field.name)
        for kind in ATTENTION_KINDS
        for field in dataclasses.fields(trace.attention[kind])
        if field.name != "bias"  # this model adds none
    ]
    found += [part for side in SIDES for part in (trace.residual[side].states, trace.residual[side].written)]
    found += [part[side] for side in SIDES for part in (trace.embeddings, trace.positions, trace.feed_forward)]
    return [*found, trace.logits, trace.loss]
