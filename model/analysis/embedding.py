"""The embedding space: which pieces of the vocabulary lie near each other, and the directions along which points spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from model.instrument.tokenizer import Tokenizer
from model.trace.trace import Trace


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Every piece with its vector: `Vocabulary.of(translator.tokenizer, translator.model.encoder.embedding.weight)`."""

    weight: Tensor  # (vocabulary, d_model): the embedding matrix, before it is multiplied by sqrt(d_model)
    pieces: list[str]  # by id
    set_aside: Tensor  # bool (vocabulary,): special and byte pieces, which carry no text of their own

    @classmethod
    def of(cls, tokenizer: Tokenizer, weight: Tensor) -> Vocabulary:
        """The vocabulary of a tokenizer with its embedding matrix (vocabulary, d_model)."""
        ids, learned = range(tokenizer.vocabulary_size), tokenizer.learned
        apart = [id_ not in learned for id_ in ids]
        return cls(weight.detach(), [tokenizer.piece(id_) for id_ in ids], torch.tensor(apart, device=weight.device))

    def nearest(self, ids: int | list[int], count: int) -> tuple[Tensor, Tensor]:
        """`nearest` among pieces that carry text: special and byte pieces only come up around pieces of their own sort."""
        return nearest(self.weight, ids, count, self.set_aside)


class Principal(NamedTuple):
    """Where a cloud of points lies and how it spreads: `principal_axes`."""

    mean: Tensor  # (dimension,)
    axes: Tensor  # (count, dimension): orthonormal rows, the widest spread first
    shares: Tensor  # (count,): share of the variance along each axis, 0 to 1; all 0 where the points are one point

    def project(self, points: Tensor) -> Tensor:
        """Points (..., dimension) -> coordinates (..., count) along the axes, from the mean; float64 on the CPU."""
        return (_exact(points) - self.mean) @ self.axes.T


def nearest(weight: Tensor, ids: int | list[int], count: int, leave_out: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The pieces whose vectors point most nearly the same way: the largest cosines a . b / (|a| |b|), the largest first.

    weight (vocabulary, d_model); ids: one id or n; leave_out: bool (vocabulary,), pieces that are no neighbours, unless the
    piece that is asked for is itself one of them. A piece is never its own neighbour.
    Returns ids and cosines (-1 to 1; 0 for a zero vector), each (count,) or (n, count); fewer than `count`
    where one of the asked has no more.
    (Mikolov et al. 2013, section 4.) Raises ValueError for an id that is not in the vocabulary.
    """
    asked = torch.as_tensor(ids, dtype=torch.long, device=weight.device)
    if asked.numel() and not 0 <= int(asked.min()) <= int(asked.max()) < weight.size(0):
        raise ValueError(f"The vocabulary has pieces 0 to {weight.size(0) - 1}; asked for {ids}.")
    unit = F.normalize(weight.detach(), dim=1)
    cosines = (unit[asked] @ unit.T).clamp(-1.0, 1.0)  # (..., vocabulary)
    if leave_out is not None:
        cosines.masked_fill_(leave_out & ~leave_out[asked].unsqueeze(-1), -torch.inf)
    cosines.scatter_(-1, asked.unsqueeze(-1), -torch.inf)
    available = int(cosines.isfinite().sum(dim=-1).min()) if asked.numel() else 0
    best = cosines.topk(min(count, available), dim=-1)
    return best.indices, best.values


def surroundings(vocabulary: Vocabulary, ids: list[int], each: int) -> dict[int, tuple[int, float]]:
    """The `each` nearest neighbours of each of `ids` that are not among `ids`, once each.

    Returns {neighbour: (the one of `ids` that it is nearest to, their cosine)}, in the order in which they are found.
    """
    found: dict[int, tuple[int, float]] = {}
    if not ids or each < 1:
        return found
    neighbours, cosines = (part.tolist() for part in vocabulary.nearest(ids, each))
    for id_, near, values in zip(ids, neighbours, cosines, strict=True):
        for other, cosine in zip(near, values, strict=True):
            if other not in found or cosine > found[other][1]:
                found[other] = (id_, cosine)
    for id_ in ids:
        found.pop(id_, None)
    return found


def principal_axes(points: Tensor, count: int) -> Principal:
    """The directions along which points spread most: eigenvectors of their covariance, with its eigenvalues as shares.

    points (n, dimension) -> at most `count` axes, in float64 on the CPU; each points where its largest component is
    positive, so that the same points always give the same picture. (Principal component analysis, Pearson 1901.)
    Raises ValueError for no points or no axes.
    """
    if points.size(0) < 1 or count < 1:
        raise ValueError(f"Principal axes need at least one point and one axis, not {points.size(0)} and {count}.")
    points = _exact(points)
    mean = points.mean(dim=0)
    centred = points - mean
    values, vectors = torch.linalg.eigh(centred.T @ centred)  # ascending; columns
    axes = vectors.T.flip(0)[:count]
    axes = axes * axes.gather(1, axes.abs().argmax(dim=1, keepdim=True)).sign()
    values = values.flip(0).clamp_min(0.0)
    total = values.sum()
    noise = (points.abs().amax() * torch.finfo(torch.float32).eps) ** 2 * points.numel()  # of float32 copies of one point
    shares = values[:count] / total if total > noise else torch.zeros_like(values[:count])
    return Principal(mean, axes, shares)


def paths(trace: Trace, side: str, count: int, directions: bool = False) -> tuple[Tensor, Tensor]:
    """Every token's way through the layers: its state at every point of the residual stream, along common principal axes.

    The axes are those of all points and tokens of the side together, so that places can be compared. directions: every state
    divided by its length first, so that only where it points counts (0 stays 0).
    Returns coordinates (point, position, count) and the share of the variance along each axis (count,).
    """
    states = trace.stream(side).states  # (point, position, d_model)
    if directions:
        states = F.normalize(states, dim=-1)
    principal = principal_axes(states.flatten(0, 1), count)
    return principal.project(states), principal.shares


def _exact(points: Tensor) -> Tensor:
    """In float64 on the CPU: not every device has it."""
    return points.detach().cpu().double()
