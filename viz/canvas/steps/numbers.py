"""A calculation that is drawn step by step, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy

from viz.canvas.shared import packing


def steps_numbers(packed: bytes) -> Iterator[tuple[str, list[str], list[str], list[list[float]]]]:
    """The stages of `pack_steps` as numbers: (title, names of rows, names of columns, cells), a table for each width.

    Vectors are rows over their dimensions; of what there is one a key, every key has its own.
    """
    header, body = packing.split(packed)
    arrays = {
        name: body[place["start"] :][: int(numpy.prod(place["shape"]))].reshape(place["shape"])
        for name, place in header["arrays"].items()
    }
    keys = [f"“{key}” ({at})" for at, key in enumerate(header["keys"], start=1)]
    for stage_number, stage in enumerate(header["stages"], start=1):
        title = f"{stage_number} · {stage['title']}"
        vectors = [row for block in stage["blocks"] if "array" in block for row in _rows(block, header["arrays"], arrays, keys)]
        for width, rows in groupby(vectors, key=lambda row: len(row[1])):
            names, cells = zip(*rows, strict=True)
            yield title, list(names), [f"dimension {at}" for at in range(width)], [cell.tolist() for cell in cells]
        for columns in (block["columns"] for block in stage["blocks"] if block["type"] == "table"):
            cells = numpy.stack([arrays[column["array"]] for column in columns], axis=1).tolist()
            yield title, keys, [column["label"] for column in columns], cells


def _rows(block: dict, places: dict, arrays: dict[str, numpy.ndarray], keys: list[str]) -> list[tuple[str, numpy.ndarray]]:
    """The rows of a block: one, or one a key."""
    name, label = block["array"], block.get("label", "weight × value of {key}")
    if not places[name]["keyed"]:
        return [(label, arrays[name].reshape(-1))]
    every = label if "{key}" in label else f"{label}, {{key}}"
    return [(every.replace("{key}", key), row) for key, row in zip(keys, arrays[name], strict=True)]
