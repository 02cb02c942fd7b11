"""Parallel against recurrent: the lines are the numbers of the passes and of the record."""

from __future__ import annotations

import pytest
from support.handmade import RECURRENT, trace_of

from model.analysis.sequential import chain
from model.measuring.growth_record import LENGTHS, GrowthRecord, Times
from viz.charts import chain_lines, score_lines, time_lines
from viz.charts.growth import longest, machine

RECORD = GrowthRecord(
    "cpu", 1, (Times(2, (0.001, 0.002), (0.003, 0.004)), Times(8, (0.01, 0.02), (0.03, 0.04))), ((1, 40.0, 30.0), (2, 9.0, 3.0))
)


def lines(figure) -> dict[str, tuple]:
    """Values by the name of their line."""
    return {part.name: tuple(part.y) for part in figure.data}


def test_what_waits_is_counted_from_the_anatomies(tiny_translator):
    """Both models at every length; the line on the longest sentence of the two passes."""
    traces = tiny_translator.trace("The cat sat."), trace_of(RECURRENT)
    found = lines(chain_lines(traces))
    for name, trace in zip(("transformer", "recurrent"), traces, strict=True):
        chains = [chain(trace.anatomy, length, length) for length in LENGTHS]
        assert found[name] == tuple(one.whole for one in chains) and found[f"{name}, writing"] == tuple(
            one.writing for one in chains
        )
    assert (
        chain_lines(traces).layout.shapes[0].x0
        == longest(traces)
        == max(len(one) for each in traces for one in (each.source, each.labels))
    )


def test_times_and_scores_are_those_of_the_record():
    """In milliseconds, and BLEU; the machine in words. Without scores there is nothing to draw."""
    assert lines(time_lines(RECORD)) == {
        "transformer": (3.0, 30.0), "transformer, reading": (1.0, 10.0), "recurrent": (4.0, 40.0), "recurrent, reading": (2.0, 20.0),
    }  # fmt: skip
    assert lines(score_lines(RECORD)) == {"transformer": (40.0, 9.0), "recurrent": (30.0, 3.0)}
    assert machine(RECORD) == "a CPU, 1 thread" and machine(GrowthRecord("cuda", 1, (), ())) == "a cuda device"
    with pytest.raises(ValueError, match="python -m model.growth"):
        score_lines(GrowthRecord("cpu", 1, RECORD.rows, ()))
