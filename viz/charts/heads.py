"""One attention head as a matrix that people read, zoom and save."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor

from model.analysis.attention import may_attend, strongest_cell
from model.analysis.change import aligned, head_difference
from model.trace.trace import AttentionMaps
from viz.charts.parts.matrix import heatmap, mark_cell, matrix_figure, note, to_array
from viz.charts.parts.words import cell_sentence, content, head_title, row_phrases, row_ticks, token_ticks
from viz.theme import (
    LIGHT,
    SHADED_CHANGE,
    SHADED_WEIGHT,
    Palette,
    diverging_weights,
    markup,
    number,
    plotly_colour_bar,
    sequential,
    word_label,
)


def head_heatmap(
    trace: AttentionMaps, kind: str, layer: int, head: int, colours: Palette = LIGHT, cell: tuple[int, int] | None = None
) -> go.Figure:
    """Attention weights of one head: rows are queries, columns are keys, "row attends to column".

    kind: one of the trace's anatomy; layer and head from 0. A row that produces the next token is labelled with the piece read
    and the piece that it produces, trace.produced(kind)[t]. cell: (query, key) to outline. Colours span 0 to 1, always, and
    follow weight ** SHADE_POWER; masked cells are not zero but a colour of their own. Weights are drawn as float32, unrounded.
    Raises ValueError, in words, for a head or a cell that the trace does not have.
    """
    weights = head_weights(trace, kind, layer, head)
    allowed = may_attend(trace, kind, layer)
    where = f"<br>{head_title(trace.anatomy.kind(kind), layer, head)} · row %{{y:d}}, column %{{x:d}}"
    values = to_array(weights.masked_fill(~allowed, float("nan")))
    title = f"attention {SHADED_WEIGHT}"
    bar = plotly_colour_bar(colours, tickvals=[0, 0.25, 0.5, 0.75, 1], ticktext=["0", "0.25", "0.5", "0.75", "1"])
    cells = heatmap(
        values,
        "%{y} %{x}: <b>%{z:.2f}</b>" + where + " · weight %{z:.4f}",
        zmin=0,
        zmax=1,
        colorscale=sequential(colours, kind),
        colorbar=bar,
        name="weights",
    )
    figure = _token_matrix(trace, kind, [*masked_layer(allowed, where, colours), cells], colours, title)
    if cell is not None:
        if not (0 <= cell[0] < values.shape[0] and 0 <= cell[1] < values.shape[1]):
            raise ValueError(f"Cell {cell} is outside this head's {values.shape[0]} queries and {values.shape[1]} keys.")
        mark_cell(figure, cell, colours)
    _explain_masked_rows(figure, allowed, colours)
    return figure


def head_sentence(trace: AttentionMaps, kind: str, layer: int, head: int) -> tuple[int, int, str]:
    """The strongest telling cell of a head and what it means: (query, key, “chat” attends to “cat”: 0.62).

    Telling cells come first: a choice of several keys, neither token special nor punctuation, and in self-attention not the
    token itself. Where these hold little of the head's attention, the strongest cell of any sort is taken.
    """
    weights, allowed = head_weights(trace, kind, layer, head), may_attend(trace, kind, layer)
    queries = trace.rows(kind).labels
    choice = allowed & (allowed.sum(dim=1, keepdim=True) > 1)
    rows, columns = (torch.tensor(content(tokens), device=weights.device) for tokens in (queries, trace.keys(kind)))
    words = choice & rows[:, None] & columns[None, :]
    same = trace.anatomy.kind(kind).is_self
    other = words & ~torch.eye(len(queries), dtype=torch.bool, device=weights.device) if same else words
    query, key = strongest_cell(weights, [other, words, choice, allowed])
    weight = float(weights[query, key]) if bool(allowed[query, key]) else None
    return query, key, cell_sentence(trace, kind, query, key, weight)


def difference_heatmap(
    before: AttentionMaps,
    after: AttentionMaps,
    kind: str,
    layer: int,
    head: int,
    colours: Palette = LIGHT,
    cell: tuple[int, int] | None = None,
) -> go.Figure:
    """What an intervention did to one head: weights after minus weights before, -1 to 1, zero always the same colour.

    Rows and columns as in `head_heatmap`, labelled with the tokens of `after`. Two translations of different lengths are compared
    through their counterparts (`model.analysis_change.aligned`); cells without one, and cells masked in both, have colours and
    hovers of their own.
    """
    head_weights(after, kind, layer, head)  # there is such a head
    change, allowed = head_difference(before, after, kind, layer, head)
    where = f"<br>{head_title(after.anatomy.kind(kind), layer, head)} · row %{{y:d}}, column %{{x:d}}"
    bar = plotly_colour_bar(colours, tickvals=[-1, 0, 1], ticktext=["−1", "0", "+1"])
    cells = heatmap(
        to_array(change.masked_fill(~allowed, float("nan"))),
        "%{y} %{x}: change <b>%{z:+.2f}</b>" + where,
        zmin=-1,
        zmax=1,
        colorscale=diverging_weights(colours),
        colorbar=bar,
        name="difference",
    )
    title = f"weight after minus weight before: {SHADED_CHANGE}"
    figure = _token_matrix(
        after, kind, [*masked_layer(allowed, where, colours), *_new_cells(change.isnan(), where, colours), cells], colours, title
    )
    if cell is not None:
        mark_cell(figure, cell, colours)
    return figure


def change_sentence(before: AttentionMaps, after: AttentionMaps, kind: str, layer: int, head: int) -> tuple[int, int, str]:
    """The cell that changed most and what it means: (query, key, Producing “chat”, this head attends to “cat”: 0.62, was 0.10)."""
    then = head_weights(aligned(before, after), kind, layer, head)
    now = head_weights(after, kind, layer, head)
    change = (now - then.to(now.device)).abs().nan_to_num(-1)
    query, key = divmod(int(change.argmax()), change.size(1))
    if float(change[query, key]) < 0:
        return query, key, "No token of this translation has a counterpart before the change."
    return query, key, cell_sentence(after, kind, query, key, float(now[query, key])) + f", was {number(float(then[query, key]))}"


def _new_cells(new: Tensor, where: str, colours: Palette) -> list[go.Heatmap]:
    """The layer of cells that the pass before does not have; none where it has all."""
    if not bool(new.any()):
        return []
    values = np.where(new.cpu().numpy(), 1.0, np.nan).astype(np.float32)
    words = "%{y} %{x}: a new token, nothing to compare with"
    return [
        heatmap(
            values, words + where, zmin=0, zmax=1, colorscale=[[0, colours.line], [1, colours.line]], showscale=False, name="new"
        )
    ]


def head_weights(trace: AttentionMaps, kind: str, layer: int, head: int) -> Tensor:
    """Weights of one head (query, key), on the trace's device. Raises ValueError, in words, where there is no such head."""
    if kind not in trace.attention:
        raise ValueError(f"kind must be one of {', '.join(trace.attention)}, not {kind!r}.")
    weights = trace.attention[kind].weights
    if not (0 <= layer < weights.size(0) and 0 <= head < weights.size(1)):
        raise ValueError(
            f"Layer {layer + 1}, head {head + 1} does not exist: there are {weights.size(0)} layers of {weights.size(1)} heads."
        )
    return weights[layer, head]


