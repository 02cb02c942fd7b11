"""How deep the water is: what inputs the model learned from, and whether one is outside of that.

`python -m model.depth --data FOLDER` measures it on the training and held-out text and writes depth.json beside the checkpoint.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from model.instrument.beside import explained, read_measured, whole_number
from model.instrument.checkpoint import checkpoint_folder, is_number
from model.instrument.pretrained import Translator, load_as
from model.measuring.command import in_words, options
from model.trace.tokens import Tokens
from model.trace.words import word_spans
from model.training.data import HELD_OUT, TRAIN, read_files
from model.training.recipe import Recipe
from model.training.robust import joined_only
from model.transformer.config import Config, briefly

FILE = "depth.json"
LONGEST = 0.999  # share of the training inputs that are no longer than `longest`
SURE = 0.98  # share of the held-out inputs of whose own translation the model is surer than `doubt`
KNOWN = 5000  # words of the source language that count as known: the most frequent ones of the training text
EACH = 250  # inputs of every held-out file that are translated
FEW_WORDS = 3  # of fewer words nothing is said of their language: they may be names
STRANGE, BYTES = 0.5, 0.15  # shares of unknown words, and of byte pieces, from which on an input is out of depth
SENTENCE_END = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][\"'”’)»]))\s+(?=[\"'“‘(«¿¡]*[^\W_a-z])|\s*\n\s*")


@dataclass(frozen=True)
class Depth:
    """What the model is used to."""

    longest: int  # source tokens
    doubt: float  # mean log-probability of a token of its own translation, nats
    words: frozenset[str]  # lower case


def words_of_text(text: str) -> list[str]:
    """The words of a text that have a letter, in lower case."""
    found = (text[start:end] for start, end in word_spans(text))
    return [word.lower().replace("’", "'") for word in found if any(character.isalpha() for character in word)]


def measure(translator: Translator, data: Path) -> Depth:
    """The depth of a translator, from the files of FOLDER. Raises OSError or ValueError as `read_files`."""
    pairs = [pair for pairs in read_files(data, TRAIN).values() for pair in pairs]
    inputs = [source for source, _ in [*pairs, *joined_only(pairs, Recipe())]]
    lengths = torch.tensor([len(ids) + 1 for ids in translator.tokenizer.processor.encode(inputs)], dtype=torch.float)
    counts = Counter(word for source, _ in pairs for word in words_of_text(source))
    certainties = [certainty(translator, source) for held in read_files(data, HELD_OUT).values() for source, _ in held[:EACH]]
    doubt = torch.tensor(certainties).quantile(1 - SURE)
    words = frozenset(word for word, _ in counts.most_common(KNOWN))
    return Depth(int(lengths.quantile(LONGEST)), round(float(doubt), 4), words)


def certainty(translator: Translator, text: str) -> float:
    """Mean log-probability of a token of the model's own translation of `text`, nats."""
    loss = translator.trace(text).loss
    assert loss is not None  # a translator predicts
    return -float(loss.mean())


def outside(depth: Depth, source: Tokens, sure: float) -> str:
    """Why an input is outside what the model learned, as a sentence; empty where it is inside.

    source: as the encoder reads it; sure: mean log-probability of a token of the model's own translation, nats.
    """
    words, pieces = words_of_text(source.text), len(source) - 1
    strange = sum(word not in depth.words for word in words)
    if sum(source.bytes) >= BYTES * max(1, pieces):
        return "Some of these characters are not in the model's vocabulary: it reads them byte by byte and cannot know what they mean."
    if len(words) >= FEW_WORDS and strange >= STRANGE * len(words):
        return f"{strange} of these {len(words)} words are not in the English that the model learned: expect an invented translation."
    if len(source) > depth.longest:
        return (
            f"This is longer than what the model learned from ({len(source)} tokens; it knows inputs of up to about {depth.longest}): "
            "expect it to lose the thread."
        )
    if sure < depth.doubt:
        return "The model is unsure of its own translation here: read it, and its pictures, with care."
    return ""


def sentences(text: str) -> list[str]:
    """A text cut behind the end of every sentence and at line breaks."""
    return [part.strip() for part in SENTENCE_END.split(text) if part and part.strip()]


def save_depth(folder: Path, depth: Depth, weights_sha256: str) -> None:
    """Write depth.json, bound to the weights."""
    content = {"weights_sha256": weights_sha256, **asdict(depth), "words": sorted(depth.words)}
    (folder / FILE).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def load_depth(folder: Path, weights_sha256: str, _config: Config | None = None) -> Depth | None:
    """The depth of a checkpoint; None where none was measured on these weights. Raises CheckpointError for a damaged file."""
    content = read_measured(folder, FILE, weights_sha256)
    if content is None:
        return None
    with explained(folder / FILE):
        if not is_number(content["doubt"], most=0):
            raise ValueError(f"doubt must be a number of at most 0, not {briefly(content['doubt'])}")
        if not isinstance(content["words"], list) or not all(isinstance(word, str) for word in content["words"]):
            raise ValueError(f"words must be a list of texts, not {briefly(content['words'])}")
        return Depth(whole_number(content["longest"], "longest", 1), content["doubt"], frozenset(content["words"]))


def main(arguments: list[str] | None = None) -> None:
    """Measure one checkpoint."""
    parser = options("depth", __doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with *.train.tsv.gz and *.dev.tsv.gz or *.val.tsv.gz")
    args = parser.parse_args(arguments)
    folder = checkpoint_folder(args.model)
    with in_words():
        translator = load_as(Translator, folder, args.device)
        depth = measure(translator, args.data)
        save_depth(folder, depth, translator.about["weights_sha256"])
    print(f"inputs of up to {depth.longest} tokens; unsure below {depth.doubt:.2f} nats a token; {len(depth.words):,} words")


if __name__ == "__main__":
    main()
