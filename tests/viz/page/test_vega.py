"""Charts of Altair on the page: their tables apart from them, so that the same chart with other numbers stays alive."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from support.random_trace import make_trace

from viz import charts
from viz.page.parts.vega import tables_apart


@pytest.mark.parametrize("side", ["encoder", "decoder"])
@pytest.mark.parametrize("chart", [charts.residual_norms, charts.written_shares])
def test_charts_of_two_sentences_differ_in_their_tables_alone(chart, side):
    """Of another length and with other numbers."""
    first, second = (chart(make_trace(source=size, target=size + 1), side).to_dict(validate=False) for size in (4, 9))
    assert first != second
    ours, theirs = tables_apart(first), tables_apart(second)
    assert list(ours["datasets"]) == list(theirs["datasets"])
    assert {**ours, "datasets": None} == {**theirs, "datasets": None}


def test_a_table_has_the_rows_and_kinds_of_its_text():
    """Numbers are numbers, and a token that looks like one, or like nothing, stays a token; what has no rows stays where it is."""
    rows = "token,n,norm\n12,1,0.5\n,2,1.5\nNA,3,2.5\n"
    data = {"values": rows, "format": {"type": "csv", "parse": {"token": "string", "n": "number", "norm": "number"}}}
    spec = {"layer": [{"layer": [{"mark": "line"}], "data": data}, {"data": {"values": []}, "mark": "text"}]}
    apart = tables_apart(spec)
    [(name, table)] = apart["datasets"].items()
    assert apart["layer"] == [{"layer": [{"mark": "line"}], "data": {"name": name}}, {"data": {"values": []}, "mark": "text"}]
    assert table["token"].tolist() == [row["token"] for row in csv.DictReader(StringIO(rows))]
    assert table["norm"].tolist() == [0.5, 1.5, 2.5] and spec["layer"][0]["data"] is data
