"""Softmax: scores become weights; why they are divided by the root of the head's width."""

from __future__ import annotations

import torch

from model.trace.intervention import Intervention
from viz.lessons.words import nats
from viz.page.lesson import SIGNS, TIE, Lesson, Material, Measures, Pick, Step, Symbol, sign
from viz.theme import number, signed

UNSCALED = Intervention(scaled=False)
LITTLE = 0.05  # nats a piece: what a loss changes by and stays


def change(material: Material) -> float:
    """What the loss, nats a piece, changes by when the scores of all heads are not divided."""
    return float(material.under(UNSCALED).loss.mean() - material.trace.loss.mean())


def sharpness(material: Material) -> tuple[str, torch.Tensor, torch.Tensor]:
    """(kind, before, after): the mean over rows of the largest weight, (layer, head), with the division and without, where the first stack attends to itself."""
    anatomy = material.trace.anatomy
    kind = anatomy.self_kind(anatomy.stacks[0].name).name
    before, after = (trace.attention[kind].weights.amax(-1).mean(-1) for trace in (material.trace, material.under(UNSCALED)))
    return kind, before, after


def step(material: Material) -> Step:
    """Guess what the division is worth once the model is trained."""
    kind, before, after = sharpness(material)
    head = int((after - before)[0].argmax())
    d_head = material.trace.anatomy.kind(kind).d_head
    words = (
        "Softmax turns a row of scores into weights that sum to 1. Sums of many products grow with the head's width, so scores are divided by "
        f"√{d_head} = {number(d_head**0.5)}. Without it the largest weight of a row goes from {number(float(before.mean()))} to "
        f"{number(float(after.mean()))}, mean over the encoder."
    )
    formula = (
        Symbol("α", "the weights of a row: they sum to 1", "card card-head"), " = softmax(", Symbol("q", "the query of a row", "row 1"), " · ",
        Symbol("k", "the key of a column", "column 1"), " / √", Symbol("d", f"the width of a head, {d_head}", "card card-head"), ")",
    )  # fmt: skip
    then = {"change": UNSCALED, "forcing": "forced"}
    return Step(
        words=words, formula=formula, question=question(material), focus={"kind": kind, "layer": 0, "head": head}, then=then
    )


def question(material: Material) -> Pick:
    """Whether the loss falls, stays or rises."""
    by = change(material)
    losses = [float(trace.loss.mean()) for trace in (material.trace, material.under(UNSCALED))]
    before, after = map(number, losses)
    key = sign(by, LITTLE)

    def why(answer: int) -> str:
        opening = f"The loss goes from {before} to {after} nats a piece ({signed(by)}), so it {SIGNS[key]}"
        if answer != key:
            return f"{opening} and not {SIGNS[answer]}: the division is there for training, where sharp weights pass on hardly any gradient."
        return f"{opening}: sharper heads often still look at the right place; the division is there for training."

    hints = (
        "The weights get sharper, but which key is the strongest does not change in the encoder's first layer.",
        "Layer after layer reads what sharper heads wrote; small differences may add up, or not.",
        f"“Stays” means within {number(LITTLE)} nats; the loss before is {before}.",
    )
    return Pick(
        text="Leave the division out, in all heads, and let the model read the same translation. What happens to its loss?", options=SIGNS, key=key,
        hints=hints, why=why,
        measures=Measures.apart("Loss of the same translation, a piece", dict(zip(("with the division", "without it"), losses, strict=True)), nats),
        easy="That is close to the border: a close call." if abs(abs(by) - LITTLE) < TIE else "",
    )  # fmt: skip


LESSON = Lesson("Scale and softmax", {"view": "one-head", "paint": "off"}, (step,), covers=())
