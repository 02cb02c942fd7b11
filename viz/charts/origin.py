"""Where a target word comes from: several methods side by side, and how far they agree."""

from __future__ import annotations

import plotly.graph_objects as go
from torch import Tensor

from model.trace.tokens import Tokens
from viz.charts.parts.matrix import CELL, label_size, steps, text_width, to_array
from viz.charts.parts.narrow import wrapped
from viz.charts.parts.words import quoted_names, token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MONO,
    Palette,
    diverging,
    markup,
    number,
    plotly_axis,
    plotly_layout,
    plotly_title,
)

TOP = 62  # px above the bars: titles of the panels
PANEL = 84  # px of type in a panel on a wall
TALLEST = 900  # px of bars; longer sentences get thinner bars


def origin_bars(
    words: Tokens, scores: dict[str, Tensor], units: dict[str, str], colours: Palette = LIGHT, wall: bool = False,
) -> go.Figure:  # fmt: skip
    """One panel a method, one bar a source word: rows are the same in all panels, scales are each method's own.

    words: `model.analysis_words.join_pieces` of the source; scores: (word,) by the name of the method, its panel's title; units:
    what the numbers are. Bars below 0 speak against the target word. The largest of each panel, the word that speaks most for it, is drawn in full
    colour. wall: panels are narrow, so what the numbers are stands on several lines.
    """
    count = len(words)
    height = min(TALLEST, max(120, count * CELL))
    (values, texts), names = steps(token_ticks(words, colours)), [markup(name) for name in quoted_names(words)]
    size = label_size(len(values))
    left, parts, axes, titles = round(text_width(texts, size) + 16), [], {}, []
    width = 1 / len(scores)
    for index, (method, numbers) in enumerate(scores.items()):
        suffix = "" if index == 0 else str(index + 1)
        domain = [index * width + (0.012 if index else 0), (index + 1) * width - 0.012]
        parts.append(_panel(method, numbers, names, units[method], f"x{suffix}", colours))
        axes[f"xaxis{suffix}"] = plotly_axis(
            colours, domain=domain, anchor="y", showticklabels=False, range=_reach(numbers), fixedrange=True, zeroline=True,
            zerolinecolor=colours.soft, zerolinewidth=1,
        )  # fmt: skip
        unit = wrapped(units[method], PANEL) if wall else units[method]
        titles.append(_panel_title(method, unit, domain[0], colours))
    rows = plotly_axis(
        colours,
        range=[count + 0.5, 0.5],
        tickvals=values,
        ticktext=texts,
        automargin=False,
        ticklabelstandoff=6,
        tickfont={"family": MONO, "size": size, "color": colours.ink},
    )
    margin = {"l": left, "r": 8, "t": TOP, "b": 8}
    layout = plotly_layout(colours, height=height + TOP + 8, margin=margin, bargap=0.2, yaxis=rows, annotations=titles, **axes)
    return go.Figure(parts, layout)


def agreement_heatmap(agreement: Tensor, methods: list[str], colours: Palette = LIGHT) -> go.Figure:
    """Spearman's rank correlation of every two methods, -1 to 1, written in the cells; blank where there is nothing to rank."""
    values = to_array(agreement)
    texts = [["" if value != value else number(value) for value in row] for row in values.tolist()]
    cells = go.Heatmap(
        z=values, x=methods, y=methods, zmin=-1, zmax=1, colorscale=diverging(colours), showscale=False, name="agreement",
        text=texts, texttemplate="%{text}", textfont={"size": LABEL_SIZE}, xgap=2, ygap=2, hoverongaps=False,
        hovertemplate="%{y} and %{x}: rank correlation <b>%{z:.2f}</b><extra></extra>",
    )  # fmt: skip
    left = round(max(len(method) for method in methods) * 0.52 * LABEL_SIZE) + 14
    layout = plotly_layout(
        colours,
        height=90 + 34 * len(methods) + 64,
        margin={"l": left, "r": 8, "t": 40, "b": 84},
        title=plotly_title(colours, "rank correlation over the source words: 1 the same order, 0 unrelated"),
        xaxis=plotly_axis(colours, tickangle=-30, fixedrange=True, automargin=False),
        yaxis=plotly_axis(colours, autorange="reversed", fixedrange=True, automargin=False),
    )
    return go.Figure([cells], layout)


def _panel(method: str, numbers: Tensor, names: list[str], unit: str, axis: str, colours: Palette) -> go.Bar:
    values = to_array(numbers)
    largest = int(values.argmax())
    shade = [colours.negative if value < 0 else colours.cross for value in values]
    opacity = [1.0 if at == largest else 0.45 for at in range(len(values))]
    few = len(values) <= 40
    return go.Bar(
        x=values, y=list(range(1, len(values) + 1)), orientation="h", xaxis=axis, name=method, customdata=names,
        marker={"color": shade, "opacity": opacity}, text=[_short(value) for value in values.tolist()] if few else None,
        textposition="outside", textfont={"size": LABEL_SIZE, "color": colours.ink}, cliponaxis=False, constraintext="none",
        hovertemplate=f"%{{customdata}}, {markup(method)}: <b>%{{x:.3f}}</b> {markup(unit)}<extra></extra>",
    )  # fmt: skip


def _panel_title(method: str, unit: str, x: float, colours: Palette) -> dict:
    text = f"<b>{markup(method)}</b><br><span style='color:{colours.soft}'>{'<br>'.join(map(markup, unit.split('<br>')))}</span>"
    return {"text": text, "xref": "paper", "x": x, "xanchor": "left", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 6,
            "align": "left", "showarrow": False, "font": {"size": LABEL_SIZE, "color": colours.ink}}  # fmt: skip


def _reach(numbers: Tensor) -> list[float]:
    """From the lowest to the highest number and 0, with room for the numbers beside the bars."""
    low, high = min(0.0, float(numbers.min())), max(0.0, float(numbers.max()))
    room = 0.34 * max(high - low, 1e-9)
    return [low - (room if low < 0 else 0), high + room]


def _short(value: float) -> str:
    return number(value) if abs(value) >= 0.005 else ""
