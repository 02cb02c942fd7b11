"""A chart of Altair for those who do not see it: a sentence with its main number, and its numbers as a table."""

from __future__ import annotations

import csv
from io import StringIO

from viz.charts.parts.descriptions import Table, cell_text

NUMBERS = "quantitative"


def spec_description(spec: dict) -> str:
    """What is drawn, how many numbers, and the largest of them with whom it belongs to."""
    title, table = spec_title(spec), spec_table(spec)
    cells = [
        (value, row, head)
        for row, *values in table.rows
        for head, value in zip(table.head[1:], values, strict=True)
        if not isinstance(value, str)
    ]
    if not cells:
        return f"Chart: {title}."
    value, row, head = max(cells, key=lambda cell: cell[0])
    return f"Chart: {title}. {len(table.rows)} rows, {len(table.head) - 1} columns. Largest: {row}, {head}: {cell_text(value)}."


def spec_tables(spec: dict) -> list[Table]:
    """Its one table, as `tables` of a figure has several."""
    return [spec_table(spec)]


def spec_table(spec: dict) -> Table:
    """The rows of the first layer that has hovers: one row a token, one column a place; or its numbers as they are."""
    fields, rows = _hovered(spec)
    values = [name for name, kind in fields.items() if kind == NUMBERS]
    labels = [name for name in fields if name not in (*values, "token", "n")]
    if len(values) == 1 and "token" in fields:
        heads = list(dict.fromkeys(_labelled(row, labels) for row in rows))
        cells: dict[str, dict[str, float]] = {}
        for row in rows:
            cells.setdefault(f"{row['token']} ({row['n']})", {})[_labelled(row, labels)] = float(row[values[0]])
        return Table(
            spec_title(spec), ("", *heads), tuple((name, *(line.get(head, "") for head in heads)) for name, line in cells.items())
        )
    return Table(spec_title(spec), ("", *values), tuple((_first(row), *(float(row[name]) for name in values)) for row in rows))


def _labelled(row: dict[str, str], labels: list[str]) -> str:
    return " ".join(f"{name} {row[name]}" if row[name].isdigit() else row[name] for name in labels)


def _first(row: dict[str, str]) -> str:
    name, value = next(iter(row.items()))
    return f"{name} {value}"


def spec_title(spec: dict) -> str:
    """What the vertical axis is called."""
    titles = (layer.get("encoding", {}).get("y", {}).get("title") for layer in _layers(spec))
    return next((title for title in titles if title), "")


def _layers(spec: dict) -> list[dict]:
    return spec["layer"][0]["layer"]


def _hovered(spec: dict) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Fields of the hover, with their kinds, and the rows that have them; a layer without rows of its own shares those above it."""
    shared = spec["layer"][0]["data"]
    candidates = []
    for layer in _layers(spec):
        tips = layer.get("encoding", {}).get("tooltip", [])
        rows = list(csv.DictReader(StringIO(layer.get("data", shared)["values"])))
        fields = {tip["field"]: tip["type"] for tip in tips}
        if fields and rows and fields.keys() <= rows[0].keys():
            candidates.append((fields, rows))
    return max(candidates, key=lambda candidate: len(candidate[1]), default=({}, []))
