"""Scores: a query asks, keys answer, and their dot product says how well they fit."""

from __future__ import annotations

from torch import Tensor

from viz.charts.parts.words import content
from viz.lessons.words import alignment_head, label
from viz.page.lesson import TIE, Lesson, Material, Measures, Pick, Step, Symbol, mixed
from viz.theme import number

SCALE = 4  # the step of the calculation that shows the scores


def subject(material: Material) -> tuple[int, Tensor]:
    """(query, scores of its row): of the rows that produce a word, and whose best key is one, the one whose best key stands out most."""
    trace, (kind, layer, head) = material.trace, alignment_head(material)
    scores = trace.part("scores", kind)[layer, head]
    rows = [at for at, is_text in enumerate(content(trace.rows(kind).labels)) if is_text] or [0]
    words = content(trace.columns(kind))
    rows = [row for row in rows if words[int(scores[row].argmax())]] or rows
    best = scores[rows].topk(min(2, scores.size(1)), dim=-1).values
    row = rows[int((best[:, 0] - best[:, -1]).argmax())]
    return row, scores[row]


def step(material: Material) -> Step:
    """Choose the key that fits best."""
    trace, (kind, layer, head) = material.trace, alignment_head(material)
    query, _ = subject(material)
    asks = label(trace.rows(kind).labels, query)
    words = (
        "Think of a dictionary that is asked with a vector. The query of a row says what it looks for, the key of every token what it offers, "
        f"the value what it hands over. Query times key, dimension by dimension, summed: that is the score. Here the row that produces {asks} asks."
    )
    d_head = trace.anatomy.kind(kind).d_head
    formula = (
        "score = ", Symbol("q", f"the query of the row that produces {asks}: {d_head} numbers", "part .attention-steps .asks[aria-label='Who asks']"), " · ",
        Symbol("k", "the key of a token that is looked at", "part .attention-steps .asks[aria-label='Looked at']"), " / √",
        Symbol("d", f"the width of a head, {d_head}", "part .attention-steps .stage .formula"),
    )  # fmt: skip
    focus = {"kind": kind, "layer": layer, "head": head, "query": query, "key": 0, "step": SCALE}
    return Step(words=words, formula=formula, question=question(material), focus=focus)


def question(material: Material) -> Pick:
    """Which key has the largest score."""
    kind, _, _ = alignment_head(material)
    query, scores = subject(material)
    order, keys = scores.argsort(descending=True).tolist(), material.trace.columns(kind)
    options, key = mixed(order[0], [order[at] for at in (1, len(order) // 2, -1)], sum(keys.ids))
    asks = label(material.trace.rows(kind).labels, query)

    def why(answer: int) -> str:
        here, best, second = (number(float(scores[at])) for at in (options[answer], order[0], order[min(1, len(order) - 1)]))
        if answer == key:
            return f"{label(keys, order[0])} has the score {here}; the next best of all keys has {second}."
        return f"{label(keys, options[answer])} has the score {here}; the best key has {best}."

    hints = (
        f"This head looks from French to English: what does {asks} come from?",
        "A score may be below 0: then the key speaks against the token.",
        f"The best key has the score {number(float(scores[order[0]]))}; the table in the picture has all of them.",
    )
    close = len(order) > 1 and float(scores[order[0]] - scores[order[1]]) < TIE
    names = tuple(label(keys, option) for option in options)
    return Pick(
        text=f"Which key fits the query of {asks} best?", options=names, key=key, hints=hints, why=why,
        measures=Measures.of(f"Score of the key, for the query of {asks}", names, scores[options].tolist(), number),
        easy="Two keys fit equally well here: a close call." if close else "",
    )  # fmt: skip


LESSON = Lesson("Query, key, score", {"view": "steps", "step": SCALE}, (step,))
