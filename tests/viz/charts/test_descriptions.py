"""What a figure says to those who do not see it: its sentence, its tables and their file."""

from __future__ import annotations

import csv
import pickle
from io import StringIO

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.random_trace import KINDS, SIDES, make_trace

from viz import charts
from viz.charts.parts.descriptions import Table, alternative, as_csv, cell_text, tables, with_description
from viz.charts.parts.series import array, series
from viz.charts.parts.signs import with_signs
from viz.charts.parts.specs import spec_description, spec_table


@pytest.fixture(scope="module")
def trace():
    return make_trace()


@KINDS
def test_a_matrix_has_its_own_numbers_and_the_names_of_its_rows(trace, kind):
    """Every weight stands in the table, every row and column under its token, markup and all."""
    figure = charts.head_heatmap(trace, kind, 1, 0)
    table = tables(figure)[-1]
    weights = trace.attention[kind].weights[1, 0].numpy()
    allowed = trace.attention[kind].mask[1, 0].numpy()
    cells = np.array([[np.nan if cell == "" else cell for cell in line] for _, *line in table.rows], dtype=float)
    assert np.allclose(cells[allowed], weights[allowed]) and np.isnan(cells[~allowed]).all()
    assert len(table.head) == 1 + weights.shape[1] and "“<script>”" in " ".join(table.head)
    names = " ".join(name for name, *_ in table.rows)
    assert "“<script>”" in names and "attends" not in names


@KINDS
def test_the_sentence_has_the_main_number_in_the_words_of_its_hover(trace, kind):
    """The largest weight and both its tokens, in the page's own notation."""
    weights = trace.attention[kind].weights[0, 1]
    part = series(charts.head_heatmap(trace, kind, 0, 1))[-1]
    row, column = part.strongest()
    assert float(weights[row, column]) == float(weights.max())
    assert f"{float(weights.max()):.2f}" in alternative(charts.head_heatmap(trace, kind, 0, 1))


def test_a_pickled_figure_says_the_same(trace):
    """Plotly keeps arrays in another way then; the sentence is made once and travels with the figure."""
    figure = with_description(with_signs(charts.head_heatmap(trace, "cross", 0, 0)))
    again = pickle.loads(pickle.dumps(figure))
    assert alternative(again) == alternative(figure) == figure.layout.meta["alt"]
    assert tables(again) == tables(figure)


@SIDES
def test_lines_and_bars_are_columns_of_one_table(trace, side):
    """Norms of tokens and their positions, and the cosine of both: a row a token."""
    figure = charts.added_norms(trace, side)
    [table] = tables(figure)
    norms = trace.embeddings[side].norm(dim=-1).tolist()
    assert [row[1] for row in table.rows] == pytest.approx(norms)
    assert len(table.head) == 5 and "token 1" in table.rows[0][0]


def test_points_that_stand_for_no_number_say_what_their_hover_says():
    """Maps of pieces: a line a point, its name first."""
    figure = go.Figure(
        go.Scatter(x=[1, 2], y=[3, 4], hovertext=["“a”<br>near <b>“b”</b>", "“&lt;c&gt;”"], hoverinfo="text", name="pieces")
    )
    assert tables(figure) == [Table("pieces", ("", "pieces"), (("“a”", "near “b”"), ("“<c>”", "")))]
    assert alternative(figure) == "Points. pieces: 2 points. Last: “<c>”."


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=6))
def test_the_file_holds_every_number(values):
    """float32 in, float32 out, one line a cell, whatever the names hold."""
    table = Table('a "part"', ("", "x,y"), tuple((f"row\n{at}", value) for at, value in enumerate(values)))
    rows = list(csv.DictReader(StringIO(as_csv([table]))))
    assert [np.float32(row["value"]) for row in rows] == [np.float32(value) for value in values]
    assert {row["part"] for row in rows} == {'a "part"'} and rows[0]["row"] == "row\n0" and rows[0]["column"] == "x,y"


@given(st.floats(-1e6, 1e6))
def test_cells_are_written_with_a_real_minus(value):
    assert "-" not in cell_text(value) and (value >= 0 or cell_text(value).startswith("−"))
    assert cell_text("masked") == "masked"


def test_a_matrix_with_itself_is_described_beside_its_diagonal():
    """A cosine of 1 with itself is no news."""
    values = np.array([[1.0, 0.2, 0.7], [0.2, 1.0, 0.1], [0.7, 0.1, 1.0]])
    figure = go.Figure(
        go.Heatmap(z=values, x=["a", "b", "c"], y=["a", "b", "c"], hovertemplate="%{y} and %{x}: <b>%{z:.1f}</b><extra></extra>")
    )
    assert "a and c: 0.7" in alternative(figure)


@SIDES
@pytest.mark.parametrize("chart", [charts.residual_norms, charts.written_shares])
def test_charts_of_altair_have_a_sentence_and_a_table(trace, side, chart):
    """A row a token, a column a place; the sentence names the largest."""
    spec = chart(trace, side).to_dict(validate=False)
    table = spec_table(spec)
    cells = [cell for _, *line in table.rows for cell in line]
    assert len(table.rows) == len(trace.tokens(side)) and all(isinstance(cell, float) for cell in cells)
    assert cell_text(max(cells)) in spec_description(spec)
    if chart is charts.residual_norms:
        assert cells[0] == pytest.approx(float(trace.residual[side].states[0, 0].norm()), abs=1e-3)


def test_a_long_text_is_described_by_its_bands():
    """Median and quarters over tokens instead of tokens."""
    spec = charts.residual_norms(make_trace(source=90), "encoder").to_dict(validate=False)
    table = spec_table(spec)
    assert (
        "median" in table.head
        and len(table.rows) == 5
        and cell_text(max(row[-1] for row in table.rows)) in spec_description(spec)
    )


def test_arrays_come_back_as_they_were():
    """As Plotly packs them, with one axis or two."""
    for values in (np.arange(3.0), np.arange(6, dtype=np.int8).reshape(2, 3)):
        packed = go.Figure(go.Heatmap(z=values)).to_dict()["data"][0]["z"]
        assert np.array_equal(array(packed), values)
