"""What heads do: every head as one cell, coloured by what it was measured to do."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from model.analysis.roles import ROLE, HeadMeasures
from viz.charts.parts.matrix import to_array
from viz.charts.parts.narrow import TOUCH
from viz.charts.parts.words import head_title
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    SHADE_POWER,
    TITLE_SIZE,
    Palette,
    kind_title,
    mix,
    number,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    plotly_title,
    sequential,
    tinted,
)

CELL, GAP, TOP = 28, 42, 116  # px: a layer's height; between kinds, for the title; above the first kind
FAINT = 0.25  # opacity of heads without the chosen role
BRIEF = {
    "punctuation": "punct",
    "word": "same",
    "diagonal": "diag",
    "alignment": "align",
    "previous": "prev",
}  # in a cell of a phone


def role_map(
    measures: HeadMeasures, label: str = "", colours: Palette = LIGHT, selected: tuple[str, int, int] | None = None, narrow: bool = False,
    only: str = "",
) -> go.Figure:  # fmt: skip
    """One cell a head, layers down and heads across, for each kind: coloured by `label`, with the head's main role written in.

    label: "" (entropy as a share of the largest possible, 0 to 1), "distance" (mean distance, positions, self-attention only) or
    the name of a role (its score, 0 to 1), which also makes the heads without that role faint. selected: (kind, layer, head) to
    outline. The hover lists every score beside that of shuffled attention. Layers of cells are named by their kind. narrow: for a
    phone: cells that a finger can hit, roles in brief. only: one kind, where there is no room for all.
    Raises ValueError for an unknown label.
    """
    if label not in ("", "distance", *ROLE):
        raise ValueError(f"label must be empty, distance or one of {', '.join(ROLE)}, not {label!r}.")
    kinds = [kind for kind in measures.statistics if only in ("", kind)]
    values = {kind: _values(measures, kind, label) for kind in kinds}
    most = max(1.0, *(float(table.max()) for table in values.values() if table is not None)) if label == "distance" else 1.0
    sizes = {kind: tuple(measures.statistics[kind]["entropy"].shape) for kind in kinds}
    cell, left = (TOUCH, 18) if narrow else (CELL, 30)
    inside = sum(layers * cell + GAP for layers, _ in sizes.values()) - GAP
    parts, notes, top = [_bar(label, most, colours)], [], inside
    axes: dict[str, dict] = {}
    for index, kind in enumerate(sizes):
        layers, heads = sizes[kind]
        end = "" if index == 0 else str(index + 1)
        axes |= _axes(end, layers, heads, ((top - layers * cell) / inside, top / inside), colours)
        parts += _cells(measures, kind, label, values[kind], most, end, colours, narrow)
        missing = "" if values[kind] is not None else " · not defined here"
        notes.append({"x": 0, "xref": "paper", "xanchor": "left", "y": top / inside, "yref": "paper", "yanchor": "bottom",
                      "yshift": 24 if index == 0 else 5, "text": f"<b>{kind_title(kind)}</b>{missing}", "showarrow": False,
                      "font": {"size": TITLE_SIZE, "color": colours.kind(kind)}})  # fmt: skip
        top -= layers * cell + GAP
    layout = plotly_layout(
        colours, title=plotly_title(colours, _title(label)), height=inside + TOP + 8, margin={"l": left, "r": 8, "t": TOP, "b": 8},
        annotations=notes, shapes=_frame(list(sizes), selected, colours), dragmode=False, hovermode="closest", **axes,
    )  # fmt: skip
    return go.Figure(parts, layout)


def _values(measures: HeadMeasures, kind: str, label: str) -> np.ndarray | None:
    """What colours the heads of a kind: (layer, head); None where that is not defined."""
    values = measures.values(kind, label or "share")
    return None if values is None else to_array(values)


def _cells(
    measures: HeadMeasures, kind: str, label: str, values: np.ndarray | None, most: float, end: str, colours: Palette,
    narrow: bool,
) -> list[go.Heatmap]:  # fmt: skip
    """The heads of a kind as layers of cells: faint and bright ones."""
    layers, heads = measures.statistics[kind]["entropy"].shape
    bright = np.ones((layers, heads), dtype=bool)
    if label in ROLE:
        bright = to_array(measures.roles[kind][label].has, bool) if values is not None else ~bright
    texts, hovers = np.full((layers, heads), "", dtype=object), np.full((layers, heads), "", dtype=object)
    for layer in range(layers):
        for head in range(heads):
            role = measures.main(kind, layer, head)
            shade = 0.0 if values is None else float(values[layer, head]) / most
            colour = on_cell(shade, kind, colours) if bright[layer, head] else colours.soft
            bright[layer, head] &= (kind, layer, head) not in measures.off or label not in ROLE
            title = "" if role is None else BRIEF.get(role.name, role.title) if narrow else role.title
            texts[layer, head] = tinted(title, colour) if role else "× off" if (kind, layer, head) in measures.off else ""
            hovers[layer, head] = _hover(measures, kind, layer, head)
    scale = sequential(colours, kind) if values is not None else [[0, colours.chip], [1, colours.chip]]
    filled = np.zeros((layers, heads), dtype=np.float32) if values is None else values
    return [
        go.Heatmap(
            z=np.where(cells, filled, np.nan), x0=1, dx=1, y0=1, dy=1, xaxis=f"x{end}", yaxis=f"y{end}", zmin=0, zmax=most,
            colorscale=scale, showscale=False, name=kind, opacity=opacity, xgap=2, ygap=2, hoverongaps=False,
            text=np.where(cells, texts, ""), texttemplate="%{text}", textfont={"size": LABEL_SIZE},
            customdata=hovers, hovertemplate="%{customdata}<extra></extra>",
        )
        for cells, opacity in ((~bright, FAINT), (bright, 1.0))
        if cells.any()
    ]  # fmt: skip


def on_cell(share: float, kind: str, colours: Palette) -> str:
    """Ink or card, whichever is easier to read on a cell this far along the kind's colours."""
    cell = _light(mix(colours.card, colours.kind(kind), share**SHADE_POWER))

    def contrast(colour: str) -> float:
        return abs(math.log((_light(colour) + 0.05) / (cell + 0.05)))

    return max((colours.ink, colours.card), key=contrast)


