"""Parallel against recurrent: `python -m model.growth --model en-fr-gru --data FOLDER` times it beside en-fr while the sentence grows.

How many layers wait for each other, how long reading and a whole pass take, and what becomes of a translation when several
sentences are read as one. It is printed, and stored as growth.json beside the recurrent translator.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from model.analysis.sequential import Chain, chain
from model.instrument.device import wait
from model.instrument.pretrained import PairTranslator, checkpoint_folder, load_as
from model.instrument.recorder import running
from model.instrument.tokenizer import END, START
from model.measuring.card import markdown
from model.measuring.command import CardBlock, in_words, options
from model.measuring.evaluate import bleu, translate_all
from model.measuring.growth_record import LENGTHS, GrowthRecord, Times, save_growth
from model.training.data import read_pairs

JOINED = (1, 2, 4, 8)  # sentences that are read as one
SENTENCE = "The black cat sat on the mat, and the dog that we saw in the street looked at it. "


@dataclass(frozen=True)
class Growth:
    """One translator at one length."""

    tokens: int  # of the source, and of the target
    chain: Chain
    reading: float  # seconds: source to the states of the stack that reads it
    whole: float  # seconds: a pass over source and target, both known


def growth(
    translators: Sequence[PairTranslator], lengths: Sequence[int] = LENGTHS, rounds: int = 9, clock: Callable[[], float] = time.perf_counter
) -> list[list[Growth]]:  # fmt: skip
    """For each length, one Growth a translator: the median of so many rounds, in which they take turns on the same machine.

    Raises ValueError, in words, for a length that one of them does not read.
    """
    for own in translators:
        if not 2 <= min(lengths) <= max(lengths) <= own.model.config.max_length:
            raise ValueError(f"{own.name} reads 2 to {own.model.config.max_length} tokens.")
    return [_at_length(translators, length, rounds, clock) for length in lengths]


def _at_length(translators: Sequence[PairTranslator], length: int, rounds: int, clock: Callable[[], float]) -> list[Growth]:
    """All of them at one length."""
    jobs: list[Callable[[], object]] = []
    for own in translators:
        ids = own.tokenizer.processor.encode(SENTENCE * (1 + length // 8))[: length - 1]
        source, target = (torch.tensor([row], device=own.model.device) for row in ([*ids, END], [START, *ids]))
        jobs += [partial(own.model.encode, source), partial(own.model, source, target)]
    taken: list[list[float]] = [[] for _ in jobs]
    with torch.inference_mode(), running(translators[0].anatomy):
        for round_ in range(rounds + 1):  # the first one warms up
            for job, seconds in zip(jobs, taken, strict=True):
                started = clock()
                job()
                wait(translators[0].model.device)
                seconds += [clock() - started] * (round_ > 0)
    medians = [statistics.median(seconds) for seconds in taken]
    return [
        Growth(length, chain(own.anatomy, length, length), *medians[2 * at : 2 * at + 2]) for at, own in enumerate(translators)
    ]


def joined_pairs(pairs: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Neighbours read as one: every `count` pairs, in their order; what is left over is left out."""
    groups = [pairs[at : at + count] for at in range(0, len(pairs) - count + 1, count)]
    return [(" ".join(pair[0] for pair in some), " ".join(pair[1] for pair in some)) for some in groups]


def long_scores(own: PairTranslator, pairs: list[tuple[str, str]], joined: Sequence[int] = JOINED) -> dict[int, float]:
    """BLEU, greedy, of the same sentences read one by one, two at a time, ...: sentences joined -> score."""
    scores = {}
    for count in joined:
        some = joined_pairs(pairs, count)
        hypotheses = translate_all(own, [source for source, _ in some], 1)
        scores[count] = bleu(hypotheses, [target for _, target in some])[0]
    return scores


def record_of(translators: Sequence[PairTranslator], found: list[list[Growth]], scores: list[dict[int, float]]) -> GrowthRecord:
    """All of it as it is stored: a transformer and the recurrent translator, in this order."""
    rows = tuple(Times(one.tokens, (one.reading, other.reading), (one.whole, other.whole)) for one, other in found)
    both = tuple((count, scores[0][count], scores[1][count]) for count in scores[0]) if scores else ()
    return GrowthRecord(translators[0].device.type, torch.get_num_threads(), rows, both)


def tables(translators: Sequence[PairTranslator], found: list[list[Growth]], scores: list[dict[int, float]]) -> str:
    """All of it in markdown."""
    names = [own.name for own in translators]
    head = [f"{what}, {name}" for what in ("layers in a row", "reading, ms", "whole pass, ms") for name in names]
    rows = [
        [
            str(row[0].tokens), *(f"{one.chain.whole:,}" for one in row),
            *(f"{1000 * seconds:.1f}" for part in ("reading", "whole") for one in row for seconds in (getattr(one, part),)),
        ]
        for row in found
    ]  # fmt: skip
    text = markdown(["tokens a side", *head], rows)
    if not scores:
        return text
    lines = [[name, *(f"{value:.1f}" for value in score.values())] for name, score in zip(names, scores, strict=True)]
    return f"{text}\n\n{markdown(['BLEU, greedy', *(f'{count} read as one' for count in scores[0])], lines)}"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = options("growth", __doc__, "put the tables into the checkpoint's README.md")
    parser.set_defaults(model="en-fr-gru")
    parser.add_argument("--against", default="en-fr", help="the checkpoint beside it, in pretrained/ or a folder")
    parser.add_argument("--data", type=Path, help="folder with tatoeba.test.tsv.gz: translate it joined, too")
    parser.add_argument("--rounds", type=int, default=9, help="passes of each at each length")
    args = parser.parse_args(arguments)
    if args.rounds < 1:
        parser.error(f"--rounds must be at least 1, not {args.rounds}.")
    return args


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    args = parse(arguments)
    with in_words():
        folders = [checkpoint_folder(name) for name in (args.against, args.model)]
        card = CardBlock(folders[-1], "growth", args.write_card)
        translators = [load_as(PairTranslator, folder, args.device) for folder in folders]
        found = growth(translators, rounds=args.rounds)
        scores = []
        if args.data:
            pairs = read_pairs(args.data / "tatoeba.test.tsv.gz")
            with torch.inference_mode():
                scores = [long_scores(own, pairs) for own in translators]
        save_growth(folders[-1], record_of(translators, found, scores), [own.about["weights_sha256"] for own in translators])
        block = tables(translators, found, scores)
        print(block)
        card.write(block)


if __name__ == "__main__":
    main()
