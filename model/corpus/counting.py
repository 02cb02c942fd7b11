"""A shard of a text becomes its HeadStatistics: batch by batch, so that nothing of a pass is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from model.corpus.examples import EACH, FEWEST, RANK, Examples, ranks
from model.corpus.features import Measured, Meter
from model.corpus.reading import Batch, Line, read_lines
from model.corpus.statistics import UNIT, HeadStatistics, TokenTotals, no_tokens, nothing
from model.trace.anatomy import Kind


def count_lines(reader: Any, lines: Sequence[Line], identity: tuple[str, str], shard: int) -> HeadStatistics:
    """The statistics of one shard. identity: hashes of the weights and of the whole text."""
    counter = Counter(reader.anatomy)
    for batch in read_lines(reader, lines):
        counter.add(batch)
    return counter.statistics(identity, shard, len(lines))


class Counter:
    """Adds up what batches show. `statistics` is a value of its own."""

    def __init__(self, anatomy: Any) -> None:
        empty = nothing("", "", anatomy)
        self.anatomy, self.texts = anatomy, 0
        self.totals, self.examples = empty.totals, dict(empty.examples)
        self.tokens: dict[str, list[TokenTotals]] = {kind.name: [] for kind in anatomy.kinds}

    def add(self, batch: Batch) -> None:
        """One more batch."""
        self.texts += len(batch.readings)
        for kind in self.anatomy.kinds:
            if kind.name in batch.weights:
                meter = Meter(batch, kind.name)
                measured = meter.measure()
                self._add_totals(kind, measured)
                self.tokens[kind.name].append(_tokens(batch, kind, measured))
                held = self.examples[kind.name]
                self.examples[kind.name] = held.merge(_examples(batch, meter, measured, held.entries[:, -1, ..., RANK]))

    def statistics(self, identity: tuple[str, str], shard: int, lines: int) -> HeadStatistics:
        """What was added so far, as the statistics of a shard of so many lines."""
        tokens = {kind.name: _together(kind, self.tokens[kind.name]) for kind in self.anatomy.kinds}
        totals = {kind: {name: total.clone() for name, total in found.items()} for kind, found in self.totals.items()}
        return HeadStatistics(
            *identity, self.anatomy, frozenset({shard}), self.texts, lines - self.texts, totals, tokens, dict(self.examples)
        )

    def _add_totals(self, kind: Kind, measured: Measured) -> None:
        totals = self.totals[kind.name]
        scores, chances = whole(measured.scores), whole(measured.chances)
        layers = kind.layers
        for name, values in {
            "texts": (measured.rows > 0).all(2).long(),
            "scores": scores, "squares": scores * scores, "chances": chances, "chance squares": chances * chances,
            "statistics": whole(measured.statistics), "queries": measured.queries,
            "offsets": whole(measured.offsets), "offset chances": _each(whole(measured.offset_chances), layers),
            "classes": whole(measured.classes), "class chances": _each(whole(measured.class_chances), layers),
        }.items():  # fmt: skip
            totals[name].add_(values.sum(0).cpu())


def whole(values: Tensor) -> Tensor:
    """Numbers in units of UNIT, rounded: int64."""
    return (values * UNIT).round().long()


def _each(values: Tensor, layers: int) -> Tensor:
    """The last axis, of every layer or of one for all, as one of every layer."""
    return values.expand(*values.shape[:-1], layers)


def _tokens(batch: Batch, kind: Kind, measured: Measured) -> TokenTotals:
    """The sums of a batch by token: keys as they are read, queries of attention to another stack by what they produce."""
    asks, answers = batch.marks[kind.asks][0], batch.marks[kind.answers][0]
    keys = [reading.axes[kind.answers].read.ids for reading in batch.readings]
    axes = [reading.axes[kind.asks] for reading in batch.readings]
    queries = [(axis.read if kind.is_self else axis.labels).ids for axis in axes]
    real_keys, real_queries = (torch.arange(m.words.size(1), device=m.words.device) < m.lengths[:, None] for m in (answers, asks))
    key_ids, query_ids = (torch.tensor([id_ for row in rows for id_ in row], device=real_keys.device) for rows in (keys, queries))
    ids = torch.unique(torch.cat([key_ids, query_ids]))
    found, at_keys, at_queries = no_tokens(kind), torch.searchsorted(ids, key_ids), torch.searchsorted(ids, query_ids)
    chances = _each(whole(measured.received_chances).movedim(1, -1), kind.layers)
    links = measured.links.movedim(-1, 1)  # (text, query, layer, head)
    has_link = measured.link_rows.any(1)[real_queries]
    totals = {
        name: torch.zeros(len(ids), *total.shape[1:], dtype=torch.int64, device=ids.device)
        for name, total in found.totals.items()
    }
    totals["keys"].index_add_(0, at_keys, torch.ones_like(at_keys))
    totals["received"].index_add_(0, at_keys, whole(measured.received).movedim(-1, 1)[real_keys])
    totals["received chances"].index_add_(0, at_keys, chances[real_keys])
    totals["queries"].index_add_(0, at_queries, has_link.long())
    totals["links"].index_add_(0, at_queries, whole(links)[real_queries])
    return TokenTotals(ids.cpu(), {name: total.cpu() for name, total in totals.items()})


def _together(kind: Kind, parts: list[TokenTotals]) -> TokenTotals:
    """The sums of several batches, added into one table."""
    ids = torch.unique(torch.cat([torch.zeros(0, dtype=torch.int64), *(part.ids for part in parts)]))
    whole_ = no_tokens(kind, ids)
    for part in parts:
        at = torch.searchsorted(ids, part.ids)
        for name, total in whole_.totals.items():
            total.index_add_(0, at, part.totals[name])
    return whole_


def _examples(batch: Batch, meter: Meter, measured: Measured, held: Tensor) -> Examples:
    """The best texts of a batch, each with the link that shows it. held: (way, measure, layer, head), ranks that must be beaten."""
    scores, device = whole(measured.scores), measured.scores.device
    rows = torch.tensor([reading.row for reading in batch.readings], device=device)
    enough = (measured.rows.amin(2) >= FEWEST)[..., None, None]
    rank = ranks(scores, rows, enough.expand_as(scores), UNIT)  # (way, text, measure, layer, head)
    places = (rank.amax(1) > held.to(device)).nonzero()  # (place, 4): way, measure, layer, head
    way, measure, layer, head = places.T
    best = rank[way, :, measure, layer, head].topk(min(EACH, len(rows)), dim=1)  # (place, nth)
    better = best.values > held.to(device)[way, measure, layer, head][:, None]
    place, nth = better.nonzero().T
    entries = Examples.none(*rank.shape[2:]).entries
    if len(place):
        way, measure, layer, head = places[place].T
        text = best.indices[place, nth]
        query, key, weight = meter.link(way, text, measure, layer, head)
        values = [best.values[place, nth], rows[text], scores[text, measure, layer, head], query, key, whole(weight)]
        entries[tuple(index.cpu() for index in (way, nth, measure, layer, head))] = torch.stack(values, 1).cpu()
    return Examples(entries)
