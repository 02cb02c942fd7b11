"""A figure for those who do not see it: a sentence with its main number, and its numbers as tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from typing import Any

import numpy as np
import plotly.graph_objects as go

from viz.charts.parts.series import Series, plain, series
from viz.theme import digits

KINDS = {"heatmap": "matrix", "bar": "bars", "scatter": "points", "scatter3d": "points in space"}
MOST = 5  # parts of a figure of which each has its number in the sentence
LINES = 2  # of a hover


@dataclass(frozen=True)
class Table:
    """Numbers under names: a row each, its name first."""

    caption: str
    head: tuple[str, ...]  # of all columns, the names' own first
    rows: tuple[tuple[str | float, ...], ...]


def with_description(figure: object) -> object:
    """The same figure with its sentence as `layout.meta["alt"]`; anything but a Plotly figure as it is."""
    if isinstance(figure, go.Figure):
        figure.layout.meta = {"alt": description(figure)}
    return figure


def alternative(figure: go.Figure) -> str:
    """The sentence of a figure, made once."""
    return (figure.layout.meta or {}).get("alt") or description(figure)


def description(figure: go.Figure) -> str:
    """What kind of picture it is, what it shows, how much of it there is, and the number that stands out in each part."""
    parts = [part for part in series(figure) if part.rows]
    title = plain(figure.layout.title.text or "").replace("\n", "; ")
    kinds = dict.fromkeys(_kind(part) for part in figure.data if part.hoverinfo != "skip")
    opening = " and ".join(kinds).capitalize()
    sentences = [f"{opening}: {title}" if title else opening, _sizes(parts)]
    if numbers := [part for part in parts if part.has_numbers][:MOST]:
        sentences.append("Furthest from zero: " + "; ".join(_brief(part.words(*part.strongest())) for part in numbers))
    elif parts:
        sentences.append("Last: " + _brief(parts[-1].words(len(parts[-1].rows) - 1, 0)))
    return ". ".join(sentence.rstrip(".") for sentence in sentences if sentence) + "."


def _kind(part: Any) -> str:
    """What a trace looks like."""
    return "lines" if part.type == "scatter" and "lines" in (part.mode or "") else KINDS.get(part.type, part.type)


def _sizes(parts: list[Series]) -> str:
    """How many rows, columns or points each part has; parts alike are named together."""
    sizes = []
    for size, alike in groupby(parts, key=_size):
        names = ", ".join(dict.fromkeys(part.name for part in alike if part.name))
        sizes.append(f"{names}: {size}" if names else size)
    return "; ".join(sizes)


def _size(part: Series) -> str:
    if part.columns == [""]:
        name = "value" if part.has_numbers else "point"
        return f"{len(part.rows)} {name}{'' if len(part.rows) == 1 else 's'}"
    return f"{len(part.rows)} rows, {len(part.columns)} columns"


def _brief(words: str) -> str:
    return ", ".join(words.split("\n")[:LINES])


def tables(figure: go.Figure) -> list[Table]:
    """The figure's own numbers: a table for each matrix; parts that share their rows are columns of one table."""
    parts = [_upright(part) for part in series(figure) if part.rows]
    return [_joined(list(alike)) for _, alike in groupby(parts, key=lambda part: (part.rows, part.columns == [""] or part.name))]


def _upright(part: Series) -> Series:
    """A matrix of one row or column as a list of values."""
    if part.columns != [""] and len(part.columns) == 1:
        return Series(part.name, part.measure, part.rows, [""], part.values, part.words)
    if part.columns != [""] and len(part.rows) == 1:
        return Series(part.name, part.measure, part.columns, [""], part.values.T, lambda row, _: part.words(0, row))
    return part


def _joined(parts: list[Series]) -> Table:
    names = [part.name for part in parts]
    if parts[0].columns == [""]:
        heads = [part.name if names.count(part.name) == 1 else f"{part.name}, {part.measure}" for part in parts]
    else:
        heads = parts[0].columns
    values = np.concatenate([part.values.astype(object) for part in parts], axis=1)
    rows = [(row, *map(_cell, line)) for row, line in zip(parts[0].rows, values.tolist(), strict=True)]
    return Table(", ".join(dict.fromkeys(filter(None, names))), ("", *heads), tuple(rows))


def _cell(value: str | float) -> str | float:
    """Text and numbers as they are; nothing where there is no number."""
    return "" if value != value else value


def cell_text(value: str | float) -> str:
    """A cell as people read it: four digits."""
    return value if isinstance(value, str) else digits(value)


def as_csv(some: Iterable[Table]) -> str:
    """All tables as one, tidy: part, row, column, value; numbers with all digits that float32 has."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("part", "row", "column", "value"))
    for each in some:
        for name, *values in each.rows:
            table.writerows((each.caption, name, head, _digits(value)) for head, value in zip(each.head[1:], values, strict=True))
    return text.getvalue()


def _digits(value: str | float) -> str:
    return value if isinstance(value, str) else str(np.float32(value))
