"""Why this score: what of the query meets what of the key, and what a value was written by."""

from __future__ import annotations

import plotly.graph_objects as go
from torch import Tensor

from model.analysis.score_sources import ScoreSources, ValueSources
from viz.charts.parts.matrix import heatmap, matrix_figure, to_array
from viz.theme import LABEL_SIZE, LIGHT, Palette, diverging, markup, number, plotly_axis, plotly_layout, plotly_title, small

ROW = 22  # px: a bar with its gap


def score_sources_map(sources: ScoreSources, colours: Palette = LIGHT, narrow: bool = False) -> go.Figure:
    """Rows are what the query is made of, columns what the key is made of; all cells add up to the score. Symmetric about 0."""
    limit = max(1e-9, float(sources.parts.abs().max()))
    rows, columns = ([markup(name) for name in names] for names in (sources.asks, sources.answers))
    ticks = (
        [markup(name.removeprefix("layer ")) for name in sources.asks],
        [markup(name.removeprefix("layer ")) for name in sources.answers],
    )
    cells = heatmap(
        to_array(sources.parts), "%{y} of the query · %{x} of the key: <b>%{z:.3f}</b> of the score", name="score by sources",
        zmin=-limit, zmax=limit, colorscale=diverging(colours), showscale=False,
    )  # fmt: skip
    total = float(sources.parts.sum())
    title = f"parts of the score by layer: sum <b>{number(total, 3)}</b>, the pass has {number(sources.score, 3)}, apart by {small(sources.difference)}"
    return matrix_figure([cells], colours, ticks, (rows, columns), title, square=False, narrow=narrow)


def value_sources_bars(sources: ValueSources, colours: Palette = LIGHT) -> go.Figure:
    """How much of a value each source wrote: (part · value) / |value|², which add up to 1."""
    shares: Tensor = sources.shares
    values = [float(share) for share in shares]
    bars = go.Bar(
        x=values, y=list(range(len(values))), orientation="h", name="share of the value", customdata=[markup(name) for name in sources.names],
        marker={"color": [colours.negative if value < 0 else colours.positive for value in values]}, text=[number(value) for value in values],
        textposition="outside", textfont={"size": LABEL_SIZE, "color": colours.ink}, cliponaxis=False,
        hovertemplate="%{customdata}: <b>%{x:.3f}</b> of the value<extra></extra>",
    )  # fmt: skip
    low, high = min(0.0, *values), max(0.0, *values)
    reach = [low - 0.45 * (high - low), high + 0.42 * (high - low)]  # for the numbers, on a phone too
    left = round(max(map(len, sources.names)) * 0.52 * LABEL_SIZE) + 14
    layout = plotly_layout(
        colours, height=70 + ROW * len(values), margin={"l": left, "r": 8, "t": 44, "b": 8},
        title=plotly_title(colours, f"shares of the value: sum <b>{number(sum(values), 3)}</b>"),
        xaxis=plotly_axis(colours, showticklabels=False, fixedrange=True, range=reach, zeroline=True, zerolinecolor=colours.soft),
        yaxis=plotly_axis(colours, range=[len(values) - 0.5, -0.5], tickvals=list(range(len(values))), ticktext=sources.names,
                          fixedrange=True, automargin=False),
    )  # fmt: skip
    return go.Figure([bars], layout)
