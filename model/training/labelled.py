"""Labelled text: words with their tags, and texts with their class, as a model reads them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import torch
from torch import Tensor

from model.instrument.lines import columns, read_lines
from model.instrument.tokenizer import END, Tokenizer
from model.training.data import pad

Tagged = list[tuple[str, str]]  # (word, tag) of one text
NO_TAG = -100  # of a piece that does not begin a word: torch's own mark for "no label"
CLASSES = ["negative", "positive"]  # of the sentences with a polarity, 0 and 1
CLOSING = re.compile(r"[.,!?;:)\]%…]+|'\w{1,2}|n't")  # what people write without a space in front
BEFORE = re.compile(r" (?=(?:[.,!?;:)\]%…]|'\w{1,2}\b|n't\b))")


@dataclass(frozen=True, eq=False)
class LabelledBatch:
    """Padded ids of labelled texts."""

    ids: Tensor  # (batch, position)
    labels: Tensor  # (batch, position) of tags, NO_TAG where there is none; (batch,) of classes

    @property
    def tokens(self) -> int:
        """Labels to predict."""
        return int((self.labels != NO_TAG).sum())


def read_tagged(path: Path) -> list[Tagged]:
    """Texts of a CoNLL file, `word<TAB>tag` a line and a blank line between two texts. Raises ValueError with file and line."""
    texts: list[Tagged] = [[]]
    for number, line in read_lines(path):
        if not line.strip():
            texts.append([])
            continue
        word, tag = columns(path, number, line, ("word", "tag"))
        texts[-1].append((word, tag))
    return [text for text in texts if text]


def read_classed(path: Path) -> list[tuple[str, int]]:
    """(text, class) of a file, `class<TAB>text` a line. Raises ValueError with file and line."""
    found = []
    for number, line in read_lines(path):
        name, text = columns(path, number, line, ("class", "text"))
        if name not in ("0", "1"):
            raise ValueError(f"{path}, line {number}: the class must be 0 or 1, not {name[:40]!r}.")
        found.append((as_typed(text), int(name)))
    return found


def as_typed(text: str) -> str:
    """A text whose words and signs stand apart, and in lower case, as people type it: `it works , well` -> `It works, well`."""
    joined = BEFORE.sub("", text)
    return joined[:1].upper() + joined[1:]


def as_text(words: list[str]) -> tuple[str, list[int]]:
    """Words as one text, signs without a space in front, and where each of them begins in it."""
    parts = [word if at == 0 or CLOSING.fullmatch(word) else f" {word}" for at, word in enumerate(words)]
    starts = [end - len(word) for end, word in zip(accumulate(map(len, parts)), words, strict=True)]
    return "".join(parts), starts


def first_pieces(words: list[str], tokenizer: Tokenizer, longest: int) -> tuple[list[int], list[int | None]]:
    """Ids with </s>, cut behind `longest` tokens, and for each word the first piece that begins in it; None where none does."""
    whole, starts = as_text(words)
    tokens = tokenizer.encode(whole)
    firsts: list[int | None] = [None] * len(words)
    for at, span in enumerate(tokens.spans[: longest - 1]):
        word = bisect_right(starts, span[0]) - 1 if span and span[0] < span[1] else -1
        if word >= 0 and firsts[word] is None:
            firsts[word] = at
    return [*tokens.ids[: longest - 1], END], firsts


def encode_tagged(text: Tagged, names: list[str], tokenizer: Tokenizer, longest: int) -> tuple[list[int], list[int]]:
    """Ids as `first_pieces` gives them, and for each the number of its tag: that of the word that begins with it, else NO_TAG.

    Raises ValueError, in words, for a tag that is not in `names`.
    """
    if unknown := {tag for _, tag in text} - set(names):
        raise ValueError(f"The text to train on has no tag {', '.join(sorted(unknown))}: it has {', '.join(names)}.")
    ids, firsts = first_pieces([word for word, _ in text], tokenizer, longest)
    labels = [NO_TAG] * len(ids)
    for at, (_, tag) in zip(firsts, text, strict=True):
        if at is not None:
            labels[at] = names.index(tag)
    return ids, labels


def encode_classed(text: tuple[str, int], tokenizer: Tokenizer, longest: int) -> tuple[list[int], int]:
    """Ids with </s>, cut to `longest` tokens, and the class."""
    return [*tokenizer.encode(text[0]).ids[: longest - 1], END], text[1]


def tag_batch(rows: list[tuple[list[int], list[int]]]) -> LabelledBatch:
    """Rows of `encode_tagged`."""
    ids = pad([row[0] for row in rows])
    labels = [torch.tensor(row[1] + [NO_TAG] * (ids.size(1) - len(row[1]))) for row in rows]
    return LabelledBatch(ids, torch.stack(labels))


def class_batch(rows: list[tuple[list[int], int]]) -> LabelledBatch:
    """Rows of `encode_classed`."""
    return LabelledBatch(pad([row[0] for row in rows]), torch.tensor([row[1] for row in rows]))
