"""What `python -m model.growth` has measured, as it is stored beside the recurrent translator: growth.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.instrument.beside import explained, read_measured, whole_number
from model.instrument.checkpoint import is_number
from model.transformer.config import briefly

FILE = "growth.json"
LENGTHS = (2, 4, 8, 16, 32, 64, 128, 256)  # tokens of the source, and of the target
MOST_LENGTHS = 64  # rows of a file, and of its scores


@dataclass(frozen=True)
class Times:
    """Both translators at one length; in each pair the transformer comes first."""

    tokens: int  # of the source, and of the target
    reading: tuple[float, float]  # seconds: source to the states of the stack that reads it
    whole: tuple[float, float]  # seconds: a pass over source and target, both known


@dataclass(frozen=True)
class GrowthRecord:
    """Two translators beside each other while the sentence grows; in each pair the transformer comes first."""

    device: str  # "cpu", ...
    threads: int  # of torch, on a CPU
    rows: tuple[Times, ...]
    scores: tuple[
        tuple[int, float, float], ...
    ]  # (sentences read as one, BLEU greedy, BLEU greedy); none where none was translated


def save_growth(folder: Path, record: GrowthRecord, hashes: Sequence[str]) -> None:
    """Write growth.json, bound to both models. hashes: of the weights of the transformer, then of this one."""
    rows = [{"tokens": row.tokens, "reading": row.reading, "whole": row.whole} for row in record.rows]
    content = {
        "weights_sha256": hashes[1], "against_sha256": hashes[0], "device": record.device, "threads": record.threads, "rows": rows,
        "scores": {str(count): both for count, *both in record.scores},
    }  # fmt: skip
    (folder / FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_growth(folder: Path, hashes: Sequence[str]) -> GrowthRecord | None:
    """The record beside a recurrent translator; None where none was measured on the weights of these two.

    Raises CheckpointError that names a damaged file.
    """
    content = read_measured(folder, FILE, hashes[1])
    if content is None:
        return None
    with explained(folder / FILE):
        if content["against_sha256"] != hashes[0]:
            return None
        rows = tuple(_times(row) for row in _listed(content["rows"], "rows"))
        scores = tuple((int(count), *_pair(score, "scores", 100)) for count, score in content["scores"].items())
        if not isinstance(content["device"], str):
            raise ValueError(f"device must be a text, not {briefly(content['device'])}")
        return GrowthRecord(content["device"], whole_number(content["threads"], "threads", 1), rows, scores)


def _times(row: Any) -> Times:
    return Times(whole_number(row["tokens"], "tokens", 1), _pair(row["reading"], "reading"), _pair(row["whole"], "whole"))


def _listed(values: Any, name: str) -> list[Any]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_LENGTHS:
        raise ValueError(f"{name} must be a list of 1 to {MOST_LENGTHS} rows, not {briefly(values)}")
    return values


def _pair(values: Any, name: str, most: float = float("inf")) -> tuple[float, float]:
    if not isinstance(values, list) or len(values) != 2 or not all(is_number(value, 0, most) for value in values):
        raise ValueError(f"{name} must be two numbers, one a model, not {briefly(values)}")
    return float(values[0]), float(values[1])
