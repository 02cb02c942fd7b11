"""Charts against the tensors they draw: numbers, labels, words in the hover, masked cells, sizes."""

import base64
import csv
import itertools
import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.random_trace import KINDS, SIDES, attention, layer, make_trace

from model.analysis import attention as analysis
from model.trace.intervention import Intervention
from model.trace.trace import Trace
from model.transformer.positions import sinusoids
from viz import charts
from viz.charts.residual import MANY, spread_apart
from viz.theme import DARK, LIGHT


def all_charts(trace: Trace, colours=LIGHT) -> dict:
    """Every chart of one trace, by name."""
    found = {
        f"head {kind}": charts.head_heatmap(trace, kind, 1, 0, colours, cell=(0, 0)) for kind in ("encoder", "decoder", "cross")
    }
    found["difference"] = charts.difference_heatmap(trace, trace, "cross", 0, 1, colours)
    found["waves"] = charts.encoding_waves(trace.positions["encoder"], colours=colours)
    found["plain"] = charts.encoding_heatmap(trace.positions["encoder"], colours=colours)
    for side in ("encoder", "decoder"):
        for chart in (charts.encoding_heatmap, charts.position_similarity, charts.added_to_sentence, charts.added_norms,
                      charts.residual_norms, charts.written_shares):  # fmt: skip
            found[f"{chart.__name__} {side}"] = chart(trace, side, colours)
    return found


def payload(chart, validate: bool = True) -> str:
    """What travels to the browser; validate: hold an Altair chart against the schema of Vega-Lite, most of the time it takes."""
    return chart.to_json() if hasattr(chart, "to_plotly_json") else json.dumps(chart.to_dict(validate=validate))


def rows_of(chart) -> list[dict]:
    """The tidy rows inside an Altair chart, from its CSV text or its list, all data sets together."""
    spec, found = chart.to_dict(validate=False), []
    named = spec.get("datasets", {})

    def visit(part: dict) -> None:
        data = part.get("data") or {}
        values = data.get("values", named.get(data.get("name"), []))
        found.extend(csv.DictReader(StringIO(values)) if isinstance(values, str) else values)
        for inner in part.get("layer", []):
            visit(inner)

    visit(spec)
    return found


@pytest.mark.parametrize(
    ("sizes", "colours"), [((1, 1), LIGHT), ((2, 9), DARK), ((9, 7), LIGHT), ((24, 20), DARK), ((70, 3), LIGHT)]
)
def test_every_chart_of_every_size_is_json(sizes, colours):
    """Both schemes: what a chart does with a colour has nothing to do with its size. Tokens are never markup."""
    for name, chart in all_charts(make_trace(*sizes), colours).items():
        text = payload(chart)
        assert json.loads(text), name
        if hasattr(chart, "to_plotly_json"):
            text = text.replace("\\u003c", "<").replace("\\u003e", ">")
            assert "<script" not in text and "</s>" not in text and "<s>" not in text and "$x$" not in text, name


@pytest.mark.parametrize("count", [MANY, 500])  # as many lines as there can be, and the longest sentence
def test_long_sentences_stay_small(count):
    for name, chart in all_charts(make_trace(count, count)).items():
        size = len(payload(chart, validate=False)) / 1e6
        limit = 2.1 if hasattr(chart, "to_plotly_json") else 0.5
        assert size < limit, (name, count, size)


@KINDS
def test_a_head_is_drawn_to_the_last_digit(kind):
    trace = make_trace()
    figure = charts.head_heatmap(trace, kind, 1, 1)
    drawn = np.array(layer(figure, "weights").z)
    mask = trace.attention[kind].mask[1, 0].numpy()
    assert np.array_equal(drawn[mask], trace.attention[kind].weights[1, 1].numpy()[mask])
    assert np.isnan(drawn[~mask]).all()  # not allowed is not zero
    assert (layer(figure, "weights").zmin, layer(figure, "weights").zmax) == (0, 1)
    assert any(trace.name == "masked" for trace in figure.data) == (kind == "decoder")


