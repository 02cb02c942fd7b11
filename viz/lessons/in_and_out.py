"""In and out: a sentence goes in, another comes out; how the matrix of a head is read."""

from __future__ import annotations

import torch

from viz.charts import head_sentence
from viz.charts.parts.words import content
from viz.lessons.words import alignment_head, label, pieces
from viz.page.lesson import Click, Formula, Lesson, Material, Measure, Measures, Step, Symbol
from viz.theme import number


def cell(material: Material) -> tuple[int, int]:
    """(query, key): the strongest cell of the alignment head between pieces of words, but for the row that the picture frames."""
    trace, (kind, layer, head) = material.trace, alignment_head(material)
    weights = trace.attention[kind].weights[layer, head]
    rows, columns = (
        torch.tensor(content(tokens), device=weights.device) for tokens in (trace.rows(kind).labels, trace.columns(kind))
    )
    framed = head_sentence(trace, kind, layer, head)[0]
    others = rows & (torch.arange(len(rows), device=rows.device) != framed)
    between = weights.masked_fill(~((others if bool(others.any()) else rows)[:, None] & columns[None, :]), -1.0)
    return divmod(int(between.argmax()), len(columns))


def step(material: Material) -> Step:
    """Find one cell."""
    trace, (kind, layer, head) = material.trace, alignment_head(material)
    count = sum(shape.layers * shape.heads for shape in trace.anatomy.kinds)
    words = (
        f"Your sentence goes in as {pieces(len(trace.source))}; out come {pieces(len(trace.labels))} of French, one at a time. On the way "
        f"{count} heads look at pieces, and each is a matrix: a row asks, a column answers, and a row adds up to 1. This head looks from "
        "French to English; a frame is around one cell."
    )
    return Step(
        words=words, formula=formula(material), question=question(material), focus={"kind": kind, "layer": layer, "head": head}
    )


def formula(material: Material) -> Formula:
    """A row sums to 1, with the framed cell as the example."""
    trace, (kind, layer, head) = material.trace, alignment_head(material)
    row, column, _ = head_sentence(trace, kind, layer, head)
    weight = number(float(trace.attention[kind].weights[layer, head, row, column]))
    return (
        "Σ", Symbol("k", f"a column, a piece that answers: {label(trace.columns(kind), column)}", f"column {column}"), " ",
        Symbol("A_qk", f"a cell, how much the row looks at the column: {weight}", f"cell {row} {column}"), " = 1   for every ",
        Symbol("q", f"a row, a piece that asks: this one produces {label(trace.rows(kind).labels, row)}", f"row {row}"),
    )  # fmt: skip


def question(material: Material) -> Click:
    """Which cell says how much one piece looks at another."""
    trace, (kind, layer, head) = material.trace, alignment_head(material)
    weights = trace.attention[kind].weights[layer, head]
    query, key = cell(material)
    labels, keys = trace.rows(kind).labels, trace.columns(kind)
    asks, answers, weight = label(labels, query), label(keys, key), number(float(weights[query, key]))

    def why(answer: tuple[int, int]) -> str:
        here = number(float(weights[answer]))
        if answer == (query, key):
            return f"{asks} gives {here} of its attention to {answers}; the {len(keys)} cells of its row add up to 1."
        return f"That cell says that {label(labels, answer[0])} looks at {label(keys, answer[1])}: {here}; the one in question has {weight}."

    def measures(answer: tuple[int, int]) -> Measures:
        bars = []
        for row, column in dict.fromkeys((answer, (query, key))):
            value = float(weights[row, column])
            bars.append(Measure(f"{label(labels, row)} → {label(keys, column)}", value, number(value), (row, column)))
        return Measures("Weight of the cell, 0 to 1", bars)

    hints = (
        f"Rows stand at the left, as “what is read → what is produced”: look for {asks} behind the arrow.",
        f"Columns stand above: {answers} is column {key + 1} of {len(keys)}.",
        f"It is row {query + 1}, column {key + 1}; with the keyboard, arrow keys walk over the cells and Enter chooses.",
    )
    text = f"Click the cell that says how much the row that produces {asks} looks at {answers}."

    def has(place: tuple[int, int]) -> bool:
        return place[0] < len(labels) and place[1] < len(keys)

    return Click(what="cell", keys={(query, key)}, text=text, hints=hints, why=why, has=has, measures=measures)


LESSON = Lesson("In and out: how to read a head", {"view": "one-head", "paint": "off"}, (step,), covers=())
