"""Many heads: each looks in its own way, and W_O joins what they hand on."""

from __future__ import annotations

import torch

from model.analysis.roles import ROLE, measure, role_scores
from viz.charts.parts.words import head_title
from viz.page.lesson import Click, Lesson, Material, Measure, Measures, Step, Symbol
from viz.theme import number

PREVIOUS = "previous"


def keys(material: Material) -> set[tuple[str, int, int]]:
    """The heads that look at the token before on this sentence, by the page's own measure; where none does, the one that does it most."""
    heads = measure(material.trace).having(PREVIOUS)
    return heads or {max(scores(material).items(), key=lambda item: item[1])[0]}


def scores(material: Material) -> dict[tuple[str, int, int], float]:
    """How much of its attention every head gives to the token before, mean over rows, 0 to 1; 0 where that is not defined."""
    trace, measures = material.trace, role_scores(material.trace)
    return {
        (kind, layer, head): float(measures[kind].get(PREVIOUS, torch.zeros(attention.weights.shape[:2]))[layer, head])
        for kind, attention in trace.attention.items()
        for layer in range(attention.weights.size(0))
        for head in range(attention.weights.size(1))
    }


def step(material: Material) -> Step:
    """Find a head by its pattern."""
    anatomy = material.trace.anatomy
    shape = anatomy.kinds[0]
    words = (
        f"Every layer has {shape.heads} heads of {shape.d_head} dimensions side by side, each with its own W_Q, W_K and W_V, so each can look in a way of its own. "
        "Their outputs stand next to each other, and W_O mixes them into one vector."
    )
    kind = anatomy.self_kind(anatomy.stacks[0].name).name
    formula = (
        "Concat(", Symbol("z_1", f"what head 1 of a layer hands on: {shape.d_head} numbers", "part .heads-grid .kind .area"), ", …, ",
        Symbol(f"z_{shape.heads}", f"what head {shape.heads} hands on", "card card-head"), ") ", Symbol("W_O", f"{shape.heads * shape.d_head} × {anatomy.d_model} numbers that mix the heads", "part .rail .map svg"),
    )  # fmt: skip
    return Step(words=words, formula=formula, question=question(material), focus={"kind": kind, "layer": 0, "head": 0})


def question(material: Material) -> Click:
    """Which head looks at the token before."""
    heads, every, anatomy = keys(material), scores(material), material.trace.anatomy
    best = max(heads, key=every.__getitem__)

    def why(answer: tuple[str, int, int]) -> str:
        here = f"In {head_title(anatomy.kind(answer[0]), *answer[1:])}, a token gives {number(every[answer])} of its attention to the one before"
        if answer in heads:
            return f"{here}, mean over the rows; {len(heads)} of {len(every)} heads do so on this sentence (above {number(ROLE[PREVIOUS].threshold)} and above chance)."
        return f"{here}; the head that does it most gives {number(every[best])}."

    def measures(answer: tuple[str, int, int]) -> Measures:
        places = [answer] if answer in heads else [answer, best]
        names = [head_title(anatomy.kind(kind), layer, head) for kind, layer, head in places]
        bars = [Measure(name, every[at], number(every[at]), at) for name, at in zip(names, places, strict=True)]
        return Measures("Attention to the token before, mean over the rows, 0 to 1", bars)

    hints = (
        "Rows ask, columns answer: looking at the token before makes a diagonal.",
        "The diagonal starts in the second row, one square to the left of the middle line; it is in self-attention, not in cross-attention.",
        f"Look at layer {best[1] + 1} of {anatomy.kind(best[0]).title.lower()}.",
    )
    text = "Click a head whose tokens look at the token just before them."
    return Click(what="head", keys=frozenset(heads), text=text, hints=hints, why=why, has=every.__contains__, measures=measures)


LESSON = Lesson("Many heads, joined by W_O", {"view": "all-heads"}, (step,), covers=())
