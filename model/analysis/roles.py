"""What heads do: how much of each head's attention follows a simple pattern, and attention without its sinks.

Clark et al. 2019 (What Does BERT Look At?) find heads that look at the previous or next token, at [SEP] and at
punctuation; Raganato and Tiedemann 2018 find the same kinds in translation encoders; Voita et al. 2019 (Analyzing
Multi-Head Self-Attention) name positional heads and measure how sure a head is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from model.analysis.attention import entropy, mean_distance
from model.analysis.role_keys import marks_of, pattern, sink_tokens
from model.trace.anatomy import Anatomy, Kind
from model.trace.trace import AttentionMap, AttentionMaps

Score = Callable[[Tensor, Tensor, Tensor], Tensor]  # weights, wanted, allowed (layer, head, query, key) -> (layer, head, query)
Where = Literal[
    "any",  # in every kind of attention
    "self",  # where tokens attend to their own sequence
    "sees all",  # in self-attention whose rows need not predict what comes next
    "read whole",  # where the columns are a text that was there before: it has an end
    "between",  # from one sequence to another
]
SURE = 3  # standard errors above shuffled attention


@dataclass(frozen=True)
class Role:
    """A pattern that a head may follow. Its score is a mean over queries, 0 to 1. Thresholds are set by hand."""

    name: str
    title: str
    formula: str  # what is averaged over which queries q; w = weight, k = key
    threshold: float  # a head has the role when its score is above this (and above shuffled attention)
    where: Where  # in which kinds of attention it is defined
    source: str = ""  # paper

    def kinds(self, anatomy: Anatomy) -> tuple[str, ...]:
        """The kinds of attention of a model in which it is defined."""
        return tuple(kind.name for kind in anatomy.kinds if _is_where(self.where, kind, anatomy))


CLARK, VOITA, RAGANATO = "Clark et al. 2019", "Voita et al. 2019", "Raganato and Tiedemann 2018"
ROLES = (
    Role("previous", "previous", "w[q, q − 1], over q > 1", 0.3, "self", f"{RAGANATO}; {VOITA}"),
    Role("next", "next", "w[q, q + 1], over all q but the last", 0.25, "sees all", f"{RAGANATO}; {VOITA}"),
    Role("self", "itself", "w[q, q], over all q", 0.35, "self", RAGANATO),
    Role("first", "first", "w[q, 1]: <s> in the decoder, the first English piece elsewhere", 0.3, "any", CLARK),
    Role("end", "end", "w[q, </s>]", 0.25, "read whole", f"{CLARK}; {RAGANATO}"),
    Role("punctuation", "punctuation", "sum of w[q, k] over the k that are punctuation", 0.25, "any", CLARK),
    Role("word", "same word", "sum of w[q, k] over the other pieces k of q's word, where it has several", 0.35, "self"),
    Role("diagonal", "diagonal", "sum of w[q, k] over |k − q S / T| ≤ 1; T queries, S keys, q and k from 0", 0.5, "between"),
    Role("alignment", "alignment", "largest w[q, k] over content pieces k, over the q that produce one", 0.6, "between",
         f"{VOITA} (confidence)"),
)  # fmt: skip


def _is_where(where: Where, kind: Kind, anatomy: Anatomy) -> bool:
    """Whether a kind of attention is of a sort."""
    if where == "self":
        return kind.is_self
    if where == "between":
        return not kind.is_self
    if where == "sees all":
        return kind.is_self and not kind.masked and anatomy.stack(kind.asks).predicts != "next"
    return where == "any" or anatomy.stack(kind.answers).predicts != "next"


ROLE = {role.name: role for role in ROLES}


@dataclass(frozen=True, eq=False)
class RoleMeasure:
    """One role in one kind of attention: of one sentence, or the mean over sentences."""

    role: Role
    score: Tensor  # (layer, head), 0 to 1
    null: Tensor  # (layer, head): the same score with each row's weights shuffled among its keys
    deviation: Tensor  # (layer, head): standard deviation of the score over sentences; 0 for one sentence
    null_deviation: Tensor  # (layer, head)
    sentences: int  # in which the role is defined

    @cached_property
    def has(self) -> Tensor:
        """bool (layer, head): score > threshold, and score - null > SURE sqrt((deviation^2 + null_deviation^2) / sentences)."""
        error = ((self.deviation**2 + self.null_deviation**2) / self.sentences).sqrt()
        return (self.score > self.role.threshold) & (self.score - self.null > SURE * error + 1e-4)  # 1e-4: a stored digit


@dataclass(frozen=True, eq=False)
class HeadMeasures:
    """What the heads of a model do."""

    sentences: int
    statistics: dict[str, dict[str, Tensor]]  # kind -> `head_statistics` -> (layer, head)
    roles: dict[str, dict[str, RoleMeasure]]  # kind -> role name; a role that no query defines is not there
    off: frozenset[tuple[str, int, int]] = frozenset()  # heads that were switched off: they hand nothing on and have no role

    def values(self, kind: str, name: str) -> Tensor | None:
        """(layer, head) of a statistic or of the scores of a role, by its name; None where a kind of attention does not have it."""
        if name in ROLE:
            role = self.roles[kind].get(name)
            return None if role is None else role.score
        return self.statistics[kind].get(name)

    def having(self, role: str) -> set[tuple[str, int, int]]:
        """The heads, (kind, layer, head), that have a role."""
        found = {kind: roles[role].has.nonzero().tolist() for kind, roles in self.roles.items() if role in roles}
        return {(kind, layer, head) for kind, places in found.items() for layer, head in places} - self.off

    def main(self, kind: str, layer: int, head: int) -> Role | None:
        """The role that a head has by the widest margin over shuffled attention; None where it has none."""
        if (kind, layer, head) in self.off:
            return None
        margins = {
            name: float(got.score[layer, head] - got.null[layer, head])
            for name, got in self.roles[kind].items()
            if bool(got.has[layer, head])
        }
        return ROLE[max(margins, key=margins.__getitem__)] if margins else None


def measure(maps: AttentionMaps) -> HeadMeasures:
    """One sentence. The null is exact: the mean of the score over all orders of each row's weights (`role_chances`)."""
    scores, nulls = role_scores(maps), role_chances(maps)
    zero = torch.zeros(())
    roles = {
        kind: {
            name: RoleMeasure(ROLE[name], score.cpu(), nulls[kind][name].cpu(), zero, zero, 1) for name, score in found.items()
        }
        for kind, found in scores.items()
    }
    statistics = {kind: {name: value.cpu() for name, value in found.items()} for kind, found in head_statistics(maps).items()}
    return HeadMeasures(1, statistics, roles, maps.intervention.heads_off)