def test_numbers_travel_as_float32():
    spec = json.loads(charts.head_heatmap(make_trace(), "cross", 0, 0).to_json())
    z = next(trace for trace in spec["data"] if trace.get("name") == "weights")["z"]
    assert z["dtype"] == "f4" and len(base64.b64decode(z["bdata"])) == 4 * 7 * 9


@KINDS
def test_row_labels_name_what_is_read_and_what_is_produced(kind):
    trace = make_trace()
    layout = charts.head_heatmap(trace, kind, 0, 0).layout
    assert list(layout.yaxis.tickvals) == list(range(1, len(trace.queries(kind)) + 1))
    assert list(layout.xaxis.tickvals) == list(range(1, len(trace.keys(kind)) + 1))  # repeated pieces: one tick each
    assert "&lt;script&gt;" in layout.xaxis.ticktext[1 if kind == "decoder" else 0]
    assert layout.yaxis.range[0] > layout.yaxis.range[1] and layout.xaxis.side == "top"
    if kind != "encoder":
        assert "&lt;s&gt; →" in layout.yaxis.ticktext[0] and layout.yaxis.ticktext[0].endswith("&lt;script&gt;")
        assert layout.yaxis2.ticktext[4] == "Producing “cat” (reading “&amp;amp;”), this head attends to"
        assert layout.yaxis2.ticktext[5] == "Producing “cat” (reading “cat”), this head attends to"
    else:
        assert layout.yaxis2.ticktext[4] == "“cat” attends to"


def test_a_cell_is_outlined_where_it_is():
    (shape,) = charts.head_heatmap(make_trace(), "cross", 0, 0, cell=(2, 3)).layout.shapes
    assert (shape.x0, shape.x1, shape.y0, shape.y1) == (3.5, 4.5, 2.5, 3.5)
    with pytest.raises(ValueError, match="outside"):
        charts.head_heatmap(make_trace(), "cross", 0, 0, cell=(7, 0))


def test_a_head_that_does_not_exist_is_named():
    for wrong in (("cross", 2, 0), ("cross", 0, -1), ("both", 0, 0)):
        with pytest.raises(ValueError):
            charts.head_heatmap(make_trace(), *wrong)


def test_rows_without_any_key_say_so():
    trace = make_trace()
    mask = torch.ones(7, 9, dtype=torch.bool)
    mask[3] = False
    masked = replace(trace, attention={**trace.attention, "cross": attention(7, 9, mask)})
    (words,) = charts.head_heatmap(masked, "cross", 0, 0).layout.annotations
    assert words.text == "Row 4: every key is masked, so it attends to nothing."
    nothing = replace(trace, attention={**trace.attention, "cross": attention(7, 9, torch.zeros(7, 9, dtype=torch.bool))})
    (words,) = charts.head_heatmap(nothing, "cross", 0, 0).layout.annotations
    assert "no row" in words.text
    assert charts.head_sentence(nothing, "cross", 0, 0)[2].endswith("masked: may not attend")


def test_the_sentence_prefers_words():
    trace = make_trace()
    weights = torch.full((2, 2, 7, 9), 0.01)
    weights[0, 0, 2, 8] = 0.9  # produces "$x$", attends to </s>
    weights[0, 0, 4, 5] = 0.6  # produces "cat", attends to the second "cat"
    changed = replace(trace, attention={**trace.attention, "cross": replace(trace.attention["cross"], weights=weights)})
    assert charts.head_sentence(changed, "cross", 0, 0) == (4, 5, "Producing “cat”, this head attends to “cat”: 0.60")
    for kind in ("encoder", "decoder", "cross"):
        query, key, text = charts.head_sentence(trace, kind, 1, 1)
        assert f"{float(trace.attention[kind].weights[1, 1, query, key]):.2f}" in text


def test_a_difference_is_after_minus_before():
    before, after = make_trace(seed=1), make_trace(seed=2)
    drawn = layer(charts.difference_heatmap(before, after, "encoder", 1, 0), "difference")
    expected = after.attention["encoder"].weights[1, 0] - before.attention["encoder"].weights[1, 0]
    assert np.allclose(np.array(drawn.z), expected.numpy()) and (drawn.zmin, drawn.zmax) == (-1, 1)


