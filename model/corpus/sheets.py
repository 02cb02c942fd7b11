"""A sheet for every head: what it does over a whole text, small enough to lie beside a checkpoint.

`sheets.json` is bound to the weights by their hash. It holds the roles with their null, where attention goes by distance and by class of token,
the tokens that get and give it, and of the one measure that says most about a head the texts in which it is largest, least, and a fair sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.analysis.role_keys import LINK
from model.analysis.roles import HeadMeasures
from model.corpus.examples import KEY, QUERY, RANK, ROW, SCORE, WAYS, WEIGHT
from model.corpus.features import CLASSES, OFFSETS, measures_of
from model.corpus.reading import Line
from model.corpus.statistics import UNIT, HeadStatistics
from model.instrument.beside import explained, read_measured
from model.measuring.roles import as_json, as_text, from_json
from model.trace.anatomy import Anatomy

FILE = "sheets.json"
TOKENS = 12  # of each list of a head
FEWEST_TIMES = 20  # occurrences of a token that is listed
DIGITS = 4
Head = tuple[str, int, int]  # kind, layer, head


@dataclass(frozen=True)
class TokenShare:
    """A token that a head attends to, or from."""

    piece: str  # as the vocabulary writes it
    times: int  # it occurs
    score: float  # a key: share of all the head's attention that it gets; a query: mean of its largest weight on another word
    chance: float  # a key: its share if the weights of every row were equal; a query: the same mean over all queries


@dataclass(frozen=True)
class Example:
    """A text in which a head does something, and the link that shows it."""

    source: str
    target: str | None  # None: the model's own translation, or a model of one text
    query: int
    key: int
    weight: float  # of that link
    score: float  # of the measure in this text


@dataclass(frozen=True)
class Sheet:
    """What one head does over the whole text."""

    head: Head
    measure: str  # by which its examples are ranked: the role that it has, else LINK or "alignment"
    offsets: tuple[
        tuple[str, float, float], ...
    ]  # (distance, share of its attention, the same if all weights of a row were equal)
    classes: tuple[tuple[str, float, float], ...]  # likewise by the class of the key
    keys: tuple[TokenShare, ...]
    queries: tuple[TokenShare, ...]
    examples: Mapping[str, tuple[Example, ...]]  # by way, in WAYS


@dataclass(frozen=True, eq=False)
class Sheets:
    """The sheets of all heads of a model."""

    content: Mapping[str, Any]
    anatomy: Anatomy

    @property
    def texts(self) -> int:
        """Lines that were read."""
        return int(self.content["sentences"])

    @property
    def about(self) -> str:
        """Which text it was, in words."""
        return str(self.content["about"])

    @cached_property
    def measures(self) -> HeadMeasures:
        """Roles and statistics of all heads, as of any sample."""
        return from_json(self.content, self.anatomy, {kind.name: (kind.layers, kind.heads) for kind in self.anatomy.kinds})

    def of(self, kind: str, layer: int, head: int) -> Sheet:
        """The sheet of one head."""
        row, lines = self.content["heads"][kind][layer][head], self.content["lines"]
        chances = self.content["chances"][kind]
        examples = {way: tuple(_example(lines[str(at)], link) for at, *link in row["examples"][way]) for way in WAYS}
        return Sheet(
            (kind, layer, head), str(row["measure"]),
            tuple(zip(OFFSETS, row["offsets"], chances["offsets"][layer], strict=True)),
            tuple(zip(CLASSES, row["classes"], chances["classes"][layer], strict=True)),
            tuple(TokenShare(*token) for token in row["keys"]), tuple(TokenShare(*token) for token in row["queries"]), examples,
        )  # fmt: skip


def load_sheets(folder: Path, weights_sha256: str, anatomy: Anatomy) -> Sheets | None:
    """The sheets beside a checkpoint; None where there are none, or those of other weights.

    Raises CheckpointError that names a damaged file: every sheet is looked at.
    """
    content = read_measured(folder, FILE, weights_sha256)
    if content is None:
        return None
    with explained(folder / FILE):
        sheets = Sheets(content, anatomy)
        for kind in anatomy.kinds:
            for layer in range(kind.layers):
                for head in range(kind.heads):
                    sheets.of(kind.name, layer, head)
        return sheets if sheets.measures.sentences == sheets.texts else None


def _example(line: list[Any], link: list[Any]) -> Example:
    source, target = line
    query, key, weight, score = link
    return Example(source, target, query, key, weight, score)


# -- from statistics ----------------------------------------------------------------------------------------------------


def make_sheets(
    statistics: HeadStatistics, about: str, piece: Callable[[int], str], find: Callable[[Iterable[int]], Mapping[int, Line]]
) -> dict[str, Any]:
    """The content of sheets.json. piece: of an id of the vocabulary; find: lines of the text by their rows."""
    heads = {
        kind.name: [
            [_head(statistics, (kind.name, layer, head), piece) for head in range(kind.heads)] for layer in range(kind.layers)
        ]
        for kind in statistics.anatomy.kinds
    }
    rows = {
        at for found in heads.values() for layer in found for head in layer for way in head["examples"].values() for at, *_ in way
    }
    return {
        "weights_sha256": statistics.weights_sha256, "text_sha256": statistics.text_sha256, "about": about, "refused": statistics.refused,
        **as_json(statistics.measures),
        "chances": {kind.name: _chances(statistics, kind.name) for kind in statistics.anatomy.kinds},
        "heads": heads,
        "lines": {str(row): [line.source, line.target] for row, line in sorted(find(rows).items())},
    }  # fmt: skip


def save_sheets(path: Path, content: Mapping[str, Any]) -> None:
    """Write the file."""
    path.write_text(as_text(content), encoding="utf-8")


def main_measure(measures: HeadMeasures, anatomy: Anatomy, head: Head) -> str:
    """What says most about a head: the role that it has, else how strongly it links words."""
    role = measures.main(*head)
    names = measures_of(anatomy, head[0])
    return role.name if role else LINK if LINK in names else "alignment"


def _head(statistics: HeadStatistics, place: Head, piece: Callable[[int], str]) -> dict[str, Any]:
    kind, layer, head = place
    totals = statistics.totals[kind]
    measure = main_measure(statistics.measures, statistics.anatomy, place)
    entries = statistics.examples[kind].entries[:, :, measures_of(statistics.anatomy, kind).index(measure), layer, head]
    queries = max(int(totals["queries"]), 1) * UNIT
    return {
        "measure": measure,
        "offsets": _digits(totals["offsets"][:, layer, head] / queries),
        "classes": _digits(totals["classes"][:, layer, head] / queries),
        "keys": _keys(statistics, place, piece),
        "queries": _queries(statistics, place, piece),
        "examples": {
            way: [
                [int(each[ROW]), int(each[QUERY]), int(each[KEY]), *_digits(each[[WEIGHT, SCORE]] / UNIT)]
                for each in entries[at] if int(each[RANK]) >= 0
            ]
            for at, way in enumerate(WAYS)
        },
    }  # fmt: skip


def _keys(statistics: HeadStatistics, place: Head, piece: Callable[[int], str]) -> list[list[Any]]:
    """The tokens that set a head's attention apart from an even one: by share times ln(share / even share), the most of them."""
    kind, layer, head = place
    tokens = statistics.tokens[kind]
    times = tokens.totals["keys"]
    queries = max(int(statistics.totals[kind]["queries"]), 1) * UNIT
    share = tokens.totals["received"][:, layer, head].double() / queries
    even = tokens.totals["received chances"][:, layer].double() / queries
    excess = torch.where((times >= FEWEST_TIMES) & (share > even), share * (share / even.clamp(min=1e-12)).log(), 0.0)
    return _listed(tokens.ids, excess, times, share, even, piece)


