"""What a change of the model did: attention, states and predictions before and after, token by token.

Two ways to compare. Teacher-forced: both passes read the same translation, so every token has itself as counterpart and only the
direct effect of the change shows. Free-running: each model reads its own translation; tokens that both share, in the same order,
are compared, the others have no counterpart (NaN).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.analysis.attention import may_attend
from model.analysis.two_sentences import counterparts
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMap, AttentionMaps, Trace


def same_tokens(first: Tokens, second: Tokens) -> list[int | None]:
    """For each token of `second`, the index of the same token of `first`, in the same order; None where there is none."""
    return counterparts(first, second, longest_swap=0)


def aligned(first: AttentionMaps, second: AttentionMaps) -> AttentionMaps:
    """The weights of `first` at the places of `second`'s tokens: NaN, and mask True, for queries or keys without a counterpart.

    Rows are matched by what they produce, where they produce something, keys by what they are.
    """
    rows = {stack: same_tokens(first.axes[stack].labels, axis.labels) for stack, axis in second.axes.items()}
    columns = {stack: same_tokens(first.axes[stack].read, axis.read) for stack, axis in second.axes.items()}
    attention = {}
    for name, part in first.attention.items():
        kind = first.anatomy.kind(name)
        attention[name] = _moved(part, rows[kind.asks], columns[kind.answers])
    return AttentionMaps(second.axes, first.intervention, first.anatomy, attention)


def head_difference(before: AttentionMaps, after: AttentionMaps, kind: str, layer: int, head: int) -> tuple[Tensor, Tensor]:
    """One head after minus before, on the tokens of `after`, and which cells may be attended to in either: (query, key) both.

    The difference is -1..1, NaN where a token has no counterpart before. On the device of `before`.
    """
    there = aligned(before, after)
    first, second = (maps.attention[kind].weights[layer, head] for maps in (there, after))
    allowed = may_attend(there, kind, layer) | may_attend(after, kind, layer).to(first.device)
    return second.to(first.device) - first, allowed


def _moved(part: AttentionMap, rows: list[int | None], columns: list[int | None]) -> AttentionMap:
    """Rows and columns in a new order; what has no counterpart is NaN."""
    device = part.weights.device
    down, across = (torch.tensor([0 if at is None else at for at in places], device=device) for places in (rows, columns))
    there, here = (torch.tensor([at is not None for at in places], device=device) for places in (rows, columns))
    known = there[:, None] & here[None, :]
    weights = part.weights[..., down[:, None], across[None, :]].masked_fill(~known, float("nan"))
    return AttentionMap(weights, part.mask[..., down[:, None], across[None, :]] | ~known)


@dataclass(frozen=True, eq=False)
class PredictionChange:
    """Per decoder row of the changed pass, (target position,) each; NaN where the row has no counterpart. Nats."""

    divergence: Tensor  # KL(before || after) = sum_v p(v) (log p(v) - log q(v)): 0 where nothing changed
    before: Tensor  # log p(label) of the unchanged model
    after: Tensor  # log p(label) of the changed model


def prediction_change(before: Trace, after: Trace) -> PredictionChange:
    """How the next-piece distributions differ (Kullback and Leibler 1951), and what became of each label's log-probability."""
    logits = [trace.part("logits") for trace in (before, after)]
    partners = same_tokens(before.labels, after.labels)
    rows = [row for row, partner in enumerate(partners) if partner is not None]
    found = torch.full((3, len(partners)), float("nan"), device=logits[1].device)
    p = logits[0][[partners[row] for row in rows]].float().log_softmax(-1).to(found.device)
    q = logits[1][rows].float().log_softmax(-1)
    labels = torch.tensor([after.labels.ids[row] for row in rows], dtype=torch.long, device=found.device)[:, None]
    found[0, rows] = (p.exp() * (p - q)).sum(-1).clamp(min=0.0)
    found[1, rows], found[2, rows] = p.gather(1, labels)[:, 0], q.gather(1, labels)[:, 0]
    return PredictionChange(*found)


def state_change(before: Trace, after: Trace, side: str) -> tuple[Tensor, Tensor]:
    """What became of the residual stream: (point, position) each, NaN for tokens without a counterpart.

    Change of the norm, |after| - |before|; and how far the vector moved, |after - before| / |before|.
    """
    states = [trace.stream(side).states for trace in (before, after)]
    partners = same_tokens(before.tokens(side), after.tokens(side))
    places = [place for place, partner in enumerate(partners) if partner is not None]
    now = states[1][:, places]
    then = states[0][:, [partners[place] for place in places]].to(now.device)
    norms, moved = (torch.full((now.size(0), len(partners)), float("nan"), device=now.device) for _ in range(2))
    norms[:, places] = now.norm(dim=-1) - then.norm(dim=-1)
    moved[:, places] = (now - then).norm(dim=-1) / then.norm(dim=-1).clamp_min(1e-12)
    return norms, moved
