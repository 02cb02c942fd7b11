"""Where the pronoun for "it" is decided: what cutting a link, in one layer or in all, takes away."""

from __future__ import annotations

from itertools import chain

import numpy as np
import plotly.graph_objects as go

from model.analysis.coreference import LINKS
from model.analysis.links import Effect
from model.measuring.coreference_record import Coreference
from model.measuring.coreference_words import link_name, nats, percent
from viz.charts.parts.matrix import text_width, to_array
from viz.charts.roles import on_cell
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    TITLE_SIZE,
    Palette,
    kind_title,
    plotly_axis,
    plotly_layout,
    plotly_title,
    sequential,
    tinted,
)

CELL, GAP, TOP = 24, 34, 84  # px: a row's height; between kinds, for the title; above the first kind
LINES = 40  # px: a row whose name stands in two lines
SHORT = {
    "antecedent": "right noun",
    "distractor": "other noun",
    "it": "“it”",
    "adjective": "adjective",
    "pronoun": "pronoun",
    "rest": "the rest",
    None: "everything",
}
WHOLE = "whole layer off"


def decision_map(measured: Coreference, colours: Palette = LIGHT, narrow: bool = False) -> go.Figure:
    """What is cut, down, and in which layer, across, "all" at the right: how many pronouns are lost, percent, for each kind.

    The last row of a kind is the whole layer switched off. Cells that were not measured, or where no pronoun was right, are empty.
    Layers of cells are named by their kind; the hover says what is cut and what that changes, nats, too. narrow: for a phone: what is
    cut stands in two lines.
    """
    rows = {kind: _rows(measured, kind) for kind in measured.heads}
    width = max(len(one.lost) for links in rows.values() for _, _, one in links)
    cell, between = (LINES, " →<br>") if narrow else (CELL, " → ")
    inside = sum(len(links) * cell + GAP for links in rows.values()) - GAP
    parts, notes, top = [], [], inside
    axes: dict[str, dict] = {}
    names = {kind: [name.replace(" → ", between) for name, _, _ in links] for kind, links in rows.items()}
    left = round(text_width("<br>".join(chain.from_iterable(names.values())).split("<br>"), LABEL_SIZE)) + 14
    for index, (kind, links) in enumerate(rows.items()):
        end = "" if index == 0 else str(index + 1)
        bottom = top - len(links) * cell
        parts.append(_cells(kind, links, width, end, colours))
        axes |= _axes(end, names[kind], width, (bottom / inside, top / inside), colours)
        notes.append({"x": 0, "xref": "paper", "xanchor": "left", "y": top / inside, "yref": "paper", "yanchor": "bottom",
                      "xshift": 4 - left, "yshift": 22 if index == 0 else 4, "text": f"<b>{kind_title(kind)}</b>",
                      "showarrow": False, "font": {"size": TITLE_SIZE, "color": colours.kind(kind)}})  # fmt: skip
        top = bottom - GAP
    layout = plotly_layout(
        colours,
        title=plotly_title(colours, "right pronouns lost when this is cut, %, by layer"),
        height=inside + TOP + 8,
        margin={"l": left, "r": 8, "t": TOP, "b": 8},
        annotations=notes,
        dragmode=False,
        hovermode="closest",
        **axes,
    )
    return go.Figure(parts, layout)


def _rows(measured: Coreference, kind: str) -> list[tuple[str, str, Effect]]:
    """(short name, name in words, effects by layer) of everything that was cut in a kind of attention."""
    links = [
        (f"{SHORT[queries]} → {SHORT[keys]}", link_name((name, queries, keys)), measured.links[name, queries, keys])
        for name, queries, keys in LINKS
        if name == kind
    ]
    return [*links, (WHOLE, WHOLE, measured.layers[kind])]


def _cells(kind: str, links: list[tuple[str, str, Effect]], width: int, end: str, colours: Palette) -> go.Heatmap:
    """The cells of a kind; the last of `width` columns is all layers at once."""
    values = np.full((len(links), width), np.nan, dtype=np.float32)
    texts, hovers = np.full(values.shape, "", dtype=object), np.full(values.shape, "", dtype=object)
    for row, (short, name, one) in enumerate(links):
        lost, change = to_array(one.lost), to_array(one.change)
        layers = len(lost) - (short != WHOLE)
        for at in range(len(lost)):
            column, where = (at, f"layer {at + 1}") if at < layers else (width - 1, "all layers")
            values[row, column] = lost[at]
            share = float(lost[at])
            if share == share:
                texts[row, column] = tinted(f"{share:.0%}".rstrip("%"), on_cell(share, kind, colours))
            hovers[row, column] = (
                f"<b>{name}, {where}</b><br>right pronoun lost in {percent(share)}<br>log p of it {nats(float(change[at]))} nats"
            )
    return go.Heatmap(
        z=values, x0=1, dx=1, y0=1, dy=1, xaxis=f"x{end}", yaxis=f"y{end}", zmin=0, zmax=1, colorscale=sequential(colours, kind),
        showscale=False, name=kind, xgap=2, ygap=2, hoverongaps=False, text=texts, texttemplate="%{text}",
        textfont={"size": LABEL_SIZE}, customdata=hovers, hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _axes(end: str, names: list[str], width: int, domain: tuple[float, float], colours: Palette) -> dict:
    """What is cut, down; layers across, numbered from 1 above the first kind only, then all."""
    small = {"size": LABEL_SIZE, "color": colours.soft}
    style = {"automargin": False, "fixedrange": True}
    x = plotly_axis(
        colours, side="top", range=[0.5, width + 0.5], tickvals=list(range(1, width + 1)), showticklabels=not end,
        ticktext=[*map(str, range(1, width)), "all"], anchor=f"y{end}", tickangle=0, **{**style, "tickfont": small},
    )  # fmt: skip
    y = plotly_axis(
        colours,
        range=[len(names) + 0.5, 0.5],
        tickvals=list(range(1, len(names) + 1)),
        ticktext=names,
        domain=list(domain),
        anchor=f"x{end}",
        ticklabelstandoff=6,
        **{**style, "tickfont": {**small, "color": colours.ink}},
    )
    return {f"xaxis{end}": x, f"yaxis{end}": y}
