"""The card's table of a model of one language: `python -m model.language --model NAME --data FOLDER --tasks FOLDER`.

A model that fills in: how often the piece that it holds for the likeliest, or one of its first five, is the one that was hidden. One
that writes on: perplexity. On top of the first: entities that its tagger finds, texts whose class it tells.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from model.analysis.entities import OUTSIDE, Score, entity_score
from model.instrument.pretrained import LanguageReader
from model.instrument.tokenizer import UNKNOWN
from model.measuring.card import markdown
from model.measuring.command import add_held_out, check_held_out, options, score
from model.measuring.evaluate import facts
from model.training.data import group, pad, read_pairs
from model.training.labelled import encode_classed, first_pieces, read_classed, read_tagged
from model.training.tasks import POLARITY, TAGS
from model.training.texts import encode_texts, read_stories, rows_of

SETS = {
    "dev": ("tatoeba.dev", "multi30k.val", "general.dev"),
    "test": ("tatoeba.test", "multi30k.test_2016_flickr", "newstest2014.test"),
}
BATCH_TOKENS = 4000  # padded tokens of one pass
MOST_GUESSES = 5


@dataclass(frozen=True)
class Filled:
    """How well a model fills in."""

    places: int  # pieces that were hidden, each alone
    first: float  # share of them where the likeliest piece is the right one
    among: float  # share of them where it is one of the MOST_GUESSES likeliest


@dataclass(frozen=True)
class Surprise:
    """How well a model foretells a text."""

    tokens: int  # </s> counted
    per_token: float  # perplexity: exp of the mean cross-entropy
    per_character: float  # the same of all cross-entropy over all characters, which does not depend on the vocabulary


def passes(rows: list[list[int]]) -> list[list[int]]:
    """Which rows go through the model together: similar lengths."""
    lengths = [len(row) for row in rows]
    return group(sorted(range(len(rows)), key=lengths.__getitem__), lengths, BATCH_TOKENS)


def filled(reader: LanguageReader, texts: list[str], most: int, seed: int = 0) -> Filled:
    """Hide pieces of texts, one at a time: all of them, or `most` that are drawn. Raises ValueError for texts without a piece."""
    rows = rows_of(encode_texts(texts, reader.tokenizer), reader.model.config.max_length, writes=False)
    places = [(row, at) for row, ids in enumerate(rows) for at in range(len(ids) - 1)]
    if not places:
        raise ValueError("There is no text to hide a piece of.")
    drawn = random.Random(seed).sample(places, min(most, len(places)))
    hidden = [rows[row][:at] + [UNKNOWN] + rows[row][at + 1 :] for row, at in drawn]
    first = among = 0
    for some in passes(hidden):
        ids = pad([hidden[one] for one in some]).to(reader.model.device)
        at, right = (
            torch.tensor(column, device=ids.device)
            for column in zip(*((drawn[one][1], rows[drawn[one][0]][drawn[one][1]]) for one in some), strict=True)
        )
        logits = reader.said(reader.model.read(ids)[torch.arange(len(some), device=ids.device), at])
        guesses = logits.topk(MOST_GUESSES).indices == right[:, None]
        first, among = first + int(guesses[:, 0].sum()), among + int(guesses.any(1).sum())
    return Filled(len(drawn), first / len(drawn), among / len(drawn))


def surprise(reader: LanguageReader, texts: list[str]) -> Surprise:
    """Foretell every token of texts; longer ones than the model reads are cut. Raises ValueError for texts without a piece."""
    encoded = encode_texts(texts, reader.tokenizer)
    rows = rows_of(encoded, reader.model.config.max_length, writes=True)
    if not rows:
        raise ValueError("There is no text to foretell.")
    nats, tokens = 0.0, sum(len(row) - 1 for row in rows)
    for some in passes(rows):
        ids = pad([rows[one] for one in some]).to(reader.model.device)
        logits = reader.model(ids[:, :-1])
        nats += float(F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=0, reduction="sum"))
    characters = sum(len(reader.tokenizer.processor.decode(ids)) for ids in encoded)
    return Surprise(tokens, math.exp(nats / tokens), math.exp(nats / characters))


def tagged(reader: LanguageReader, path: Path) -> tuple[int, Score]:
    """Texts of a file, and how well the tagger finds their entities.

    A word has the tag that its first piece gets; one that no piece begins in, or behind the longest text that is read, is in none.
    """
    names, longest = reader.about["labels"]["tags"], reader.model.config.max_length
    texts = read_tagged(path)
    found = []
    for text in texts:
        ids, firsts = first_pieces([word for word, _ in text], reader.tokenizer, longest)
        said = reader.model.labelled(_one(reader, ids), each=True).argmax(-1).tolist()
        found.append([OUTSIDE if at is None else names[said[at]] for at in firsts])
    return len(texts), entity_score([[tag for _, tag in text] for text in texts], found)


def classed(reader: LanguageReader, path: Path) -> tuple[int, float, float]:
    """Texts of a file, the share of them whose class the model tells, and that of the more frequent class."""
    rows = [encode_classed(text, reader.tokenizer, reader.model.config.max_length) for text in read_classed(path)]
    right = sum(int(reader.model.labelled(_one(reader, ids), each=False).argmax()) == label for ids, label in rows)
    positive = sum(label for _, label in rows) / len(rows)
    return len(rows), right / len(rows), max(positive, 1 - positive)


def _one(reader: LanguageReader, ids: list[int]) -> Tensor:
    return torch.tensor([ids], device=reader.model.device)


def measure(reader: LanguageReader, folder: Path, data: Path, tasks: Path | None, split: str, places: int) -> tuple[str, dict]:
    """All of it on one split; returns the markdown tables with what stands under them, and the scores."""
    texts = {name: [source for source, _ in read_pairs(data / f"{name}.tsv.gz")] for name in SETS[split]}
    if tasks is not None:
        texts[f"stories.{split}"] = read_stories(tasks, split)
    scores: dict[str, dict[str, float]] = {}
    rows = []
    for name, some in texts.items():
        if reader.writes:
            told = surprise(reader, some)
            rows.append([name, f"{len(some):,}", f"{told.tokens:,}", f"{told.per_token:.1f}", f"{told.per_character:.2f}"])
            scores[name] = {"per_token": round(told.per_token, 3), "per_character": round(told.per_character, 4)}
        else:
            guess = filled(reader, some, places)
            rows.append([name, f"{len(some):,}", f"{guess.places:,}", f"{guess.first:.1%}", f"{guess.among:.1%}"])
            scores[name] = {"first": round(guess.first, 4), f"first_{MOST_GUESSES}": round(guess.among, 4)}
        print(*rows[-1], sep=", ", flush=True)
    columns = ["perplexity per token", "per character"] if reader.writes else ["first guess", f"one of {MOST_GUESSES}"]
    table = markdown(["set", "texts", "tokens foretold" if reader.writes else "pieces hidden", *columns], rows)
    more = labelled(reader, tasks, split, scores) if tasks is not None else []
    how = WRITES if reader.writes else FILLS
    found = {"weights_sha256": reader.about.get("weights_sha256"), "split": split, "scores": scores}
    return "\n".join([table, "", how, "", *more, *facts(reader, folder)]), found


FILLS = "Each piece is hidden alone, the rest of its text stands there; where a set has more pieces than that, they are drawn (seed 0)."
WRITES = (
    "English sides of the sets; each text from its beginning, its end foretold, too. Perplexity is exp of the mean cross-entropy; per "
    "character, of all cross-entropy over all characters, so that vocabularies can be compared."
)


def labelled(reader: LanguageReader, tasks: Path, split: str, scores: dict[str, dict[str, float]]) -> list[str]:
    """What the outputs on top of an encoder are worth, as lines of a card; their scores go into `scores`."""
    lines = []
    if reader.model.tagger is not None:
        name = TAGS.format(split)
        count, found = tagged(reader, tasks / name)
        scores[name.split(".conll")[0]] = {part: round(value, 4) for part, value in found._asdict().items()}
        lines.append(
            f"- tagger, wnut17.{split}, {count:,} texts: entities of exactly the right words and kind, precision "
            f"{found.precision:.3f}, recall {found.recall:.3f}, F1 **{found.f1:.3f}**"
        )
    if reader.model.classifier is not None:
        name = POLARITY.format(split)
        count, share, most = classed(reader, tasks / name)
        scores[name.split(".tsv")[0]] = {"accuracy": round(share, 4)}
        lines.append(
            f"- classifier, polarity.{split}, {count:,} sentences: **{share:.1%}** told right; {most:.1%} are of the more frequent class"
        )
    print("\n".join(lines), flush=True)
    return lines


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = options("language", __doc__, "put the tables into the checkpoint's README.md; where there is none, begin one")
    parser.set_defaults(model="en-mask")
    add_held_out(parser, SETS, "English<TAB>anything")
    parser.add_argument("--tasks", type=Path, help="folder with stories, tagged and classified texts")
    parser.add_argument("--places", type=int, default=3000, help="pieces to hide in each set, at most")
    args = parser.parse_args(arguments)
    if args.places < 1:
        parser.error(f"--places must be at least 1, not {args.places}.")
    check_held_out(parser, args)
    return args


def main(arguments: list[str] | None = None) -> None:
    """Measure one checkpoint."""
    args = parse(arguments)
    score(LanguageReader, args, lambda reader, folder: measure(reader, folder, args.data, args.tasks, args.splits, args.places))


if __name__ == "__main__":
    main()
