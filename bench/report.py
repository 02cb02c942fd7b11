"""Tables of timings: printed row by row and, with --write, put between their marks in bench/README.md."""

from __future__ import annotations

import argparse
import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from model import Translator
from model.measuring.card import card_parts, marks, write_block

if TYPE_CHECKING:
    from model.huggingface.reader import Reader

README = Path(__file__).with_name("README.md")


def machine(translator: Translator | Reader, *parts: str) -> str:
    """What was measured on what, in one line: the checkpoint, its device, cores, threads and versions."""
    threads = f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    return ", ".join([f"{translator.name} on {translator.model.device}", *parts, f"{os.cpu_count()} cores", threads])


def write_option(parser: argparse.ArgumentParser) -> None:
    """The option --write of a command whose table stands in bench/README.md."""
    parser.add_argument("--write", action="store_true", help="put the whole table into bench/README.md, with today's date")


class Report:
    """A table on its way: every line is printed as soon as it is there, and kept for the page.

    name: of the marks in `page`; where: a line on the machine; write: whether the table goes there at the end. about, behind: the heading
    and the words of its section, and the table whose section it follows, for a page that does not have it yet. Raises ValueError, before
    anything is measured, where the page has neither.
    """

    def __init__(
        self, name: str, where: str, header: str, write: bool = False, page: Path = README, about: str = "", behind: str = ""
    ) -> None:
        self.name, self.page, self.write, self.lines = name, page, write, [header]
        self.about, self.behind = about, behind
        if write:
            card_parts(page, behind if self._is_new else name)
        self.title = f"{where}, {datetime.date.today():%d %B %Y}"
        print(f"{self.title}\n\n{header}", flush=True)

    def add(self, line: object) -> None:
        """Print a row, or a remark under the table that begins with an empty line."""
        self.lines.append(str(line))
        print(line, flush=True)

    def close(self) -> None:
        """Write what was printed between the marks, if that was asked for."""
        if self.write and self._is_new:
            before, after = card_parts(self.page, self.behind)
            table = self.page.read_text(encoding="utf-8")[len(before) : -len(after) or None]
            section = "\n".join([f"{self.about}\n", *marks(self.name)])
            self.page.write_text(f"{before}{table}\n\n{section}{after}", encoding="utf-8")
        if self.write:
            write_block(self.page, self.name, "\n".join([f"{self.title}:\n", *self.lines]))

    @property
    def _is_new(self) -> bool:
        """Whether the page gets a section for this table."""
        return bool(self.behind) and marks(self.name)[0] not in self.page.read_text(encoding="utf-8")
