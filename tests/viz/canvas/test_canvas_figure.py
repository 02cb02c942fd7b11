"""Flat figures for the canvas: what is packed is what Plotly would draw, and the charts ask for nothing that the canvas cannot do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go
import pytest
from support.random_trace import BOTH, make_trace

from viz import charts
from viz.canvas import is_flat, pack_figure
from viz.canvas.shared.packing import split
from viz.page import caches

# What the canvas reads of a part, of the layout and of an axis; and what is only there for Plotly in the browser or a notebook.
PARTS = set(
    "type name x x0 dx y y0 dy z xaxis yaxis zmin zmax colorscale coloraxis colorbar showscale xgap ygap customdata text hovertext "
    "hovertemplate hoverinfo texttemplate textfont textposition opacity orientation width marker line mode cliponaxis connectgaps "
    "showlegend".split()
)
LAYOUTS = set(
    "annotations bargap coloraxis dragmode font height legend margin plot_bgcolor shapes showlegend title width".split()
)
AXES = set(
    "anchor autorange constrain constraintoward domain dtick exponentformat fixedrange gridcolor linecolor matches nticks overlaying "
    "range rangemode scaleanchor scaleratio showgrid showline showticklabels side tickangle tickfont tickformat ticklabelstandoff "
    "ticktext tickvals title type zeroline zerolinecolor zerolinewidth".split()
)
FOR_PLOTLY = set(
    "hoverongaps constraintext insidetextanchor legendgroup hoverlabel modebar template paper_bgcolor hovermode automargin ticks "
    "tickmode mirror".split()
)


def flat_charts(colours=None) -> Iterator[tuple[str, go.Figure]]:
    """Charts of one trace, with masked cells, panels, bars, lines and points."""
    trace, look = make_trace(), {} if colours is None else {"colours": colours}
    for kind in ("encoder", "decoder", "cross"):
        yield f"head {kind}", charts.head_heatmap(trace, kind, 1, 0, cell=(0, 0), **look)
    yield "difference", charts.difference_heatmap(trace, trace, "cross", 0, 1, **look)
    yield "waves", charts.encoding_waves(trace.positions["encoder"], **look)
    for side in ("encoder", "decoder"):
        for chart in (charts.encoding_heatmap, charts.position_similarity, charts.added_to_sentence, charts.added_norms):
            yield f"{chart.__name__} {side}", chart(trace, side, **look)
        yield f"growth {side}", charts.token_growth(trace, side, 1, **look)
        yield f"paths {side}", charts.token_paths(trace, side, 0, 2, **look)
    yield "qkv", charts.query_key_value(trace, "cross", 0, 1, cell=(1, 2), **look)


def unpacked(figure: go.Figure) -> tuple[dict, list[dict]]:
    """Layout and parts as the browser has them, arrays in place."""
    header, values = split(pack_figure(figure))

    def read(value):
        if isinstance(value, dict) and "shape" in value:
            return values[value["at"] : value["at"] + int(np.prod(value["shape"]))].reshape(value["shape"])
        return {name: read(item) for name, item in value.items()} if isinstance(value, dict) else value

    return header["layout"], [read(part) for part in header["data"]]


@BOTH
def test_what_is_packed_is_what_plotly_would_draw(colours):
    """All numbers of all parts that are seen, in order; every figure of the flat charts; the same figure has the same bytes."""
    again = dict(flat_charts(colours))
    for name, figure in flat_charts(colours):
        assert is_flat(figure) and pack_figure(figure) == pack_figure(again[name]), name
        layout, parts = unpacked(figure)
        seen = [part for part in figure.data if part.type != "scatter" or part.marker.opacity != 0]
        assert [part["type"] for part in parts] == [part.type for part in seen] and layout["height"] == figure.layout.height
        for mine, theirs in zip(parts, seen, strict=True):
            for axis in "xyz":
                values = np.asarray(theirs[axis] if axis in theirs else None)  # noqa: SIM401  a part of Plotly has no `get`
                if values.dtype.kind in "fiu":
                    np.testing.assert_array_equal(np.asarray(mine[axis], np.float32), values.astype(np.float32), name)


def test_gaps_stay_gaps():
    """Of a matrix NaN, of a list null: neither is drawn."""
    cells, line = go.Heatmap(z=np.array([[0.5, np.nan]], np.float32)), go.Scatter(x=[1, 2, 3], y=[1.0, float("nan"), None])
    _, parts = unpacked(go.Figure([cells, line]))
    assert np.isnan(parts[0]["z"]).tolist() == [[False, True]]
    assert parts[1]["y"] == [1.0, None, None] or np.isnan(parts[1]["y"]).tolist() == [False, True, True]


def test_the_canvas_knows_everything_that_charts_ask_for():
    """What it ignored would be missing on the page while a notebook shows it."""
    for name, figure in flat_charts():
        layout, parts = unpacked(figure)
        assert set().union(*parts) <= PARTS | FOR_PLOTLY, name
        axes = {key for key in layout if key.startswith(("xaxis", "yaxis"))}
        assert set(layout) - axes <= LAYOUTS | FOR_PLOTLY, name
        assert set().union(*(layout[key] for key in axes)) <= AXES | FOR_PLOTLY, name


def test_what_stands_in_space_stays_with_plotly():
    """It is said in words, and a picture of it is kept as a figure."""
    figure = charts.token_paths(make_trace(), "encoder", 0, 3)
    assert not is_flat(figure)
    with pytest.raises(ValueError, match="scatter3d"):
        pack_figure(figure)
    caches.clear()
    assert isinstance(caches.picture("space", "kept", build=lambda: figure), go.Figure)
    flat = charts.token_growth(make_trace(), "encoder", 0)
    assert caches.picture("flat", "kept", build=lambda: flat) == pack_figure(flat)
    caches.clear()
