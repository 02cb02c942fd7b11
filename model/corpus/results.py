"""The results of a run as tidy tables in Parquet, for any tool that reads it, and as the JSON of the sheets.

measures.parquet   a row for every head and measure: mean score, null, their deviations, texts
attention.parquet  a row for every head and distance or class of key: share of its attention, and what an even one would give
tokens.parquet     a row for every head and token that it attends to or from: times, share or mean link
examples.parquet   a row for every example: the line, the link that shows it, its weight and the score of the text
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from model.corpus.examples import FIELDS, RANK, ROW, SCORE, WAYS, WEIGHT
from model.corpus.features import CLASSES, OFFSETS, measures_of
from model.corpus.sheets import FILE, make_sheets, save_sheets
from model.corpus.statistics import UNIT, HeadStatistics
from model.corpus.text import Text, find_lines

MOST_TOKENS = 200  # of a head in tokens.parquet, by what it attends to most

Row = dict[str, Any]


def write_results(folder: Path, statistics: HeadStatistics, text: Text, about: str, piece: Callable[[int], str]) -> list[Path]:
    """Write all files. Without pyarrow, the sheets alone. Returns their paths."""
    sheets = folder / FILE
    save_sheets(sheets, make_sheets(statistics, about, piece, lambda rows: find_lines(text, rows)))
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return [sheets]
    tables = {
        "measures": measure_rows(statistics), "attention": attention_rows(statistics), "tokens": token_rows(statistics, piece),
        "examples": example_rows(statistics, text),
    }  # fmt: skip
    paths = [sheets]
    for name, rows in tables.items():
        paths.append(folder / f"{name}.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(list(rows)), paths[-1])
    return paths


def measure_rows(statistics: HeadStatistics) -> Iterator[Row]:
    """Every head and measure."""
    for kind in statistics.anatomy.kinds:
        for at, measure in enumerate(measures_of(statistics.anatomy, kind.name)):
            (score, deviation), (null, null_deviation) = (
                statistics.spread(kind.name, at, *names) for names in (("scores", "squares"), ("chances", "chance squares"))
            )
            texts = int(statistics.totals[kind.name]["texts"][at])
            for layer, head in _heads(kind):
                numbers = {"score": score, "deviation": deviation, "null": null, "null_deviation": null_deviation}
                values = {name: float(table[layer, head]) for name, table in numbers.items()}
                yield {"kind": kind.name, "layer": layer, "head": head, "measure": measure, **values, "texts": texts}


def attention_rows(statistics: HeadStatistics) -> Iterator[Row]:
    """Every head, by distance and by class of the key."""
    for kind in statistics.anatomy.kinds:
        totals = statistics.totals[kind.name]
        queries = max(int(totals["queries"]), 1) * UNIT
        for by, names, what, even in (
            ("distance", OFFSETS, "offsets", "offset chances"), ("class", CLASSES, "classes", "class chances")
        ):  # fmt: skip
            for at, name in enumerate(names):
                for layer, head in _heads(kind):
                    share, chance = int(totals[what][at, layer, head]) / queries, int(totals[even][at, layer]) / queries
                    yield {
                        "kind": kind.name,
                        "layer": layer,
                        "head": head,
                        "by": by,
                        "name": name,
                        "share": share,
                        "even": chance,
                    }


def token_rows(statistics: HeadStatistics, piece: Callable[[int], str]) -> Iterator[Row]:
    """Every head, its MOST_TOKENS tokens on either side."""
    for kind in statistics.anatomy.kinds:
        tokens = statistics.tokens[kind.name]
        for layer, head in _heads(kind):
            for side, sums, counts in (("key", "received", "keys"), ("query", "links", "queries")):
                values, times = tokens.totals[sums][:, layer, head], tokens.totals[counts]
                best = values.topk(min(MOST_TOKENS, len(values)))
                for value, at in zip(best.values.tolist(), best.indices.tolist(), strict=True):
                    if value > 0:
                        token = {"token": int(tokens.ids[at]), "piece": piece(int(tokens.ids[at])), "times": int(times[at])}
                        yield {"kind": kind.name, "layer": layer, "head": head, "side": side, **token, "weight": value / UNIT}


def example_rows(statistics: HeadStatistics, text: Text) -> Iterator[Row]:
    """Every example of every measure."""
    found = []
    for kind in statistics.anatomy.kinds:
        entries = statistics.examples[kind.name].entries
        names = measures_of(statistics.anatomy, kind.name)
        for place in (entries[..., RANK] >= 0).nonzero().tolist():
            way, nth, measure, layer, head = place
            values = dict(zip(FIELDS[ROW:], entries[tuple(place)][ROW:].tolist(), strict=True))
            values |= {FIELDS[at]: values[FIELDS[at]] / UNIT for at in (SCORE, WEIGHT)}
            where = {
                "kind": kind.name,
                "layer": layer,
                "head": head,
                "measure": names[measure],
                "way": WAYS[way],
                "place": nth + 1,
            }
            found.append(where | values)
    lines = find_lines(text, {row["row"] for row in found})
    for row in found:
        yield row | {"source": lines[row["row"]].source, "target": lines[row["row"]].target}


def _heads(kind: Any) -> Iterator[tuple[int, int]]:
    return ((layer, head) for layer in range(kind.layers) for head in range(kind.heads))