def head_statistics(maps: AttentionMaps) -> dict[str, dict[str, Tensor]]:
    """Of every head, the mean over the queries that have several keys to choose from, (layer, head) each.

    "entropy": -sum_k w_k ln w_k, nats. "share": entropy as a share of ln(keys that the query may attend to), 0 to 1.
    "distance", self-attention only: sum_k w_k |query - k|, positions. 0 where no query has a choice.
    """
    found = {}
    for kind, map_ in maps.attention.items():
        weights, allowed = map_.weights, map_.mask.expand_as(map_.weights[:, :1])
        count = allowed.sum(-1)  # (layer, 1, query)
        choice, nats = count > 1, entropy(weights)
        found[kind] = {
            "entropy": _mean(nats, choice),
            "share": _mean(nats / count.clamp(min=2).log(), choice),
        }
        if maps.anatomy.kind(kind).is_self:
            found[kind]["distance"] = _mean(mean_distance(weights), choice)
    return found


def role_scores(maps: AttentionMaps) -> dict[str, dict[str, Tensor]]:
    """Every defined role's score, kind -> role name -> (layer, head), each 0 to 1: the mean over queries of `Role.formula`.

    Queries with a single key have no choice and are left out, as are those that may not attend to any key of the role and,
    for "first", "end" and "punctuation", those that are such a token. In the decoder a query is the piece that it reads;
    only "alignment" goes by the piece that it produces. A role without any query in this sentence is left out.
    """

    def mass(weights: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
        return (weights * wanted).sum(-1)

    def largest(weights: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
        return (weights * wanted).amax(-1)

    return _each_role(maps, mass, largest)


def role_chances(maps: AttentionMaps) -> dict[str, dict[str, Tensor]]:
    """What `role_scores` would be on average if each row's weights were put on its keys in random order: the exact null."""

    def mass(weights: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
        return weights.sum(-1) * wanted.sum(-1) / allowed.sum(-1).clamp(min=1)

    return _each_role(maps, mass, largest_by_chance)


def shuffled(maps: AttentionMaps, generator: torch.Generator) -> AttentionMaps:
    """The same maps with each row's weights in a random order among the keys that it may attend to. `generator`: of the CPU."""
    attention = {}
    for kind, map_ in maps.attention.items():
        allowed = map_.mask.expand_as(map_.weights)
        random = torch.rand(map_.weights.shape, generator=generator).to(map_.weights.device)  # 0 to 1
        taken = random.masked_fill(~allowed, 2.0).argsort(dim=-1)  # allowed keys first, in random order
        put = (~allowed).byte().argsort(dim=-1, stable=True)  # allowed keys first, as they stand
        weights = torch.zeros_like(map_.weights).scatter(-1, put, map_.weights.gather(-1, taken))
        attention[kind] = AttentionMap(weights, map_.mask)
    return AttentionMaps(maps.axes, maps.intervention, maps.anatomy, attention)


def without_sinks(maps: AttentionMaps, renormalise: bool, first: bool = False) -> tuple[AttentionMaps, dict[str, Tensor]]:
    """Attention without what goes to special tokens and punctuation, where heads park what they do not need.

    first: hide nothing but the first token, where a model that writes on has its sink (Xiao et al. 2024, "Efficient Streaming Language
    Models with Attention Sinks"). The weights on those keys become 0; renormalise: the others are divided by their sum, and a row that has nothing left stays
    0. Returns the maps and, by kind, the hidden mass of every row, (layer, head, query), 0 to 1: hidden + kept = the row's sum.
    """
    attention, hidden = {}, {}
    for kind, map_ in maps.attention.items():
        tokens = maps.columns(kind)
        sinks = torch.tensor([at == 0 for at in range(len(tokens))] if first else sink_tokens(tokens), device=map_.weights.device)
        kept = map_.weights.masked_fill(sinks, 0.0)
        hidden[kind] = map_.weights[..., sinks].sum(-1)
        if renormalise:
            left = kept.sum(-1, keepdim=True)
            kept = torch.where(left > 0, kept / left.clamp(min=torch.finfo(kept.dtype).tiny), kept).clamp(max=1.0)
        attention[kind] = replace(map_, weights=kept) if type(map_) is AttentionMap else AttentionMap(kept, map_.mask)
    return AttentionMaps(maps.axes, maps.intervention, maps.anatomy, attention), hidden


def role_keys(maps: AttentionMaps, kind: str, role: str) -> Tensor:
    """bool (query, key): the keys that a query gives its attention to if it does what the role says."""
    rows, device = maps.rows(kind), maps.attention_of(kind).weights.device
    queries, keys, labels = (marks_of([tokens], device) for tokens in (rows.read, maps.columns(kind), rows.labels))
    return pattern(role, maps.anatomy.kind(kind).is_self, queries, keys, labels)[0]


def _each_role(maps: AttentionMaps, mass: Score, largest: Score) -> dict[str, dict[str, Tensor]]:
    """Apply mass or, for "alignment", largest (weights, wanted, allowed) -> (layer, head, query), averaged over its queries."""
    found: dict[str, dict[str, Tensor]] = {kind: {} for kind in maps.attention}
    for kind, map_ in maps.attention.items():
        weights = map_.weights
        allowed = map_.mask.expand_as(weights[:, :1])  # (layer, 1, query, key)
        choice = allowed.sum(-1) > 1
        for role in ROLES:
            if kind not in role.kinds(maps.anatomy):
                continue
            wanted = role_keys(maps, kind, role.name) & allowed
            rows = wanted.any(-1) & choice  # (layer, 1, query)
            if bool(rows.any(-1).all()):
                score = largest if role.name == "alignment" else mass
                found[kind][role.name] = _mean(score(weights, wanted, allowed), rows)
    return found


def largest_by_chance(weights: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
    """E[largest weight on a wanted key] over all orders of a row: sum_i w_(i) P(i-th largest is wanted and no larger one is)."""
    n, c = allowed.sum(-1, keepdim=True), wanted.sum(-1, keepdim=True)  # keys, wanted keys: (layer, 1, query, 1)
    seen = torch.arange(weights.size(-1), device=weights.device)  # larger weights before this one
    left = (n - seen).clamp(min=1).to(weights.dtype)
    unwanted = ((n - c - seen) / left).clamp(min=0.0)
    none_before = torch.cat([torch.ones_like(unwanted[..., :1]), unwanted.cumprod(-1)[..., :-1]], dim=-1)
    return (weights.sort(dim=-1, descending=True).values * none_before * (c / left).clamp(max=1.0)).sum(-1)


def _mean(values: Tensor, rows: Tensor) -> Tensor:
    """Mean of (layer, head, query) over the queries in `rows`, bool (layer, 1, query); 0 without any: (layer, head)."""
    return (values * rows).sum(-1) / rows.sum(-1).clamp(min=1)
