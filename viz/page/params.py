"""A setting that the address carries: its name there, its default, how it is read and how it is written.

The page declares those that several views share (viz.page.shared), every view its own. People count from 1, code from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from model.trace.anatomy import Anatomy

SWITCH = ("on", "off")
UNBOUNDED = 100_000  # tokens that a link may name where the model reads any number
MOST_ENTRIES = 500  # of one list that a link may name


@dataclass(frozen=True)
class Limits:
    """What a link may name: what there is in the model that it opens, and the views that there are."""

    anatomy: Anatomy
    units: int  # of one feed-forward sublayer
    views: Collection[str]

    @property
    def tokens(self) -> int:
        """The longest sentence."""
        return UNBOUNDED if self.anatomy.longest is None else self.anatomy.longest

    @property
    def layers(self) -> dict[str, int]:
        """How many layers have each kind of attention."""
        return {kind.name: kind.layers for kind in self.anatomy.kinds}

    @property
    def heads(self) -> dict[str, int]:
        """How many heads each kind of attention has in a layer."""
        return {kind.name: kind.heads for kind in self.anatomy.kinds}


Limit = int | Callable[[Limits], int]  # a size, or how to ask the limits for it


@dataclass(frozen=True)
class Param:
    """One parameter of the address.

    read: text -> value; raises ValueError or KeyError for text that is no value of it. write: its reverse.
    """

    name: str
    default: Any
    read: Callable[[str, Limits], Any]
    write: Callable[[Any], str]
    help: str  # what it is, in one phrase
    history: str = ""  # "typed": it replaces the entry of the browser's history; "walked": small steps are one entry
    is_list: bool = False  # entries behind the first MOST_ENTRIES are left out


def text(name: str, help: str, default: str | None = "", is_typed: bool = True) -> Param:
    """Any text. default: None for one that the page suggests until there is any, an empty one too."""
    return Param(name, default, lambda entry, limits: entry, str, help, "typed" if is_typed else "")


def choice(name: str, values: Collection[str] | Callable[[Limits], Collection[str]], default: str, help: str) -> Param:
    """One of a few words; values: the words, or which there are."""

    def read(entry: str, limits: Limits) -> str:
        if entry not in (values(limits) if callable(values) else values):
            raise ValueError(entry)
        return entry

    return Param(name, default, read, str, help)


def switch(name: str, default: bool, help: str) -> Param:
    """On or off."""
    read = choice(name, SWITCH, "", help).read
    return Param(name, default, lambda entry, limits: read(entry, limits) == "on", lambda on: "on" if on else "off", help)


def number(name: str, least: float, most: float, default: float, help: str) -> Param:
    """A number of a slider, to six digits."""
    return Param(name, default, lambda entry, limits: _within(entry, least, most), lambda value: f"{value:g}", help, "walked")


def count(name: str, least: int, most: Limit, default: int | None, help: str, is_walked: bool = True) -> Param:
    """A whole number of things, written as it is; None: nothing is counted."""

    def read(entry: str, limits: Limits) -> int:
        return int(_within(entry, least, _size(most, limits)))

    return Param(name, default, read, str, help, "walked" if is_walked else "")


def place(name: str, limit: Limit, default: int | None, help: str, is_walked: bool = False) -> Param:
    """A place in a list of `limit`, from 0; written from 1. None: the page suggests one."""

    def read(entry: str, limits: Limits) -> int:
        (index,) = _places(entry, _size(limit, limits))
        return index

    return Param(name, default, read, lambda at: str(at + 1), help, "walked" if is_walked else "")


def places(name: str, limit: Limit, help: str) -> Param:
    """Several of them, each once, in the order of the choice; None: the page suggests some."""

    def read(entry: str, limits: Limits) -> tuple[int, ...]:
        return tuple(dict.fromkeys(_places(entry, _size(limit, limits))))

    return Param(name, None, read, lambda indices: ",".join(str(at + 1) for at in indices), help)


def rows(
    name: str, default: tuple | frozenset, read_row: Callable[[str, Limits], tuple], help: str, is_sorted: bool = True
) -> Param:
    """A list of rows such as cross.4.7, each once; read_row: one of them. default: empty, a set or a tuple."""

    def read(entry: str, limits: Limits) -> tuple | frozenset:
        items = list(dict.fromkeys(entry.split(",")))[:MOST_ENTRIES]
        return type(default)(dict.fromkeys(read_row(item, limits) for item in items))

    def write(rows: Collection[tuple]) -> str:
        items = sorted(rows, key=lambda row: [str(part) for part in row]) if is_sorted else rows
        return ",".join(".".join(_part_text(part) for part in row) for row in items)

    return Param(name, default, read, write, help, is_list=True)


def numbers(parts: list[str], sizes: tuple[int, ...], may_be_all: bool = False) -> tuple[int | None, ...]:
    """The numbers of a row, written from 1, each below its size; may_be_all: "*" stands for all of them, None. Raises ValueError."""
    indices = tuple(None if part == "*" and may_be_all else int(part) - 1 for part in parts)
    if len(indices) != len(sizes) or any(at is not None and not 0 <= at < size for at, size in zip(indices, sizes, strict=True)):
        raise ValueError(".".join(parts))
    return indices


def _part_text(part: str | int | None) -> str:
    return part if isinstance(part, str) else "*" if part is None else str(part + 1)


def _size(limit: Limit, limits: Limits) -> int:
    return limit(limits) if callable(limit) else limit


def _places(entry: str, limit: int) -> tuple[int, ...]:
    indices = tuple(int(part) - 1 for part in entry.split(",") if part)
    if any(not 0 <= at < limit for at in indices):
        raise ValueError(entry)
    return indices


def _within(entry: str, least: float, most: float) -> float:
    value = float(entry)
    if not least <= value <= most:
        raise ValueError(entry)
    return value