def _light(colour: str) -> float:
    """Relative luminance of #rrggbb, 0 to 1 (WCAG)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _hover(measures: HeadMeasures, kind: str, layer: int, head: int) -> str:
    """Everything that was measured of one head."""
    off = (kind, layer, head) in measures.off
    statistics = {name: float(value[layer, head]) for name, value in measures.statistics[kind].items()}
    lines = [
        f"<b>{head_title(kind, layer, head)}</b>{' (switched off: it hands nothing on, so it has no role)' if off else ''}",
        f"entropy {number(statistics['entropy'])} nats, {statistics['share']:.0%} of ln(keys)",
        *([f"mean distance {number(statistics['distance'], 1)} positions"] if "distance" in statistics else []),
    ]
    for name, measure in measures.roles[kind].items():
        score, null = number(float(measure.score[layer, head])), number(float(measure.null[layer, head]))
        if measures.sentences > 1:
            score += f" ± {number(float(measure.deviation[layer, head]))}"
            null += f" ± {number(float(measure.null_deviation[layer, head]))}"
        line = f"{ROLE[name].title} {score} · shuffled {null}"
        lines.append(f"<b>{line}</b>" if bool(measure.has[layer, head]) and not off else line)
    return "<br>".join(lines)


def _title(label: str) -> str:
    """What the colours show."""
    if label in ROLE:
        return f"score of “{ROLE[label].title}”, 0 to 1; heads without this role are faint"
    return {"": "entropy as a share of the largest possible, ln(keys)", "distance": "mean distance, positions"}[label]


def _bar(label: str, most: float, colours: Palette) -> go.Scatter:
    """The colour bar, in a colour of no kind."""
    soft = [[step / 32, mix(colours.card, colours.soft, (step / 32) ** SHADE_POWER)] for step in range(33)]
    bar = plotly_colour_bar(colours, tickvals=[0, most], ticktext=["0", number(most, 1) if label == "distance" else "1"])
    marker = {"color": [0], "cmin": 0, "cmax": most, "colorscale": soft, "showscale": True, "colorbar": bar, "opacity": 0}
    return go.Scatter(x=[1], y=[1], mode="markers", marker=marker, hoverinfo="skip")


def _axes(end: str, layers: int, heads: int, domain: tuple[float, float], colours: Palette) -> dict:
    """Layers down and heads across, numbered from 1; heads are numbered above the first kind only."""
    style = {"tickfont": {"size": LABEL_SIZE, "color": colours.soft}, "automargin": False, "fixedrange": True}
    x = plotly_axis(
        colours,
        side="top",
        range=[0.5, heads + 0.5],
        tickvals=list(range(1, heads + 1)),
        showticklabels=not end,
        anchor=f"y{end}",
        **style,
    )
    y = plotly_axis(
        colours, range=[layers + 0.5, 0.5], tickvals=list(range(1, layers + 1)), domain=list(domain), anchor=f"x{end}", **style
    )
    return {f"xaxis{end}": x, f"yaxis{end}": y}


def _frame(kinds: list[str], selected: tuple[str, int, int] | None, colours: Palette) -> list[dict]:
    """The outline of the open head."""
    if selected is None:
        return []
    kind, layer, head = selected
    index = kinds.index(kind)
    end = "" if index == 0 else str(index + 1)
    box = {"x0": head + 0.5, "x1": head + 1.5, "y0": layer + 0.5, "y1": layer + 1.5}
    return [{"type": "rect", "xref": f"x{end}", "yref": f"y{end}", **box, "line": {"color": colours.ink, "width": 2}}]
