"""What the commands that measure a checkpoint share: their options, their place in its model card, and errors as one sentence."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.instrument.pretrained import CheckpointError, DeviceError
from model.measuring.card import card_parts, write_block


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
