"""What heads do over a text of any length: `headlight corpus --text FILE_OR_FOLDER --out DIR`, or `python -m model.corpus`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model.corpus.engines import ENGINES
from model.corpus.reading import in_batches
from model.corpus.results import write_results
from model.corpus.run import Folder, Job
from model.corpus.sheets import FILE
from model.corpus.text import Text, open_text
from model.corpus.weights import weights_hash
from model.huggingface import load_model
from model.instrument.own_model import OwnModel
from model.measuring.command import in_words


def parser() -> argparse.ArgumentParser:
    """The command line."""
    form = argparse.ArgumentDefaultsHelpFormatter
    found = argparse.ArgumentParser(prog="headlight corpus", description=__doc__, formatter_class=form)
    found.add_argument(
        "--text",
        type=Path,
        required=True,
        help="a file or a folder: a sentence, or a pair that a tab parts, on every line; .gz, .parquet, too",
    )
    found.add_argument(
        "--out", type=Path, required=True, help="folder for the results; the same command goes on with what is there"
    )
    found.add_argument("--model", default="en-fr", help="a checkpoint in pretrained/, a folder, or a model of transformers")
    found.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    found.add_argument("--engine", choices=ENGINES, default="local", help="processes of this machine, or a cluster of Ray")
    found.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many read at the same time")
    found.add_argument("--about", default="", help="what the text is, in words, for the page; by default its name")
    found.add_argument(
        "--beside", action="store_true", help=f"put {FILE} into the checkpoint's folder, too, where the page finds it"
    )
    return found


def main(arguments: list[str] | None = None) -> None:
    """Count what is left of the text, then write the results."""
    args = parser().parse_args(arguments)
    with in_words():
        if args.workers < 1:
            raise ValueError(f"--workers takes a number of at least 1, not {args.workers}.")
        print(f"Looking through {args.text} …", file=sys.stderr)
        text, reader = open_text(args.text), load_model(args.model, args.device)
        beside = reader.folder if args.beside else None
        if args.beside and beside is None:
            raise ValueError("--beside needs a model that lies in a folder.")
        job = Job(args.model, args.device, text, weights_hash(reader))
        folder = Folder(args.out, job, reader.anatomy)
        if not in_batches(reader):
            print("This model is read one line after the other: batches are for our own transformers.", file=sys.stderr)
        count(folder, args.engine, args.workers)
        paths = write_results(args.out, folder.statistics(), text, args.about or args.text.name, pieces(reader))
        if beside is not None:
            paths.append(beside / FILE)
            shutil.copyfile(args.out / FILE, paths[-1])
    print("\n".join(map(str, paths)))


def count(folder: Folder, engine: str, workers: int) -> None:
    """Count the shards that are left, with progress. What is stopped in between goes on with the same command."""
    left = folder.left
    progress = Progress(folder.job.text, len(folder.job.text.shards) - len(left))
    try:
        for number in folder.keep(ENGINES[engine](folder.job, left, workers)) if left else ():
            progress.add(number)
    except KeyboardInterrupt:
        raise SystemExit("Stopped. The same command goes on from here.") from None


class Progress:
    """Lines that are done, and how long the others will take at this speed; on a terminal in one line that is written over."""

    def __init__(self, text: Text, before: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.text, self.clock, self.started = text, clock, clock()
        self.shards, self.lines = before, 0
        self.end = "\r" if sys.stderr.isatty() else "\n"

    def add(self, number: int) -> None:
        """One more shard."""
        self.shards, self.lines = self.shards + 1, self.lines + self.text.shards[number].lines
        print(self.sentence, end=self.end if self.shards < len(self.text.shards) else "\n", file=sys.stderr, flush=True)

    @property
    def sentence(self) -> str:
        """How far it is."""
        total, rate = len(self.text.shards), self.lines / max(self.clock() - self.started, 1e-9)
        left = (total - self.shards) / max(total, 1) * self.text.lines / max(rate, 1e-9)
        return f"{self.shards} of {total} shards · {rate:,.0f} lines a second · about {spell(left)} left   "


def spell(seconds: float) -> str:
    """A time in words: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def pieces(reader: Any) -> Callable[[int], str]:
    """How the vocabulary of a model writes an id."""
    if isinstance(reader, OwnModel):
        return reader.tokenizer.piece
    return lambda id_: str(reader.texts.tokenizer.convert_ids_to_tokens(id_))


if __name__ == "__main__":
    main()