@SIDES
def test_positions_are_what_was_added(side):
    trace = make_trace()
    assert np.array_equal(np.array(layer(charts.encoding_heatmap(trace, side), "encoding").z), trace.positions[side].numpy())
    panels = charts.added_to_sentence(trace, side).data[:3]
    assert np.allclose(np.array(panels[0].z) + np.array(panels[1].z), np.array(panels[2].z))
    norms = charts.added_norms(trace, side)
    assert np.allclose(layer(norms, "token part").x, trace.embeddings[side].norm(dim=1).numpy())
    assert np.allclose(layer(norms, "cosine").x, analysis.input_parts(trace, side)["cosine"].numpy())


def test_moved_positions_are_labelled():
    trace = make_trace()
    flipped = replace(
        trace,
        intervention=Intervention(source_positions="reversed"),
        positions={**trace.positions, "encoder": trace.positions["encoder"].flip(0)},
    )
    layout = charts.encoding_heatmap(flipped).layout
    assert "at 9" in layout.yaxis.ticktext[0] and "at " not in layout.yaxis.ticktext[4]
    assert "told it is at position 9" in layout.yaxis2.ticktext[0]
    nothing = replace(
        trace, intervention=Intervention(source_positions="none"), positions={**trace.positions, "encoder": torch.zeros(9, 16)}
    )
    assert "every number is 0" in charts.encoding_heatmap(nothing).layout.annotations[0].text


def test_waves_name_wavelengths_only_where_there_are_any():
    plain = sinusoids(torch.arange(40), 16)
    figure = charts.encoding_waves(plain)
    assert [trace.name.split(",")[0] for trace in figure.data] == ["dimension 0", "dimension 2", "dimension 4", "dimension 8"]
    assert "wavelength 6.3 positions" in figure.data[0].name
    assert np.array_equal(np.array(figure.data[3].y), plain[:, 8].numpy())
    assert "wavelength" not in charts.encoding_waves(torch.randn(40, 16)).data[0].name


@SIDES
def test_residual_charts_hold_every_token(side):
    trace = make_trace()
    norms, shares = analysis.residual_norms(trace, side), analysis.written_shares(trace, side)
    lines = [row for row in rows_of(charts.residual_norms(trace, side)) if "after" in row]
    assert len(lines) == norms.numel()
    for row in lines:
        assert float(row["norm"]) == pytest.approx(float(norms[int(row["point"]), int(row["n"]) - 1]), abs=1e-4)
    rows = rows_of(charts.written_shares(trace, side))
    means = [float(row["share"]) for row in rows if "low" in row]
    assert means == pytest.approx(shares.mean(dim=1).tolist(), abs=1e-4)
    assert sorted(float(row["share"]) for row in rows if "n" in row) == pytest.approx(sorted(shares.flatten().tolist()), abs=1e-4)


@SIDES
@pytest.mark.parametrize("count", [7, 70])
def test_shared_rows_stay_inside_the_chart(side, count):
    for chart in (charts.residual_norms, charts.written_shares):
        assert "data" not in chart(make_trace(count, count), side).properties(height=300).to_dict(
            validate=False
        )  # Streamlit reads data there


def test_labels_at_line_ends_keep_their_order_and_distance():
    places = spread_apart([5.0, 1.0, 1.1, 1.05, 9.0], 0.5)
    assert places[1] < places[3] < places[2] < places[0] < places[4]
    ordered = sorted(places)
    assert all(after - before >= 0.5 - 1e-9 for before, after in itertools.pairwise(ordered))
    assert places[4] == 9.0 and spread_apart([], 1.0) == []


@given(st.lists(st.floats(0, 10), max_size=12))
def test_labels_at_line_ends_stay_inside_the_chart(values):
    places = spread_apart(values, 0.5, 0.2, 10.0)
    assert all(0.2 - 1e-9 <= place <= 10 + 1e-9 for place in places)
    assert all(after - before >= 0.5 - 1e-9 for before, after in itertools.pairwise(sorted(places)))
    assert sorted(range(len(values)), key=lambda at: (values[at], at)) == sorted(range(len(values)), key=places.__getitem__)
