"""The output: next pieces and their probabilities, the loss, and the logit lens."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import torch

from model.analysis.output import Lens, cross_entropy, label_ids, probabilities, ranks, top_pieces
from model.trace.trace import Trace
from viz.charts.parts.matrix import CELL, heatmap, label_size, mark_cell, matrix_figure, steps, text_width, to_array
from viz.charts.parts.words import LONG, SHORT, pair_ticks, quoted_names, token_ticks
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MONO,
    SANS,
    Palette,
    cut,
    markup,
    mix,
    number,
    piece_name,
    plotly_axis,
    plotly_colour_bar,
    plotly_layout,
    plotly_title,
    token_label,
)

COUNT, FEW = 8, 3  # pieces a row; on a phone
READABLE = 40  # rows or columns whose cells carry text
PIECE = 9  # characters of a piece in a cell


def top_pieces_table(
    trace: Trace, pieces: list[str], colours: Palette = LIGHT, row: int | None = None, narrow: bool = False
) -> go.Figure:
    """The COUNT most probable next pieces at every target position: rows name what they read and produce, columns are ranks from 1.

    Row t reads target[t] and must predict labels[t], which is underlined where it is among the best. pieces: the vocabulary by id;
    row: to outline. Colour is the probability, 0 to 1. narrow: for a phone: fewer ranks, each piece above its probability.
    """
    values, ids = top_pieces(trace.logits, FEW if narrow else COUNT)
    labels = trace.labels.ids
    texts = [[_cell(pieces[id_], id_ == labels[at]) for id_ in line] for at, line in enumerate(ids.tolist())]
    if narrow:
        lines = zip(texts, values.tolist(), strict=True)
        texts = [[f"{text}<br>{number(value)}" for text, value in zip(*line, strict=True)] for line in lines]
    places = [str(rank) for rank in range(1, values.size(1) + 1)]
    small = {
        "text": texts,
        "texttemplate": "%{text}",
        "textfont": {"size": LABEL_SIZE, "family": SANS if narrow else MONO},
    }
    cells = heatmap(
        to_array(values),
        "%{y}<br>rank %{x}: “%{customdata}”, probability <b>%{z:.3f}</b>",
        zmin=0,
        zmax=1,
        name="probability",
        colorscale=[[0, colours.card], [1, mix(colours.card, colours.decoder, 0.75)]],
        customdata=[[markup(piece_name(pieces[id_])) for id_ in line] for line in ids.tolist()],
        colorbar=plotly_colour_bar(colours, tickvals=[0, 0.5, 1], ticktext=["0", "0.5", "1"]),
        **(small if len(texts) <= (LONG if narrow else READABLE) else {}),
    )
    ticks = (pair_ticks(trace.target, trace.labels, colours, narrow), places)
    figure = matrix_figure([cells], colours, ticks, (_rows(trace), places), _ranks_title(trace), square=False, narrow=narrow)
    figure.layout.xaxis.tickangle = 0
    if row is not None:
        box = {"x0": 0.5, "x1": len(places) + 0.5, "y0": row + 0.5, "y1": row + 1.5}
        figure.add_shape(type="rect", **box, line={"color": colours.ink, "width": 2})
    return figure


def _ranks_title(trace: Trace) -> str:
    """What the colours of `top_pieces_table` are."""
    stack = trace.anatomy.predicting
    if stack is not None and stack.predicts == "same":
        return "probability of the piece, by rank; underlined: the piece that is there"
    return "probability of the next piece, by rank; underlined: the piece that was produced"


def probability_bars(
    trace: Trace, row: int, pieces: list[str], temperature: float = 1.0, colours: Palette = LIGHT, count: int = 12,
    narrow: bool = False,
) -> go.Figure:  # fmt: skip
    """One row of the output: the best pieces with logit and probability at this temperature; a tick marks temperature 1.

    narrow: for a phone: shorter bars, so that their numbers have room.
    """
    logits = trace.logits[row]
    values, best = top_pieces(logits, count, temperature)
    label = trace.labels.ids[row]
    plain = probabilities(logits)[best]
    ids, places = best.tolist(), list(range(1, len(best) + 1))
    names = [markup(piece_name(pieces[id_])) for id_ in ids]
    labels = [markup(cut(token_label(pieces[id_]))) for id_ in ids]
    ticks = [f"<b>{name}</b>" if id_ == label else name for id_, name in zip(ids, labels, strict=True)]
    texts = [
        f"{number(value, 3)}   logit {number(float(logits[id_]), 1)}" for value, id_ in zip(values.tolist(), ids, strict=True)
    ]
    bars = go.Bar(
        x=to_array(values), y=places, orientation="h", name="probability", text=texts, textposition="outside", cliponaxis=False,
        textfont={"size": LABEL_SIZE, "color": colours.ink}, customdata=names, constraintext="none",
        marker={"color": [colours.decoder if id_ == label else mix(colours.card, colours.decoder, 0.45) for id_ in ids]},
        hovertemplate="“%{customdata}”: probability <b>%{x:.4f}</b><extra></extra>",
    )  # fmt: skip
    marks = go.Scatter(
        x=to_array(plain), y=places, mode="markers", name="temperature 1", hoverinfo="skip",
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 2, "color": colours.ink}},
    )  # fmt: skip
    layout = plotly_layout(
        colours, height=60 + CELL * len(ids), margin={"l": round(text_width(labels, LABEL_SIZE) + 18), "r": 12, "t": 34, "b": 8},
        title=plotly_title(colours, f"probability = e^(logit / {temperature:g}) / Σ e^(logit / {temperature:g})"),
        xaxis=plotly_axis(colours, range=[0, (2.2 if narrow else 1.5) * max(float(values.max()), float(plain.max()))], showticklabels=False, fixedrange=True),
        yaxis=plotly_axis(colours, range=[len(ids) + 0.6, 0.4], tickvals=places, ticktext=ticks, automargin=False, fixedrange=True,
                          tickfont={"family": MONO, "size": LABEL_SIZE, "color": colours.ink}),
    )  # fmt: skip
    return go.Figure([bars, marks] if temperature != 1 else [bars], layout)


def loss_bars(trace: Trace, colours: Palette = LIGHT) -> go.Figure:
    """Cross-entropy of every label, nats: how surprised the model is by the piece that stands there. The line is the mean."""
    loss = cross_entropy(trace)
    (values, texts), count = steps(token_ticks(trace.labels, colours)), len(loss)
    size = label_size(len(values))
    places, top = ranks(trace.logits, label_ids(trace)).tolist(), float(loss.max())
    names = [f"{name}, rank {rank}" for name, rank in zip(quoted_names(trace.labels), places, strict=True)]
    bars = go.Bar(
        x=list(range(1, count + 1)),
        y=to_array(loss),
        name="loss",
        marker={"color": colours.decoder},
        customdata=list(map(markup, names)),
        hovertemplate="%{customdata}: <b>%{y:.3f}</b> nats<extra></extra>",
    )
    mean = float(loss.mean())
    line = {"type": "line", "x0": 0.5, "x1": count + 0.5, "y0": mean, "y1": mean, "line": {"color": colours.soft, "dash": "dot"}}
    note = {"text": f"mean {mean:.2f}", "x": count + 0.5, "y": mean, "xanchor": "right", "yanchor": "bottom", "showarrow": False,
            "font": {"size": LABEL_SIZE, "color": colours.soft}}  # fmt: skip
    layout = plotly_layout(
        colours, height=380, margin={"l": 54, "r": 12, "t": 34, "b": round(text_width(texts, size) * 0.82 + 24)}, shapes=[line],
        annotations=[note], bargap=0.25, title=plotly_title(colours, "−ln p(label), nats: 0 is certain"),
        xaxis=plotly_axis(colours, tickvals=values, ticktext=texts, tickangle=-55, range=[0.4, count + 0.6], automargin=False,
                          tickfont={"family": MONO, "size": size, "color": colours.ink}),
        yaxis=plotly_axis(colours, showgrid=True, rangemode="tozero", range=[0, max(1.0, 1.1 * top)], automargin=False),
    )  # fmt: skip
    return go.Figure([bars], layout)


def lens_heatmap(
    trace: Trace, lens: Lens, pieces: list[str], colours: Palette = LIGHT, row: int | None = None, narrow: bool = False
) -> go.Figure:
    """Logit lens: what the model would say after the embedding and after each layer (rows), at every position (columns).

    A cell names the most probable piece; its colour is the probability of the piece that is finally produced, 0 to 1. row: the
    row to outline. narrow: for a phone: positions down and layers across, so that a finger hits a position; the hover names the piece.
    """
    labels = trace.stream(_predicting(trace)).labels
    points = [at for at, label in enumerate(labels) if at == 0 or label.endswith("feed-forward")]
    names = ["embedding", *(f"layer {layer}" for layer in range(1, len(points)))]
    probability, hover, finals = lens.label_probability[points], _lens_words(lens, points, pieces), trace.labels.ids
    texts = [
        [_cell(pieces[id_], id_ == final) for id_, final in zip(line, finals, strict=True)] for line in lens.top[points].tolist()
    ]
    few = len(finals) <= READABLE and not narrow
    cells = heatmap(
        to_array(probability.T if narrow else probability),
        ("%{x}, at %{y}" if narrow else "%{y}, at %{x}") + ": %{customdata}, probability <b>%{z:.3f}</b>",
        zmin=0,
        zmax=1,
        name="lens",
        customdata=[list(line) for line in zip(*hover, strict=True)] if narrow else hover,
        colorscale=[[0, colours.card], [1, mix(colours.card, colours.decoder, 0.75)]],
        colorbar=plotly_colour_bar(colours, tickvals=[0, 0.5, 1], ticktext=["0", "0.5", "1"]),
        **({"text": texts, "texttemplate": "%{text}", "textfont": {"size": LABEL_SIZE, "family": MONO}} if few else {}),
    )
    title = "colour: probability of the piece that is finally produced" + ("" if narrow else "; text: what would be said here")
    columns = [f"“{markup(token_label(piece, trace.labels.notation))}”" for piece in trace.labels.named]
    if narrow:
        ticks = (token_ticks(trace.labels, colours, SHORT), ["start", *names[1:]])
        figure = matrix_figure([cells], colours, ticks, (columns, names), title, square=False, narrow=True)
    else:
        figure = matrix_figure(
            [cells], colours, (names, token_ticks(trace.labels, colours)), (names, columns), title, square=False
        )
        figure.layout.height = max(figure.layout.height, 420)
    if row is not None:
        mark_cell(figure, (row, len(points) - 1) if narrow else (len(points) - 1, row), colours)
    return figure


def _lens_words(lens: Lens, points: list[int], pieces: list[str]) -> list[list[str]]:
    """What would be said at every point, in words."""
    numbers = (values[points].tolist() for values in (lens.top, lens.top_probability, lens.label_rank))
    return [
        [
            f"says “{markup(piece_name(pieces[id_]))}” ({number(chance)}); the final piece has rank {rank:,}"
            for id_, chance, rank in zip(*line, strict=True)
        ]
        for line in zip(*numbers, strict=True)
    ]


def lens_of_row(trace: Trace, lens: Lens, row: int, colours: Palette = LIGHT) -> go.Figure:
    """One row through all points: probability of its final piece (left axis) and its rank (right axis, 1 at the top)."""
    labels = trace.stream(_predicting(trace)).labels
    names = [label.replace("layer ", "").replace("feed-forward", "ff").removesuffix("-attention") for label in labels]
    x = list(range(len(labels)))
    style = {"mode": "lines+markers", "x": x, "customdata": labels}
    chance = go.Scatter(
        **style,
        y=to_array(lens.label_probability[:, row]),
        name="probability",
        line={"color": colours.decoder, "width": 2},
        hovertemplate="after %{customdata}: probability <b>%{y:.3f}</b><extra></extra>",
    )
    place = go.Scatter(
        **style,
        y=to_array(lens.label_rank[:, row]),
        yaxis="y2",
        name="rank",
        line={"color": colours.soft, "width": 1.5, "dash": "dot"},
        hovertemplate="after %{customdata}: rank <b>%{y:,}</b><extra></extra>",
    )
    layout = plotly_layout(
        colours, height=340, margin={"l": 54, "r": 64, "t": 34, "b": 96}, showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": LABEL_SIZE}},
        xaxis=plotly_axis(colours, tickvals=x, ticktext=names, tickangle=-55, automargin=False),
        yaxis=plotly_axis(colours, title="probability", range=[0, 1.04], showgrid=True, automargin=False),
        yaxis2=plotly_axis(colours, title="rank", type="log", range=[math.log10(trace.anatomy.vocabulary) + 0.1, -0.1], dtick=1,
                           overlaying="y", side="right", automargin=False),
    )  # fmt: skip
    return go.Figure([chance, place], layout)


def _predicting(trace: Trace) -> str:
    """The name of the stack whose rows predict. Raises ValueError where no row does."""
    stack = trace.anatomy.predicting
    if stack is None:
        raise ValueError(trace.anatomy.absence("logits"))
    return stack.name


def _rows(trace: Trace) -> list[str]:
    """What the hover calls the rows, with rank and probability of what was produced, among the best or not."""
    places = ranks(trace.logits, label_ids(trace)).tolist()
    chances = torch.exp(-cross_entropy(trace)).tolist()
    rows = zip(quoted_names(trace.target), quoted_names(trace.labels), places, chances, strict=True)
    return [
        markup(f"Reading {query}, producing {product} (rank {rank:,}, probability {number(chance, 3)})")
        for query, product, rank, chance in rows
    ]


def _cell(piece: str, is_label: bool) -> str:
    text = token_label(piece)
    text = markup(cut(text, PIECE))
    return f"<u>{text}</u>" if is_label else text
