"""What can be read off a Trace: pure functions of tensors, in torch, on the Trace's device."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from model.trace.trace import AttentionMaps, Trace
from model.transformer.masks import window_mask
from model.transformer.positions import sinusoids

# Attention ------------------------------------------------------------------------------------------------------------


def entropy(weights: Tensor) -> Tensor:
    """How widely each query looks: H = -sum_k w_k ln w_k, in nats.

    weights (..., query, key), rows summing to 1 or to 0 -> (..., query), between 0 (one key, or none) and ln(keys).
    (Shannon 1948; for attention heads Ghader and Monz 2017.)
    """
    return torch.special.entr(weights).sum(dim=-1)


def mean_distance(weights: Tensor) -> Tensor:
    """How far each query looks in self-attention: sum_k w_k |query - k|, in positions.

    weights (..., position, position) -> (..., position); 0 where nothing may be attended to.
    (Vig and Belinkov 2019, section 4.4.) Raises ValueError for attention between two different sides.
    """
    if weights.size(-1) != weights.size(-2):
        raise ValueError("Distance is defined for self-attention: queries and keys must be the same positions.")
    position = torch.arange(weights.size(-1), device=weights.device, dtype=weights.dtype)
    distance = (position[:, None] - position[None, :]).abs()  # (query, key)
    return (weights * distance).sum(dim=-1)


def may_attend(trace: AttentionMaps, kind: str, layer: int) -> Tensor:
    """The mask of one layer, spread out: bool (query, key), True = may attend."""
    attention = trace.attention_of(kind)
    return attention.mask[layer, 0].expand(attention.weights.shape[-2:])


def why_masked(maps: AttentionMaps, kind: str, layer: int, query: int) -> list[str]:
    """What takes keys from one row of a layer: "look-ahead", a "change" (a window, cut links), the "model" itself; none where it sees all.

    A key that several of them take counts for the first one.
    """
    change, shape = maps.intervention, maps.anatomy.kind(kind)
    masked = ~may_attend(maps, kind, layer)[query]
    keys = torch.arange(len(masked), device=masked.device)
    ahead = masked & (keys > query) & (shape.masked and change.causal)
    far = torch.zeros_like(masked)
    if change.window is not None and shape.is_self:
        far = ~window_mask(keys[query : query + 1], keys, change.window)[0]
    for _, _, _, key in (
        link for link in change.cut if link[0] == kind and link[1] in (None, layer) and link[2] in (None, query)
    ):
        far = far | (keys == key if key is not None else torch.ones_like(far))
    reasons = {"look-ahead": ahead, "change": masked & ~ahead & far, "model": masked & ~ahead & ~far}
    return [reason for reason, taken in reasons.items() if bool(taken.any())]


def handed_on(maps: AttentionMaps, kind: str) -> Tensor:
    """The weights with which heads hand values on: (layer, head, query, key), zeros for a head that is switched off.

    What a head looks at is in `weights` whether it is on or off; when it is off, nothing of it reaches the residual stream.
    """
    weights = maps.attention_of(kind).weights
    off = [(layer, head) for name, layer, head in maps.intervention.heads_off if name == kind]
    if not off:
        return weights
    weights = weights.clone()
    for layer, head in off:
        weights[layer, head] = 0.0
    return weights


def per_head(trace: Trace, kind: str, what: str) -> Tensor:
    """The "keys" or "values" that every head reads: (layer, head, key, d_head), shared ones repeated.

    Raises ValueError that says why where the model does not have them.
    """
    shape, part = trace.anatomy.kind(kind), trace.part(what, kind)
    return part if shape.key_heads == shape.heads else part.repeat_interleave(shape.heads // shape.key_heads, dim=1)


def strongest_cell(weights: Tensor, tiers: list[Tensor], share: float = 0.25) -> tuple[int, int]:
    """The cell that says most about a head: the largest weight within the first of `tiers` that has a worthy one.

    weights (query, key); tiers: bool (query, key) each, from the most telling cells to any cell. A tier's best weight is
    worthy when it is at least `share` of the largest weight of all. Returns (query, key); (0, 0) where all are zero.
    """
    largest = weights.max()
    for tier in tiers:
        inside = weights.masked_fill(~tier, -1.0)
        best = inside.max()
        if best > 0 and best >= share * largest:
            return divmod(int(inside.argmax()), weights.size(1))
    return divmod(int(weights.argmax()), weights.size(1))


# Positions ------------------------------------------------------------------------------------------------------------


def position_similarity(encoding: Tensor) -> Tensor:
    """Cosine of every pair of positional vectors: (position, d_model) -> (position, position), -1 to 1; 0 for zero vectors."""
    unit = F.normalize(encoding, dim=1)
    return (unit @ unit.T).clamp(-1.0, 1.0)


def wavelengths(d_model: int) -> Tensor:
    """Positions until dimensions 2i and 2i + 1 of the sinusoidal encoding repeat: 2 pi 10000^(2i / d_model).

    Returns (d_model / 2,) (Vaswani et al. 2017, section 3.5).
    """
    return 2 * math.pi * 10000.0 ** (torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)


def is_sinusoidal(encoding: Tensor, tolerance: float = 1e-3) -> bool:
    """Whether (position, d_model) is the plain sinusoidal encoding of positions 0, 1, ..."""
    length, d_model = encoding.shape
    if d_model % 2:
        return False
    plain = sinusoids(torch.arange(length, device=encoding.device), d_model)
    return torch.allclose(encoding.to(plain.dtype), plain, atol=tolerance, rtol=0.0)


def given_positions(trace: Trace, side: str, encoding: Tensor | None = None) -> list[int] | None:
    """Which position, from 0, each token of a side was told that it has; None where it was told nothing recognisable.

    encoding: the plain encoding (position, d_model) to recognise rows of, needed for a shuffled learned encoding only.
    Each token gets the row nearest to what was added, undoing `position_scale`.
    """
    added, change = trace.part("positions", side), trace.intervention
    edit = change.positions_on(trace.anatomy.stack(side))
    length = added.size(0)
    if edit == "none" or change.position_scale == 0 or not bool(added.any()):
        return None
    if edit in ("trained", "reversed"):
        return list(range(length)) if edit == "trained" else list(range(length))[::-1]
    if encoding is None and trace.anatomy.positions == "sinusoidal":
        encoding = sinusoids(torch.arange(length, device=added.device), added.size(1))
    if encoding is None:
        return None
    return torch.cdist(added / change.position_scale, encoding[:length].to(added)).argmin(dim=1).tolist()


def input_parts(trace: Trace, side: str) -> dict[str, Tensor]:
    """What the first point of the residual stream is made of, per token: x = token part + positional part.

    Returns "token", "position" and "sum": Euclidean norms, (position,) each; "cosine": of the two parts, 0 where one is zero.
    """
    token, position = trace.part("embeddings", side), trace.part("positions", side)  # (position, d_model)
    return {
        "token": token.norm(dim=1),
        "position": position.norm(dim=1),
        "sum": (token + position).norm(dim=1),
        "cosine": F.cosine_similarity(token, position, dim=1),
    }


# Residual stream ------------------------------------------------------------------------------------------------------


def residual_norms(trace: Trace, side: str) -> Tensor:
    """Euclidean norm of every token's state at every point of the residual stream: (point, position)."""
    return trace.stream(side).states.norm(dim=-1)


def written_norms(trace: Trace, side: str) -> Tensor:
    """Euclidean norm of what every sublayer wrote for every token: (sublayer, position), sublayer = point - 1."""
    return trace.stream(side).written.norm(dim=-1)


def written_shares(trace: Trace, side: str) -> Tensor:
    """How much every sublayer changed every token: |written| / |state before|, (sublayer, position), at least 0.

    0.5 means that the sublayer wrote a vector half as long as the state that it was added to. 0 where that state is zero.
    """
    before = residual_norms(trace, side)[:-1]
    return torch.where(before > 0, written_norms(trace, side) / before, torch.zeros_like(before))
