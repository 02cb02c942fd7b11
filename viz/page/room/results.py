"""What a class has answered, as a table that a spreadsheet opens. There are made-up names in it and nothing of anybody's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

COLUMNS = ("lesson", "step", "sentence", "question", "made-up name", "answer", "right", "minutes since the room was opened")
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so


def results_csv(rows: Iterable[tuple]) -> bytes:
    """CSV, UTF-8 with the mark that spreadsheets look for. rows: see `Rooms.results`."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for lesson, part, *texts, is_right, minutes in rows:
        writer.writerow([lesson, part, *map(_cell, texts), "yes" if is_right else "no", f"{minutes:.1f}"])
    return out.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text
