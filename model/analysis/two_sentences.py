"""Two sentences side by side: which token of one stands for which token of the other, and how their attention differs."""

from __future__ import annotations

from difflib import SequenceMatcher

import torch
from torch import Tensor

from model.analysis.attention import may_attend
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps

LONGEST_SWAP = 3  # tokens: longer runs that differ are too unlike to pair them one by one
Cells = tuple[Tensor, Tensor]  # rows (row, 1) and columns (column,), to index a matrix with


def counterparts(first: Tokens, second: Tokens, longest_swap: int = LONGEST_SWAP) -> list[int | None]:
    """For each token of `second`, the index of its counterpart in `first`; None where it has none.

    Counterparts are equal pieces in the same order (the longest matching blocks of Ratcliff and Obershelp 1988, as in difflib),
    and, one by one, runs of at most `longest_swap` pieces that took the place of as many others. Both grow from left to right; no
    token is taken twice.
    """
    ours, theirs = (list(zip(side.pieces, side.special, strict=True)) for side in (first, second))
    found: list[int | None] = [None] * len(second)
    for what, start, end, from_, to in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if what == "equal" or (what == "replace" and end - start == to - from_ <= longest_swap):
            found[from_:to] = range(start, end)
    return found


def axis_counterparts(first: AttentionMaps, second: AttentionMaps, kind: str) -> tuple[list[int | None], list[int | None]]:
    """Counterparts of the rows and of the columns of a kind of attention: rows by what they produce (where they produce something),
    columns by what is read."""
    rows, columns = counterparts(first.rows(kind).labels, second.rows(kind).labels), (first.columns(kind), second.columns(kind))
    return rows, counterparts(*columns)


def aligned_difference(first: AttentionMaps, second: AttentionMaps, kind: str, layer: int, head: int) -> Tensor:
    """Weights of the second sentence minus those of the first, between counterparts: (query, key) of the second, -1 to 1.

    NaN where the row or the column has no counterpart. Layer and head from 0.
    """
    weights = second.attention_of(kind).weights[layer, head]
    difference = torch.full_like(weights, float("nan"))
    ours, theirs = _aligned(first, second, kind, weights.device)
    before = first.attention_of(kind).weights[layer, head].to(weights.device)
    difference[ours] = weights[ours] - before[theirs]
    return difference


def aligned_mask(first: AttentionMaps, second: AttentionMaps, kind: str, layer: int) -> Tensor:
    """bool (query, key) of the second sentence: True where the cell may attend in either sentence."""
    allowed = may_attend(second, kind, layer).clone()
    ours, theirs = _aligned(first, second, kind, allowed.device)
    allowed[ours] |= may_attend(first, kind, layer).to(allowed.device)[theirs]
    return allowed


def head_changes(first: AttentionMaps, second: AttentionMaps, kind: str) -> Tensor:
    """Mean absolute difference of the weights of every head, 0 to 1: (layer, head).

    Over the aligned cells that may be attended to in either sentence; 0 where there are none.
    """
    weights = second.attention_of(kind).weights
    ours, theirs = _aligned(first, second, kind, weights.device)
    changes = weights.new_zeros(weights.shape[:2])
    for layer in range(weights.size(0)):  # one layer at a time: 500 tokens make 2 million weights a layer
        before = first.attention_of(kind).weights[layer].to(weights.device)
        difference = (weights[layer][:, ours[0], ours[1]] - before[:, theirs[0], theirs[1]]).abs()  # (head, query, key)
        allowed = aligned_mask(first, second, kind, layer)[ours]
        changes[layer] = (difference * allowed).sum((-1, -2)) / allowed.sum().clamp(min=1)
    return changes


def _aligned(first: AttentionMaps, second: AttentionMaps, kind: str, device: torch.device) -> tuple[Cells, Cells]:
    """Indices of the aligned cells in the second sentence and, in the same order, in the first: (rows (row, 1), columns)."""
    pairs = [
        [(at, other) for at, other in enumerate(axis) if other is not None] for axis in axis_counterparts(first, second, kind)
    ]

    def index(axis: int, side: int) -> Tensor:
        return torch.tensor([pair[side] for pair in pairs[axis]], dtype=torch.long, device=device)

    return (index(0, 0)[:, None], index(1, 0)), (index(0, 1)[:, None], index(1, 1))
