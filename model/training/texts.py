"""Text of one language to learn from: sentences and stories as rows of ids, and batches in which some are hidden."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from torch import Tensor

from model.instrument.lines import read_lines
from model.instrument.tokenizer import END, PAD, START, UNKNOWN, Tokenizer
from model.trace.pasted import read_pasted
from model.training.data import pad, read_split

STORIES = {"train": ".train.txt.gz", "dev": ".dev.txt.gz", "test": ".test.txt.gz"}  # how the names of files with stories end
MASKED = 0.15  # of the pieces of a text are to be foretold (Devlin et al. 2019, section 3.1) ...
HIDDEN, REPLACED = 0.8, 0.1  # ... of which so many are hidden and so many are another piece; the rest stand there as they are


@dataclass(frozen=True, eq=False)
class TextBatch:
    """Padded token ids, one text a row."""

    ids: Tensor  # (batch, position): what the model reads
    labels: Tensor  # (batch, position): what each row is to predict; PAD where it is nothing

    @property
    def tokens(self) -> int:
        """Tokens to predict."""
        return int((self.labels != PAD).sum())


def read_sentences(folder: Path, names: list[str]) -> list[str]:
    """The sources of all pairs in such files, each once."""
    return list(dict.fromkeys(source for source, _ in read_split(folder, names)))


def read_stories(folder: Path | None, split: str) -> list[str]:
    """The stories of a split: paragraphs become lines of one text; a blank line stands between two stories.

    Raises FileNotFoundError where the folder has none.
    """
    if folder is None:
        return []
    paths = sorted(folder.glob(f"*{STORIES[split]}"))
    if not paths:
        raise FileNotFoundError(f"No file ending in {STORIES[split]} in {folder}.")
    lines = [line for path in paths for _, line in (*read_lines(path), (0, ""))]
    return [" ".join(run) for full, run in groupby(lines, lambda line: bool(line.strip())) if full]


def encode_texts(texts: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Ids of the pieces of each text, tidied as what is typed is, without special tokens."""
    has = tokenizer.characters.__contains__
    return tokenizer.processor.encode([read_pasted(text, has).text for text in texts])


def rows_of(encoded: list[list[int]], longest: int, writes: bool) -> list[list[int]]:
    """What a model of at most `longest` tokens learns from: pieces and </s>; before them <s> for one that writes on.

    A longer text is cut; only its last part ends in </s>. Of one that writes, the last token of a row is a label alone, so
    that a row is one longer.
    """
    size = longest - (not writes)
    rows = []
    for ids in encoded:
        whole = [*ids, END] if writes else ids
        parts = [whole[at : at + size] for at in range(0, len(whole), size)] if ids else []
        rows += [[START, *part] if writes else [*part, END] for part in parts]
    return rows


def text_batch(rows: list[list[int]]) -> TextBatch:
    """Rows for a model that writes on: each token predicts the next."""
    return TextBatch(pad([row[:-1] for row in rows]), pad([row[1:] for row in rows]))


def masked_batch(rows: list[list[int]], vocabulary: range, generator: random.Random) -> TextBatch:
    """Rows for a model that fills in: of each, MASKED of the pieces, at least one, are drawn to be foretold.

    vocabulary: the pieces of which one may stand there instead.
    """
    ids, labels = [], []
    for row in rows:
        read, wanted = list(row), [PAD] * len(row)
        places = range(len(row) - 1)  # not </s>
        drawn = [at for at in places if generator.random() < MASKED] or [generator.choice(places)]
        for at in drawn:
            wanted[at] = row[at]
            dice = generator.random()
            if dice < HIDDEN + REPLACED:
                read[at] = UNKNOWN if dice < HIDDEN else generator.choice(vocabulary)
        ids.append(read)
        labels.append(wanted)
    return TextBatch(pad(ids), pad(labels))
