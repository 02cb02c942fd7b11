"""Named entities: runs of words that tags mark, and how many of them a tagger finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

OUTSIDE = "O"  # the tag of a word that is part of no entity


class Entity(NamedTuple):
    """Words first, ..., last - 1 of a text, and what they name."""

    first: int
    last: int
    kind: str


class Score(NamedTuple):
    """Shares from 0 to 1."""

    precision: float  # of the entities found, those that are right
    recall: float  # of the right ones, those that are found
    f1: float  # their harmonic mean


def entities(tags: Sequence[str]) -> set[Entity]:
    """The entities that BIO tags mark: B-x begins one, I-x goes on with it.

    I-x behind anything but an entity of x begins one, too (the rule of the CoNLL evaluation: Tjong Kim Sang and De Meulder 2003).
    """
    found: set[Entity] = set()
    first, kind = 0, ""
    for at, tag in enumerate([*tags, OUTSIDE]):
        mark, _, name = tag.partition("-")
        if kind and (mark != "I" or name != kind):
            found.add(Entity(first, at, kind))
            kind = ""
        if not kind and mark in ("B", "I"):
            first, kind = at, name
    return found


def entity_score(right: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> Score:
    """Tags of texts as they should be and as a tagger sets them; an entity counts where its words and its kind are exactly right."""
    pairs = [(entities(one), entities(other)) for one, other in zip(right, found, strict=True)]
    hits, wanted, said = (
        sum(map(len, sets)) for sets in ([a & b for a, b in pairs], [a for a, _ in pairs], [b for _, b in pairs])
    )
    precision, recall = hits / said if said else 0.0, hits / wanted if wanted else 0.0
    return Score(precision, recall, 2 * hits / (wanted + said) if wanted + said else 0.0)
