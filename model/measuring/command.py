"""What the commands that measure a checkpoint share: their options, their place in its model card, and errors as one sentence."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch

from model.instrument.own_model import OwnModel
from model.instrument.pretrained import CheckpointError, DeviceError, checkpoint_folder, load_as
from model.measuring.card import SCORES, card_parts, write_block
from model.measuring.new_card import begin_card

M = TypeVar("M", bound=OwnModel)


def options(name: str, description: str | None, card: str = "") -> argparse.ArgumentParser:
    """The command line of `python -m model.NAME` so far: --model, --device and, for one that has a place in the card, --write-card.

    card: what --write-card does, for --help; empty: the command writes into no card.
    """
    form = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(prog=f"python -m model.{name}", description=description, formatter_class=form)
    parser.add_argument("--model", default="en-fr", help="a checkpoint in pretrained/, or a folder")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    if card:
        parser.add_argument("--write-card", action="store_true", help=card)
    return parser


@contextmanager
def in_words() -> Iterator[None]:
    """Whatever a reader can mend ends the command with one sentence instead of a traceback."""
    try:
        yield
    except (OSError, ValueError, CheckpointError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error


class CardBlock:
    """The place of a command's tables in the model card of a checkpoint, between the marks of that name.

    wanted: whether --write-card was given; then marks that are missing are a ValueError here, not after minutes of work.
    """

    def __init__(self, folder: Path, name: str, wanted: bool) -> None:
        self.card, self.name, self.wanted = folder / "README.md", name, wanted
        if wanted:
            card_parts(self.card, name)

    def write(self, block: str) -> None:
        """Put the tables there, if that was asked for."""
        if self.wanted:
            write_block(self.card, self.name, block)


def add_held_out(parser: argparse.ArgumentParser, splits: Iterable[str], line: str) -> None:
    """The options of a command that scores on held-out text. line: what a line of its files is."""
    parser.add_argument("--data", type=Path, required=True, help=f"folder with the sets, {line}, .tsv.gz")
    parser.add_argument("--splits", choices=sorted(splits), default="test", help="choose settings on dev, report on test")


def check_held_out(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """The card reports the test sets alone."""
    if args.write_card and args.splits != "test":
        parser.error("--write-card goes with --splits test: the card reports the test sets.")


def score(kind: type[M], args: argparse.Namespace, measure: Callable[[M, Path], tuple[str, dict[str, Any]]]) -> Path:
    """Load --model as this kind of model, measure it, print the table and, with --write-card, put it and the scores beside the weights.

    measure: the model and its folder -> the table for the card, and the scores. Returns the folder.
    """
    folder = checkpoint_folder(args.model)
    with in_words():
        model = load_as(kind, folder, args.device)
        if args.write_card:
            begin_card(model, folder)
        card = CardBlock(folder, "evaluation", args.write_card)
        with torch.inference_mode():
            block, scores = measure(model, folder)
        print("\n" + block)
        card.write(block)
        if args.write_card:
            (folder / SCORES).write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    return folder
