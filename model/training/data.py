"""Sentence pairs from files, and batches of them: `English<TAB>French` a line, UTF-8, gzipped."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from model.instrument.lines import columns, read_lines
from model.instrument.tokenizer import END, PAD, START, Tokenizer
from model.trace.pasted import read_pasted

TRAIN, HELD_OUT = [".train.tsv.gz"], [".dev.tsv.gz", ".val.tsv.gz"]  # how the names of files end


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The (source, target) pairs of one `.tsv.gz` file. Raises ValueError that names file and line, as `read_lines` does."""
    pairs = []
    for number, line in read_lines(path):
        source, target = columns(path, number, line, ("source", "target"))
        pairs.append((source, target))
    return pairs


def read_files(folder: Path, names: list[str]) -> dict[str, list[tuple[str, str]]]:
    """The pairs of all files in `folder` whose names end in one of `names`, e.g. ".train.tsv.gz": file name -> pairs."""
    paths = sorted(path for path in Path(folder).glob("*.tsv.gz") if any(path.name.endswith(name) for name in names))
    if not paths:
        raise FileNotFoundError(
            f"No file ending in {' or '.join(names)} in {folder}. Name a folder of such files with --data; "
            "pretrained/en-fr/README.md says where the corpora come from."
        )
    return {path.name: read_pairs(path) for path in paths}


def read_split(folder: Path, names: list[str]) -> list[tuple[str, str]]:
    """The pairs of all such files together, in the order of their names."""
    return [pair for pairs in read_files(folder, names).values() for pair in pairs]


@dataclass(frozen=True, eq=False)
class Batch:
    """Padded token ids, one sentence pair a row."""

    source: Tensor  # (batch, source): pieces, </s>, padding
    target: Tensor  # (batch, target): <s>, pieces, padding
    labels: Tensor  # (batch, target): pieces, </s>, padding: target shifted by one

    @property
    def tokens(self) -> int:
        """Target tokens to predict, padding not counted."""
        return int((self.labels != PAD).sum())


def encode_pairs(pairs: list[tuple[str, str]], tokenizer: Tokenizer, max_length: int) -> list[tuple[list[int], list[int]]]:
    """Token ids without special tokens; pairs that are empty or longer than max_length on a side are left out.

    Text is tidied as what is typed is: the model learns from the characters that it will be given.
    """
    has = tokenizer.characters.__contains__
    sources, targets = (tokenizer.processor.encode([read_pasted(pair[side], has).text for pair in pairs]) for side in (0, 1))
    return [
        (source, target)
        for source, target in zip(sources, targets, strict=True)
        if 0 < len(source) < max_length and 0 < len(target) < max_length
    ]


def pad(rows: list[list[int]], length: int | None = None) -> Tensor:
    """Rows of ids -> (row, length), padded at the end."""
    length = length or max(map(len, rows))
    return torch.tensor([row + [PAD] * (length - len(row)) for row in rows])


def make_batch(pairs: list[tuple[list[int], list[int]]]) -> Batch:
    """Encoded pairs -> one padded Batch."""
    return Batch(
        pad([source + [END] for source, _ in pairs]),
        pad([[START] + target for _, target in pairs]),
        pad([target + [END] for _, target in pairs]),
    )


def group(order: list[int], lengths: list[int], tokens: int) -> list[list[int]]:
    """Cut `order`, which runs from short to long, into runs of at most `tokens` padded tokens; a longer row stands alone."""
    groups: list[list[int]] = []
    for row in order:
        if groups and (len(groups[-1]) + 1) * lengths[row] <= tokens:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def batch_rows(encoded: list[tuple[list[int], list[int]]], tokens: int, seed: int) -> list[list[int]]:
    """Which pairs go together: similar lengths, at most `tokens` padded target tokens, in an order drawn from `seed`."""
    generator = random.Random(seed)
    order = sorted(range(len(encoded)), key=lambda row: (len(encoded[row][1]), len(encoded[row][0]) + generator.random()))
    batches = group(order, [len(target) + 1 for _, target in encoded], tokens)
    generator.shuffle(batches)
    return batches


def batches(encoded: list[tuple[list[int], list[int]]], tokens: int, seed: int = 0) -> Iterator[Batch]:
    """One pass over the pairs as Batches; see `batch_rows`."""
    for rows in batch_rows(encoded, tokens, seed):
        yield make_batch([encoded[row] for row in rows])
