"""Two measures of every head against each other: which heads do two things, or one instead of the other."""

from __future__ import annotations

import plotly.graph_objects as go

from model.analysis.roles import ROLE, HeadMeasures
from viz.charts.parts.words import head_title
from viz.theme import LIGHT, Palette, kind_title, number, plotly_axis, plotly_layout, plotly_title, tinted

ENTROPY, DISTANCE = "entropy", "distance"
AXES = (ENTROPY, DISTANCE, *ROLE)
AXIS_TITLES = {
    ENTROPY: "entropy, share of ln(keys)", DISTANCE: "mean distance, positions", **{name: f"score of “{role.title}”" for name, role in ROLE.items()},
}  # fmt: skip
SIGNS = {"circle": "●", "square": "■", "diamond": "◆"}  # by kind, for those who do not see its colour
HEIGHT, ROOM = 360, 0.06  # px; free space around the points, as a share of the axis


def head_scatter(
    measures: HeadMeasures, x: str, y: str, colours: Palette = LIGHT, selected: tuple[str, int, int] | None = None, narrow: bool = False,
) -> go.Figure:  # fmt: skip
    """Every head as a point, along two of AXES: "entropy" (share of the largest possible, 0 to 1), "distance" (positions, self-attention
    alone) or a role (its score, 0 to 1). A kind of attention in which one of the two is not defined has no points.

    selected: (kind, layer, head) with a ring. `customdata` is the head's place among those of its kind, layer after layer. narrow: for a phone.
    Raises ValueError for an unknown measure.
    """
    if unknown := {x, y} - set(AXES):
        raise ValueError(f"An axis must be one of {', '.join(AXES)}, not {', '.join(sorted(unknown))}.")
    parts = []
    for at, (kind, statistics) in enumerate(measures.statistics.items()):
        across, up = (_values(measures, kind, name) for name in (x, y))
        if across is None or up is None:
            continue
        heads = statistics["entropy"].shape[1]
        places = [(kind, *divmod(index, heads)) for index in range(len(across))]
        rings = [colours.ink if place == selected else colours.card for place in places]
        texts = [
            f"<b>{head_title(*place)}</b><br>{AXIS_TITLES[x]} {number(first)}<br>{AXIS_TITLES[y]} {number(second)}"
            for place, first, second in zip(places, across, up, strict=True)
        ]
        parts.append(
            go.Scatter(
                x=across, y=up, mode="markers", name=kind, customdata=list(range(len(places))), hovertext=texts, hoverinfo="text",
                marker={"color": colours.kind(kind), "size": [15 if place == selected else 10 for place in places], "symbol": list(SIGNS)[at % len(SIGNS)],
                        "line": {"color": rings, "width": [2 if place == selected else 1 for place in places]}},
            )
        )  # fmt: skip
    names = " · ".join(tinted(f"{SIGNS[part.marker.symbol]} {kind_title(part.name)}", colours.kind(part.name)) for part in parts)
    layout = plotly_layout(
        colours, title=plotly_title(colours, names or "no kind of attention has both measures"), height=300 if narrow else HEIGHT, showlegend=False,
        margin={"l": 56, "r": 12, "t": 40, "b": 48}, dragmode=False, hovermode="closest",
        xaxis=_axis(x, [value for part in parts for value in part.x], colours), yaxis=_axis(y, [value for part in parts for value in part.y], colours),
    )  # fmt: skip
    return go.Figure(parts, layout)


def _values(measures: HeadMeasures, kind: str, name: str) -> list[float] | None:
    """One measure of all heads of a kind, layer after layer; None where it is not defined."""
    values = measures.values(kind, "share" if name == ENTROPY else name)
    return None if values is None else values.flatten().tolist()


def _axis(name: str, values: list[float], colours: Palette) -> dict:
    """From 0 to the most that there is."""
    most = max([*values, 1e-3])
    room = ROOM * most
    return plotly_axis(
        colours, title=AXIS_TITLES[name], range=[-room, most + room], showgrid=True, fixedrange=True, automargin=False
    )
