"""Which pictures a run has put on the page: each component says so when it is mounted, so that all of them can be taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Mounted:
    """A picture on the page."""

    component: str  # what draws it: a folder of viz/canvas, "plotly" or "vega"
    key: str  # of its element
    data: Any  # what it is told: bytes; a figure; Vega-Lite
    source: object  # what the view made, before anything was added to it for the page
    title: str = ""
    tables: Callable[[], Iterable[Any]] | None = None  # its numbers
    cells: int = 0  # how many they are, where that is known before they are made


@dataclass
class Stage:
    """The pictures of a run, in their order, and the heading that was written last."""

    pictures: list[Mounted] = field(default_factory=list)
    heading: str = ""


_stage: ContextVar[Stage | None] = ContextVar("stage", default=None)


@contextmanager
def collecting() -> Iterator[Stage]:
    """The stage of what is mounted inside."""
    token = _stage.set(stage := Stage())
    try:
        yield stage
    finally:
        _stage.reset(token)


def note_heading(text: str) -> None:
    """What is mounted from now on stands under this heading."""
    if stage := _stage.get():
        stage.heading = text


def note_picture(component: str, key: str, data: object, source: object = None) -> None:
    """A picture is mounted. source: what the view made, where something was added to it for the page."""
    if stage := _stage.get():
        stage.pictures.append(Mounted(component, key, data, data if source is None else source, stage.heading))


def note_numbers(tables: Callable[[], Iterable[Any]], cells: int = 0) -> None:
    """The numbers of the picture that was mounted last. cells: how many, where that is known before they are made."""
    if (stage := _stage.get()) and stage.pictures:
        stage.pictures[-1].tables, stage.pictures[-1].cells = tables, cells
