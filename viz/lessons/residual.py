"""Residual stream and LayerNorm: every sublayer adds to a vector, and reads it normalised."""

from __future__ import annotations

from torch import Tensor

from viz.page.lesson import TIE, Lesson, Material, Measures, Pick, Step, Symbol
from viz.theme import number


def shares(material: Material) -> Tensor:
    """|written| / |state it is added to|, mean over the tokens: (layer, sublayer) of the first stack."""
    stack = material.trace.anatomy.stacks[0]
    stream = material.trace.stream(stack.name)
    share = (stream.written.norm(dim=-1) / stream.states[:-1].norm(dim=-1)).mean(-1)
    return share.view(stack.layers, len(stack.sublayers))


def subject(material: Material) -> int:
    """The layer that is asked about: the first, or where its two sublayers cannot be told apart, the one where they differ most."""
    gap = (shares(material)[:, 0] - shares(material)[:, 1]).abs()
    return 0 if float(gap[0]) >= TIE else int(gap.argmax())


def step(material: Material) -> Step:
    """Choose which sublayer writes more."""
    anatomy, mean = material.trace.anatomy, shares(material).mean(0).tolist()
    order = {
        "pre": "This model normalises before a sublayer (pre-norm); the paper of 2017 did it behind (post-norm)",
        "post": "This model normalises behind a sublayer (post-norm), as the paper of 2017 did; many do it before (pre-norm)",
    }
    words = (
        f"Nothing is overwritten: attention and feed-forward each add to a token's vector, the residual stream. {order.get(anatomy.norm, order['pre'])}. Over all "
        f"layers of the encoder, attention writes {number(mean[0])} of the state's length, feed-forward {number(mean[1])}."
    )
    inside = ("x + Sublayer(LayerNorm(x))", "LayerNorm(x + Sublayer(x))")[anatomy.norm == "post"]
    formula = (
        Symbol("x", "the state of a token: the residual stream", "card card-norms"), " ← ", inside.split("Sublayer")[0],
        Symbol("Sublayer", "attention or feed-forward: what it writes", "card card-shares"), inside.split("Sublayer")[1],
    )  # fmt: skip
    return Step(
        words=words, formula=formula, question=question(material), picture="card-shares", focus={"side": anatomy.stacks[0].name}
    )


def question(material: Material) -> Pick:
    """Which of the two writes more in one layer."""
    layer, anatomy = subject(material), material.trace.anatomy
    values = shares(material)[layer].tolist()
    names = tuple(anatomy.sublayer_title(name) for name in anatomy.stacks[0].sublayers)
    key = values.index(max(values))

    def why(answer: int) -> str:
        parts = " and ".join(f"{name} {number(value)}" for name, value in zip(names, values, strict=True))
        ahead = number(abs(values[0] - values[1]))
        if answer == key:
            return f"In layer {layer + 1} they write {parts} of the length of the state, mean over your tokens: {names[key]} is ahead by {ahead}."
        return f"{names[answer].capitalize()} is behind by {ahead} in layer {layer + 1}: {parts} of the length of the state."

    hints = (
        "Attention brings in what other tokens say; feed-forward works out what the token's own vector holds.",
        "Shares are of the state at that moment, so what comes later in a layer is measured against a longer vector.",
        f"The two are {number(abs(values[0] - values[1]))} apart; the bars of layer {layer + 1} show it.",
    )
    return Pick(
        text=f"In layer {layer + 1} of the encoder, which writes more into the stream, as a share of what is there?", options=names, key=key, hints=hints, why=why,
        measures=Measures.of("Written, as a share of the length of the state (1 is as long)", names, values, number),
        easy="" if layer == 0 else "In layer 1 the two are equal here, so the question is about another layer.",
    )  # fmt: skip


LESSON = Lesson("Residual stream and LayerNorm", {"view": "layers", "layer_part": "growth"}, (step,))
