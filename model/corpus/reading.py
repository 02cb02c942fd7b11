"""Lines of text through a model: batches of attention weights with what roles go by, and nothing else of the pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeGuard

import torch
from torch import Tensor

from model.analysis.role_keys import Marks, marks_of
from model.instrument.batched import attention_weights, padded
from model.instrument.language_reader import LanguageReader
from model.instrument.search import search
from model.instrument.translator import Translator
from model.trace.anatomy import Anatomy
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps, Axis

MOST_TOKENS = 768  # of one stack in a batch, padding among them
MOST_LINKS = 1 << 16  # of one map of attention in a batch; a longer text is read alone
Batchable = Translator | LanguageReader


@dataclass(frozen=True)
class Line:
    """A sentence of the text, or a pair."""

    row: int  # its number in the whole text, from 0
    source: str
    target: str | None = None  # None: what the model says itself


@dataclass(frozen=True)
class Reading:
    """A line as the stacks of a model read it."""

    row: int
    axes: Mapping[str, Axis]  # by stack

    @property
    def lengths(self) -> tuple[int, ...]:
        """Tokens of each stack, the longest first."""
        return tuple(sorted((len(axis.read) for axis in self.axes.values()), reverse=True))


@dataclass(frozen=True, eq=False)
class Batch:
    """Who attends to whom in several lines, padded at the end."""

    anatomy: Anatomy
    readings: Sequence[Reading]
    marks: Mapping[str, tuple[Marks, Marks]]  # by stack: of what its rows read, and of what they go by (`Axis.labels`)
    weights: Mapping[str, Tensor]  # by kind, (text, layer, head, query, key); 0 for queries that are padding
    masks: Mapping[
        str, Tensor
    ]  # by kind, bool (text, layer or 1, query, key): both are tokens, and the one may attend to the other


def in_batches(reader: Any) -> TypeGuard[Batchable]:
    """Whether a model reads many lines at once. Those of transformers and recurrent ones are read line by line."""
    return isinstance(reader, Translator | LanguageReader)


def read_lines(reader: Any, lines: Sequence[Line]) -> Iterator[Batch]:
    """The batches of some lines, always the same for the same lines. What the model cannot read (empty, too long) is left out.

    A line without a target is read with the model's own translation.
    """
    if in_batches(reader):
        for group in grouped(list(readings_of(reader, lines))):
            yield read_batch(reader, group)
        return
    for line in lines:
        try:
            trace = reader.trace(line.source, line.target)
        except ValueError:
            continue
        yield of_trace(trace, line.row)


def of_trace(trace: AttentionMaps, row: int) -> Batch:
    """The attention of one pass as a batch of one line."""
    readings = [Reading(row, trace.axes)]
    weights = {kind: map_.weights[None] for kind, map_ in trace.attention.items()}
    masks = {kind: map_.mask.transpose(0, 1) for kind, map_ in trace.attention.items()}
    device = next(iter(weights.values())).device
    return Batch(trace.anatomy, readings, _marks(readings, trace.anatomy, device), weights, masks)


def grouped(readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """Readings of about the same length together, shortest first: at most MOST_TOKENS and MOST_LINKS of them in one group."""
    group: list[Reading] = []
    for reading in sorted(readings, key=lambda reading: (*reading.lengths, reading.row)):
        longest, count = reading.lengths[0], len(group) + 1
        if group and (longest * count > MOST_TOKENS or longest**2 * count > MOST_LINKS):
            yield group
            group = []
        group.append(reading)
    if group:
        yield group


def readings_of(reader: Batchable, lines: Sequence[Line]) -> Iterator[Reading]:
    """The lines that the model can read, as it reads them."""
    texts: list[tuple[Line, Tokens, Tokens | None]] = []
    for line in lines:
        try:
            target = reader.target(line.target) if isinstance(reader, Translator) and line.target is not None else None
            texts.append((line, reader.source(line.source), target))
        except ValueError:
            continue
    if isinstance(reader, LanguageReader):
        (stack,) = reader.anatomy.stack_names
        yield from (Reading(line.row, {stack: Axis(source)}) for line, source, _ in texts)
        return
    said = _translations(reader, {line.row: source for line, source, target in texts if target is None})
    asks, answers = reader.anatomy.bridge().asks, reader.anatomy.bridge().answers
    for line, source, target in texts:
        labels = said[line.row] if target is None else target
        yield Reading(line.row, {answers: Axis(source), asks: Axis(reader.read(labels), labels)})


def _translations(reader: Translator, sources: Mapping[int, Tokens]) -> dict[int, Tokens]:
    """By row, the labels that the model produces, many sentences at a time."""
    said, (first, *_) = {}, reader.anatomy.stack_names
    for group in grouped([Reading(row, {first: Axis(tokens)}) for row, tokens in sources.items()]):
        ids = padded([reading.axes[first].read.ids for reading in group], reader.model.device)
        for reading, found in zip(group, search(reader.model, ids), strict=True):
            said[reading.row] = reader.tokenizer.with_end(reader.tokenizer.decode(found))
    return said


def read_batch(reader: Batchable, readings: list[Reading]) -> Batch:
    """One pass over some readings."""
    anatomy, device = reader.anatomy, reader.model.device
    read = {name: [reading.axes[name].read for reading in readings] for name in anatomy.stack_names}
    weights = attention_weights(reader.model, [padded([tokens.ids for tokens in read[name]], device) for name in read])
    marks = _marks(readings, anatomy, device)
    masks = {}
    for kind in anatomy.kinds:
        real = [_real(marks[name][0]) for name in (kind.asks, kind.answers)]
        masks[kind.name] = (real[0][:, :, None] & real[1][:, None, :])[:, None]
        if kind.masked:
            masks[kind.name] = masks[kind.name].tril()
        weights[kind.name].masked_fill_(~real[0][:, None, None, :, None], 0.0)
    return Batch(anatomy, readings, marks, weights, masks)


def _real(marks: Marks) -> Tensor:
    """bool (text, position): what is no padding."""
    return torch.arange(marks.words.size(1), device=marks.words.device) < marks.lengths[:, None]


def _marks(readings: Sequence[Reading], anatomy: Anatomy, device: torch.device) -> dict[str, tuple[Marks, Marks]]:
    marks = partial(marks_of, device=device)
    found = {}
    for name in anatomy.stack_names:
        read = marks([reading.axes[name].read for reading in readings])
        made = any(reading.axes[name].made for reading in readings)
        found[name] = (read, marks([reading.axes[name].labels for reading in readings]) if made else read)
    return found