def _queries(statistics: HeadStatistics, place: Head, piece: Callable[[int], str]) -> list[list[Any]]:
    """The tokens from which a head links most strongly to other words: by (mean - mean of all) times the root of their number."""
    kind, layer, head = place
    tokens = statistics.tokens[kind]
    times, links = tokens.totals["queries"], tokens.totals["links"][:, layer, head].double() / UNIT
    mean, all_ = links / times.clamp(min=1), links.sum() / max(int(times.sum()), 1)
    excess = torch.where(times >= FEWEST_TIMES, (mean - all_) * times.sqrt(), 0.0)
    return _listed(tokens.ids, excess, times, mean, all_.expand_as(mean), piece)


def _listed(
    ids: Tensor, by: Tensor, times: Tensor, score: Tensor, chance: Tensor, piece: Callable[[int], str]
) -> list[list[Any]]:
    best = by.topk(min(TOKENS, len(by)))
    return [
        [piece(int(ids[at])), int(times[at]), *_digits(torch.stack([score[at], chance[at]]))]
        for value, at in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        if value > 0
    ]


def _chances(statistics: HeadStatistics, kind: str) -> dict[str, list[list[float]]]:
    """By layer, where attention would go if all weights of a row were equal."""
    totals = statistics.totals[kind]
    queries = max(int(totals["queries"]), 1) * UNIT
    parts = {"offsets": "offset chances", "classes": "class chances"}
    return {name: [_digits(row) for row in (totals[part] / queries).T] for name, part in parts.items()}


def _digits(values: Tensor) -> list[float]:
    return [round(value, DIGITS) for value in values.double().tolist()]
