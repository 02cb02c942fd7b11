"""The texts in which a head does something most and least, and a fair sample: reservoirs that merge in any order to the same content."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

WAYS = ("most", "least", "sample")
EACH = 4  # texts that are kept for every way, measure and head
FEWEST = 4  # queries that must define a score: of two words everything can be said
FIELDS = ("rank", "row", "score", "query", "key", "weight")
RANK, ROW, SCORE, QUERY, KEY, WEIGHT = range(len(FIELDS))
BITS = 40  # of a row's number; a score is above them in its rank
_MASK = (1 << BITS) - 1


@dataclass(frozen=True, eq=False)
class Examples:
    """The EACH best of every way, by rank; a rank belongs to one row alone, so that there are no ties.

    entries: int64 (way, EACH, measure, layer, head, field), ranks falling along EACH; an empty place has rank −1. A score and a weight are
    in units of `statistics.UNIT`.
    """

    entries: Tensor

    @classmethod
    def none(cls, measures: int, layers: int, heads: int) -> Examples:
        """Without any entry."""
        return cls(torch.full((len(WAYS), EACH, measures, layers, heads, len(FIELDS)), -1))

    def merge(self, other: Examples) -> Examples:
        """The best of both. Associative and commutative, where no row is in both."""
        both = torch.cat([self.entries, other.entries], 1)
        order = both[..., RANK].topk(EACH, dim=1).indices
        return Examples(both.gather(1, order[..., None].expand(*order.shape, len(FIELDS))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Examples) and torch.equal(self.entries, other.entries)

    __hash__ = None  # type: ignore[assignment]  # tensors compare by content here


def mixed(rows: Tensor) -> Tensor:
    """Another order of the rows, int64 (row,) from 0 to 2^BITS - 1: an invertible mix (Steele et al. 2014), the seed of all sampling."""
    x = (rows + 0x9E3779B97F) & _MASK
    for shift, factor in ((21, 0x5851F42D4D), (17, 0x14057B7EF7), (23, 1)):  # odd factors: nothing falls together
        x = ((x ^ (x >> shift)) * factor) & _MASK
    return x


def ranks(scores: Tensor, rows: Tensor, defined: Tensor, unit: int) -> Tensor:
    """How good an example each text is, int64 (way, text, measure, layer, head); −1 where it is none.

    scores: int64 (text, measure, layer, head), 0 to unit; rows (text,); defined: bool, like scores.
    """
    lot = mixed(rows)[:, None, None, None]
    found = torch.stack([(scores << BITS) | lot, ((unit - scores).clamp(min=0) << BITS) | lot, lot.expand_as(scores)])
    return found.masked_fill(~defined, -1)
