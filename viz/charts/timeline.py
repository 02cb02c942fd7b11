"""From random to trained: what the model could do, and what its heads had become, at every moment that was kept."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from model.analysis.roles import ROLE
from model.measuring.timeline import Moment
from viz.charts.parts.matrix import heatmap, matrix_figure
from viz.theme import LABEL_SIZE, LIGHT, MONO, SANS, Palette, markup, mix, plotly_axis, plotly_colour_bar, plotly_layout


def timeline_curve(moments: list[Moment], index: int, colours: Palette = LIGHT) -> go.Figure:
    """Held-out cross-entropy (nats per token) and BLEU at every moment, evenly spaced; the chosen one (from 0) is marked."""
    places, steps = list(range(len(moments))), [f"{at.step:,}" for at in moments]
    lines = [
        go.Scatter(
            x=places, y=[getattr(at, field) for at in moments], yaxis=axis, mode="lines+markers", name=name, customdata=steps,
            line={"color": colour, "width": 2}, marker={"size": [13 if place == index else 6 for place in places]},
            hovertemplate=f"step %{{customdata}}: {name} <b>%{{y:.2f}}</b><extra></extra>",
        )
        for field, axis, name, colour in (
            ("dev_loss", "y", "cross-entropy, nats", colours.decoder), ("bleu", "y2", "BLEU", colours.encoder),
        )
    ]  # fmt: skip
    style = {"fixedrange": True, "automargin": False, "rangemode": "tozero"}
    bar = {
        "type": "line",
        "yref": "paper",
        "x0": index,
        "x1": index,
        "y0": 0,
        "y1": 1,
        "line": {"color": colours.soft, "width": 1, "dash": "dot"},
    }
    layout = plotly_layout(
        colours, height=130, margin={"l": 32, "r": 32, "t": 22, "b": 20}, showlegend=True, shapes=[bar],
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": LABEL_SIZE}, "itemclick": False},
        xaxis=plotly_axis(colours, tickvals=places, ticktext=steps, range=[-0.3, len(moments) - 0.7], fixedrange=True, automargin=False),
        yaxis=plotly_axis(colours, dtick=5, **style), yaxis2=plotly_axis(colours, side="right", overlaying="y", dtick=20, **style),
    )  # fmt: skip
    return go.Figure(lines, layout)


def role_history(moments: list[Moment], colours: Palette = LIGHT, index: int | None = None, narrow: bool = False) -> go.Figure:
    """How many heads had each role at every moment; the hover names them. Rows are roles, columns are training steps.

    index: the moment to frame, from 0. narrow: for a phone: steps in thousands.
    """
    names = [role for role in ROLE if any(at.roles.get(role) for at in moments)] or list(ROLE)
    counts = [[len(at.roles.get(role, [])) for at in moments] for role in names]
    heads = [[_named(at.roles.get(role, [])) for at in moments] for role in names]
    cells = heatmap(
        np.array(counts, dtype=np.float32), "%{y}, step %{x}: <b>%{z}</b> heads<br>%{customdata}", zmin=0, zmax=max(1, max(map(max, counts))), name="heads",
        colorscale=[[0, colours.card], [1, mix(colours.card, colours.encoder, 0.75)]], customdata=heads, text=counts,
        texttemplate="%{text}", textfont={"size": LABEL_SIZE, "color": colours.ink}, colorbar=plotly_colour_bar(colours, nticks=3),
    )  # fmt: skip
    titles, steps = [markup(ROLE[role].title) for role in names], [f"{at.step:,}" for at in moments]
    across = [_thousands(at.step) for at in moments] if narrow else steps
    title = f"heads that have the role, by training step{' in thousands' if narrow else ''}"
    figure = matrix_figure([cells], colours, (titles, across), (titles, steps), title, square=False, narrow=narrow)
    figure.layout.xaxis.update(tickangle=0, tickfont_family=SANS if narrow else MONO)
    if index is not None:
        box = {"x0": index + 0.5, "x1": index + 1.5, "y0": 0.5, "y1": len(names) + 0.5}
        figure.add_shape(type="rect", **box, line={"color": colours.ink, "width": 2})
    return figure


def _thousands(step: int) -> str:
    """0.3, 2, 70: what tells the moments apart in little room."""
    return f"{step / 1000:.1f}".removesuffix(".0")


def _named(heads: list[tuple[str, int, int]], most: int = 12) -> str:
    """encoder 2.8, cross 4.7, ...: layers and heads from 1."""
    names = ", ".join(f"{kind} {layer + 1}.{head + 1}" for kind, layer, head in heads[:most])
    return (names + (", …" if len(heads) > most else "")) or "none"