def _token_matrix(trace: AttentionMaps, kind: str, layers: list[go.Heatmap], colours: Palette, title: str) -> go.Figure:
    """Layers of cells with the tokens of a kind on the axes and their sentences in the hover."""
    phrases = [markup(phrase) for phrase in row_phrases(trace, kind)]
    keys = trace.keys(kind)
    columns = [f"“{markup(word_label(piece, keys.notation))}”" for piece in keys.named]
    ticks = (row_ticks(trace, kind, colours), token_ticks(keys, colours))
    return matrix_figure(layers, colours, ticks, (phrases, columns), title)


def masked_layer(allowed: Tensor, where: str, colours: Palette) -> list[go.Heatmap]:
    """The quiet layer under the weights that shows through wherever a query may not attend; none where all may."""
    if bool(allowed.all()):
        return []
    flat = [[0, colours.chip], [1, colours.chip]]
    blank = np.zeros(tuple(allowed.shape), dtype=np.uint8)
    return [
        heatmap(
            blank, "%{y} %{x}: masked: may not attend" + where, zmin=0, zmax=1, colorscale=flat, showscale=False, name="masked"
        )
    ]


def _explain_masked_rows(figure: go.Figure, allowed: Tensor, colours: Palette) -> None:
    """Say why rows without any key to attend to are empty, and which they are (positions from 1)."""
    empty = (~allowed.any(dim=1)).nonzero().flatten().tolist()
    if empty and len(empty) == allowed.size(0):
        note(figure, "Every key is masked: no row may attend to anything.", colours)
    elif empty:
        rows = ", ".join(str(row + 1) for row in empty[:6]) + (", …" if len(empty) > 6 else "")
        note(figure, f"Row {rows}: every key is masked, so it attends to nothing.", colours, below=True)
