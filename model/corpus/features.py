"""What is measured of the heads of one kind in a batch, text by text: roles with their null, distances, classes of tokens.

Roles are those of `model.analysis.roles`, by the same patterns (`model.analysis.role_keys`), with their exact null. What is a sum of weights
over the keys of a pattern, averaged over queries, is one product of matrices for all patterns and heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from model.analysis.attention import entropy
from model.analysis.role_keys import LINK, pattern
from model.analysis.roles import ROLE, ROLES, largest_by_chance
from model.corpus.examples import WAYS
from model.corpus.reading import Batch
from model.trace.anatomy import Anatomy

FARTHEST = 10  # positions: distances beyond share the first and the last bin
OFFSETS = (
    f"≤ −{FARTHEST}",
    *(f"{at:+d}".replace("-", "−") if at else "0" for at in range(1 - FARTHEST, FARTHEST)),
    f"≥ +{FARTHEST}",
)
MOST_AT_ONCE = 1 << 22  # weights that are looked through at once for the links of examples
CLASSES = ("start", "end", "punctuation", "number", "capital", "word", "inside a word")  # of a key; the first that fits
STATISTICS = ("entropy", "share", "distance")  # `model.analysis.roles.head_statistics`


def measures_of(anatomy: Anatomy, kind: str) -> tuple[str, ...]:
    """What each text has a score of in a kind of attention, 0 to 1: the roles, and where there is no alignment, the link."""
    roles = tuple(role.name for role in ROLES if kind in role.kinds(anatomy))
    return roles if "alignment" in roles else (*roles, LINK)


@dataclass(frozen=True, eq=False)
class Measured:
    """What the heads of one kind do in each text of a batch."""

    scores: Tensor  # (text, measure, layer, head), 0 to 1; 0 where it is not defined
    chances: Tensor  # the same with each row's weights put on its keys in random order: the mean over all orders
    rows: Tensor  # int (text, measure, layer or 1): the queries that a score is a mean over; 0 where it is not defined
    statistics: Tensor  # (text, statistic, layer, head): STATISTICS
    offsets: Tensor  # (text, bin, layer, head): sum of weights over all queries, by the distance of key and query
    offset_chances: Tensor  # (text, bin, layer or 1): the same if all weights of a row were equal
    classes: Tensor  # (text, class, layer, head): likewise by the class of the key
    class_chances: Tensor  # (text, class, layer or 1)
    received: Tensor  # (text, layer, head, key): sum of the weights that a key gets from all queries
    received_chances: Tensor  # (text, layer or 1, key)
    links: Tensor  # (text, layer, head, query): the largest weight on a key of the link's pattern; 0 for queries without
    link_rows: Tensor  # bool (text, layer or 1, query): the queries with such a key
    queries: Tensor  # int (text,): how many there are


class Meter:
    """The patterns of one kind in a batch, and what its weights say to them."""

    def __init__(self, batch: Batch, kind: str) -> None:
        shape = batch.anatomy.kind(kind)
        self.is_self, self.names = shape.is_self, measures_of(batch.anatomy, kind)
        self.queries, self.labels = batch.marks[shape.asks]
        self.keys = batch.marks[shape.answers][0]
        self.mask = batch.masks[kind]  # bool (text, layer or 1, query, key)
        self.weights = batch.weights[kind]  # (text, layer, head, query, key)
        self.count = self.mask.sum(-1)  # (text, layer or 1, query)
        self.classes = token_classes(batch, shape.answers)

    @cached_property
    def patterns(self) -> Tensor:
        """bool (text, measure, layer or 1, query, key): what counts for a score, of queries that have a choice."""
        wanted = torch.stack([pattern(name, self.is_self, self.queries, self.keys, self.labels) for name in self.names], 1)
        return wanted[:, :, None] & (self.mask & (self.count > 1)[..., None])[:, None]

    @cached_property
    def rows(self) -> Tensor:
        """bool (text, measure, layer or 1, query): the queries that a score is a mean over."""
        rows = self.patterns.any(-1)
        return rows & rows.any(-1).all(-1)[..., None, None]  # a layer in which no query defines it: not defined in that text

    def link(self, way: Tensor, text: Tensor, measure: Tensor, layer: Tensor, head: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of each entry, the link that shows it: query, key and weight. In the text where a head does something least, where it looks instead.

        The largest weight on what counts for the measure; for the way "least", on anything, of the same queries.
        """
        size = self.mask.size(-1) * self.mask.size(-2)
        found = []
        for some in torch.arange(len(text), device=text.device).split(max(1, MOST_AT_ONCE // size)):
            at, which, where = text[some], measure[some], layer[some].clamp(max=self.mask.size(1) - 1)
            rows = self.rows[at, which, where][..., None]  # (entry, query, 1)
            least = (way[some] == WAYS.index("least"))[:, None, None]
            counts = torch.where(least, self.mask[at, where], self.patterns[at, which, where]) & rows
            weights = self.weights[at, layer[some], head[some]].masked_fill(~counts, -1.0)  # (entry, query, key)
            found.append(weights.flatten(1).max(1))
        best, place = (torch.cat([each[part] for each in found]) for part in (0, 1))
        keys = self.mask.size(-1)
        return place // keys, place % keys, best

    def measure(self) -> Measured:
        """All of it."""
        rows, largest = self.rows, self.names.index("alignment" if "alignment" in self.names else LINK)
        mean = rows / rows.sum(-1, keepdim=True).clamp(min=1)  # (text, measure, layer or 1, query)
        wanted = self.patterns & rows[..., None]
        bins, kinds = self._bins(), torch.nn.functional.one_hot(self.classes, len(CLASSES)).movedim(-1, 1).bool()
        spread = self.mask / self.count.clamp(min=1)[..., None]  # (text, layer or 1, query, key): equal weights
        choice = self.count > 1  # (text, layer or 1, query)
        over_choice = choice / choice.sum(-1, keepdim=True).clamp(min=1)
        by_bin = (bins[:, :, None] & self.mask[:, None]).to(mean.dtype)
        everything = torch.cat([wanted * mean[..., None], by_bin, self._distance(over_choice)], 1)
        sums = self._product(self.weights, everything)  # (text, feature, layer, head)
        chances = (spread[:, None] * everything).sum((-2, -1))  # (text, feature, layer or 1)
        nats = entropy(self.weights)  # (text, layer, head, query)
        share = nats / self.count.clamp(min=2).log()[:, :, None]
        statistics = torch.stack([*((values * over_choice[:, :, None]).sum(-1) for values in (nats, share)), sums[:, -1]], 1)
        received, received_chances = self.weights.sum(3), spread.sum(2)  # (text, layer, head, key), (text, layer or 1, key)
        links = (self.weights * wanted[:, largest, :, None]).amax(-1)  # (text, layer, head, query)
        count, each = len(self.names), mean[:, largest, :, None]
        scores, of_measures = sums[:, :count], chances[:, :count, :, None].expand_as(sums[:, :count]).contiguous()
        scores[:, largest] = (links * each).sum(-1)
        if self.names[largest] in ROLE:
            by_chance = largest_by_chance(self.weights, wanted[:, largest, :, None], self.mask[:, :, None])
            of_measures[:, largest] = (by_chance * each).sum(-1)
        else:
            of_measures[:, largest] = 0.0  # a link is no role: it has no null
        return Measured(
            scores, of_measures, rows.sum(-1), statistics, sums[:, count:-1], chances[:, count:-1],
            torch.einsum("tlhk,tck->tclh", received, kinds.to(received.dtype)),
            torch.einsum("tlk,tck->tcl", received_chances, kinds.to(received.dtype)),
            received, received_chances, links, rows[:, largest], (self.count > 0).any(1).sum(-1),
        )  # fmt: skip

    def _product(self, weights: Tensor, features: Tensor) -> Tensor:
        """Sums over query and key of weights (text, layer, head, query, key) times features (text, feature, layer or 1, query, key)."""
        texts, count, layers = features.shape[:3]
        heads = weights.reshape(texts, layers, -1, weights.size(-2) * weights.size(-1))
        found = heads @ features.movedim(1, 2).flatten(3).transpose(2, 3)  # (text, layer or 1, head, feature)
        return found.view(texts, weights.size(1), weights.size(2), count).movedim(-1, 1)

    def _bins(self) -> Tensor:
        """bool (text, bin, query, key): how far a key is behind its query; across, behind the diagonal."""
        q, k = (torch.arange(end, device=self.mask.device) for end in self.mask.shape[-2:])
        at = q[None, :, None].expand(len(self.mask), -1, 1)
        if not self.is_self:
            at = (at * self.keys.lengths[:, None, None] / self.queries.lengths[:, None, None]).round().long()
        bins = (k - at).clamp(-FARTHEST, FARTHEST) + FARTHEST
        return bins[:, None] == torch.arange(len(OFFSETS), device=bins.device)[:, None, None]

    def _distance(self, mean: Tensor) -> Tensor:
        """(text, 1, layer or 1, query, key): positions between query and key, times the share of each query; 0 across."""
        q, k = (torch.arange(end, device=self.mask.device) for end in self.mask.shape[-2:])
        far = (k - q[:, None]).abs().to(mean.dtype) * self.is_self
        return (mean[..., None] * far)[:, None]


def token_classes(batch: Batch, stack: str) -> Tensor:
    """The class of every token that a stack reads, index into CLASSES, (text, position); what pads is of any."""
    marks = batch.marks[stack][0]
    classes = torch.full_like(marks.words, CLASSES.index("word"))
    characters = [reading.axes[stack].read.characters for reading in batch.readings]
    longest = marks.words.size(1)
    digits, capitals = (
        torch.tensor([[*map(test, row), *[False] * (longest - len(row))] for row in characters], device=classes.device)
        for test in (lambda text: text[:1].isdecimal(), lambda text: text[:1].isupper())
    )
    same_word = torch.zeros_like(marks.special)
    same_word[:, 1:] = (marks.words[:, 1:] == marks.words[:, :-1]) & ~marks.special[:, 1:]
    for name, where in (
        ("inside a word", same_word), ("capital", capitals), ("number", digits), ("punctuation", marks.punctuation),
        ("start", marks.special), ("end", marks.ending),
    ):  # fmt: skip
        classes[where] = CLASSES.index(name)  # later ones go first
    return classes
