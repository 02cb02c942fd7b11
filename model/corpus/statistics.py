"""What heads did over many texts, as a value: whole numbers that add up the same in any order, however the texts were cut into shards.

A measured number of a text is rounded once, to 1 / UNIT, and from then on everything is an int64: sums of floating-point numbers depend on
their order, sums of these do not. Rounding moves a score of one text by less than 1e-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from model.analysis.roles import ROLE, HeadMeasures, RoleMeasure
from model.corpus.examples import Examples
from model.corpus.features import CLASSES, OFFSETS, STATISTICS, measures_of
from model.trace.anatomy import Anatomy, Kind

UNIT = 1 << 16  # a weight of 1; a square of it fits 2^31 times


def sizes(anatomy: Anatomy, kind: Kind) -> dict[str, tuple[int, ...]]:
    """What is added up for a kind of attention, and its shape. In units of UNIT but for counts; squares in UNIT^2."""
    heads, measures = (kind.layers, kind.heads), len(measures_of(anatomy, kind.name))
    return {
        "texts": (measures,),  # count: in which a score is defined
        "scores": (measures, *heads),
        "squares": (measures, *heads),
        "chances": (measures, *heads),
        "chance squares": (measures, *heads),
        "statistics": (len(STATISTICS), *heads),
        "queries": (),  # count
        "offsets": (len(OFFSETS), *heads),
        "offset chances": (len(OFFSETS), kind.layers),
        "classes": (len(CLASSES), *heads),
        "class chances": (len(CLASSES), kind.layers),
    }


def token_sizes(kind: Kind) -> dict[str, tuple[int, ...]]:
    """What is added up for every token of the vocabulary that occurs; its first axis is the token."""
    heads = (kind.layers, kind.heads)
    return {
        "keys": (),  # count: occurrences among the keys
        "received": heads,
        "received chances": heads[:1],
        "queries": (),  # count: occurrences among the queries whose link is defined in some layer
        "links": heads,
    }


@dataclass(frozen=True, eq=False)
class TokenTotals:
    """Sums by token; only those that occur are there."""

    ids: Tensor  # int64 (token,), rising
    totals: Mapping[str, Tensor]  # by name in `token_sizes`, int64 (token, ...)

    def merge(self, other: TokenTotals) -> TokenTotals:
        """The sums of both."""
        ids = torch.unique(torch.cat([self.ids, other.ids]))
        totals = {}
        for name, mine in self.totals.items():
            total = mine.new_zeros(len(ids), *mine.shape[1:])
            total[torch.searchsorted(ids, self.ids)] += mine
            total[torch.searchsorted(ids, other.ids)] += other.totals[name]
            totals[name] = total
        return TokenTotals(ids, totals)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenTotals) and torch.equal(self.ids, other.ids) and _equal(self.totals, other.totals)

    __hash__ = None  # type: ignore[assignment]  # tensors compare by content here


@dataclass(frozen=True)
class HeadStatistics:
    """What the heads of one model did over some shards of one text. Equal means equal to the last count."""

    weights_sha256: str  # of the model
    text_sha256: str
    anatomy: Anatomy
    shards: frozenset[int]  # that are in it
    texts: int  # that were read
    refused: int  # that the model cannot read: empty, too long
    totals: Mapping[str, Mapping[str, Tensor]] = field(hash=False)  # by kind and name in `sizes`, int64
    tokens: Mapping[str, TokenTotals] = field(hash=False)  # by kind
    examples: Mapping[str, Examples] = field(hash=False)  # by kind

    def merge(self, other: HeadStatistics) -> HeadStatistics:
        """Both together: associative and commutative. Raises ValueError for other weights, another text, and a shard that is in both."""
        if (self.weights_sha256, self.text_sha256) != (other.weights_sha256, other.text_sha256):
            raise ValueError("These statistics are of other weights or of another text: count each text with one model.")
        if self.shards & other.shards:
            raise ValueError(f"Shard {min(self.shards & other.shards)} is in both: it would be counted twice.")
        return HeadStatistics(
            self.weights_sha256, self.text_sha256, self.anatomy, self.shards | other.shards, self.texts + other.texts,
            self.refused + other.refused,
            {kind: {name: mine[name] + other.totals[kind][name] for name in mine} for kind, mine in self.totals.items()},
            {kind: mine.merge(other.tokens[kind]) for kind, mine in self.tokens.items()},
            {kind: mine.merge(other.examples[kind]) for kind, mine in self.examples.items()},
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HeadStatistics):
            return NotImplemented
        names = ("weights_sha256", "text_sha256", "anatomy", "shards", "texts", "refused", "tokens", "examples")
        return all(getattr(self, name) == getattr(other, name) for name in names) and (
            self.totals.keys() == other.totals.keys()
            and all(_equal(mine, other.totals[kind]) for kind, mine in self.totals.items())
        )

    @cached_property
    def measures(self) -> HeadMeasures:
        """Means and standard deviations over the texts, as `model.measuring.roles` has them of its sample; the null is the exact one."""
        found = HeadMeasures(self.texts, {}, {})
        for kind in self.anatomy.kinds:
            totals = self.totals[kind.name]
            names = STATISTICS if kind.is_self else STATISTICS[:-1]
            means = totals["statistics"].double() / UNIT / max(self.texts, 1)
            found.statistics[kind.name] = {name: means[at].float() for at, name in enumerate(names)}
            found.roles[kind.name] = {}
            for at, name in enumerate(measures_of(self.anatomy, kind.name)):
                if name in ROLE and (count := int(totals["texts"][at])):
                    score, deviation = self.spread(kind.name, at)
                    null, null_deviation = self.spread(kind.name, at, "chances", "chance squares")
                    found.roles[kind.name][name] = RoleMeasure(ROLE[name], score, null, deviation, null_deviation, count)
        return found

    def spread(self, kind: str, measure: int, sums: str = "scores", squares: str = "squares") -> tuple[Tensor, Tensor]:
        """Mean and standard deviation, (layer, head) each, of a score over the texts in which it is defined."""
        totals = self.totals[kind]
        count = max(int(totals["texts"][measure]), 1)
        mean = totals[sums][measure].double() / UNIT / count
        variance = totals[squares][measure].double() / UNIT**2 / count - mean**2
        return mean.float(), (variance.clamp(min=0) * count / max(count - 1, 1)).sqrt().float()


def nothing(weights_sha256: str, text_sha256: str, anatomy: Anatomy) -> HeadStatistics:
    """The statistics of no text: what others are merged into."""
    return HeadStatistics(
        weights_sha256, text_sha256, anatomy, frozenset(), 0, 0,
        {kind.name: {name: torch.zeros(shape, dtype=torch.int64) for name, shape in sizes(anatomy, kind).items()} for kind in anatomy.kinds},
        {kind.name: no_tokens(kind) for kind in anatomy.kinds},
        {kind.name: Examples.none(len(measures_of(anatomy, kind.name)), kind.layers, kind.heads) for kind in anatomy.kinds},
    )  # fmt: skip


def no_tokens(kind: Kind, ids: Tensor | None = None) -> TokenTotals:
    """Zeros for these tokens, or for none."""
    ids = torch.zeros(0, dtype=torch.int64) if ids is None else ids
    shapes = token_sizes(kind)
    return TokenTotals(ids, {name: torch.zeros(len(ids), *shape, dtype=torch.int64) for name, shape in shapes.items()})


def _equal(some: Mapping[str, Tensor], others: Mapping[str, Tensor]) -> bool:
    return some.keys() == others.keys() and all(torch.equal(each, others[name]) for name, each in some.items())
