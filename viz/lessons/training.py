"""Training: from random numbers to a translator; and which part of it this sentence hangs on."""

from __future__ import annotations

from model.analysis.knockout import every_layer
from viz.lessons.words import signed_nats
from viz.page.lesson import TIE, Lesson, Material, Measures, Pick, Step, Symbol, mixed
from viz.theme import number, signed


def effects(material: Material) -> list[float]:
    """What log p of the translation changes by when all heads of one layer of cross-attention are off, by layer, nats."""
    trace = material.trace
    kind = trace.anatomy.bridge().name
    layers = [one.taken_from(trace.intervention) for (name, _), one in every_layer(trace.anatomy).items() if name == kind]
    return (material.without(layers).to(trace.loss.device) + trace.loss).sum(1).tolist()


def step(material: Material) -> Step:
    """Guess what the sentence hangs on."""
    count = f"{material.translator.model.parameter_count / 1e6:.1f} million"
    words = (
        f"All {count} numbers began at random. Adam took each a little down its own gradient of the loss, step after step, and heads came to look like what you have "
        "seen. Which of them matter, only taking them away tells: here all heads of one layer at a time, while the model reads the same translation."
    )
    formula = (
        Symbol("θ", f"all {count} numbers of the model", "part .rail .map svg"), " ← θ − η · m / (√v + ε)    Δ = ",
        Symbol("log p", "of the whole translation, with a layer off minus with it on: the bars", "card card-knockout"), "(off) − log p(on)",
    )  # fmt: skip
    more = (
        ("From random to trained: the slider at the foot", {"view": "all-heads", "moment": 0}),
        ("Is attention an explanation? Five methods side by side", {"view": "origin"}),
        ("Every head in turn", {"view": "knockout", "knockout_part": "heads"}),
    )
    return Step(words=words, formula=formula, question=question(material), more=more)


def question(material: Material) -> Pick:
    """Which layer of cross-attention is needed most."""
    changes = effects(material)
    order = sorted(range(len(changes)), key=changes.__getitem__)
    options, key = mixed(order[0], [order[1], order[len(order) // 2], order[-1]], sum(material.trace.source.ids))
    options.sort()
    key = options.index(order[0])

    def why(answer: int) -> str:
        here = f"Without layer {options[answer] + 1}, log p changes by {signed(changes[options[answer]])} nats"
        best = sum(change > 0 for change in changes)
        helped = f"; without {best} of the {len(changes)} it even rises" if best else ""
        if answer == key:
            return f"{here}, more than without any other layer of cross-attention{helped}."
        return f"{here}; the one that is needed most costs {number(-changes[order[0]])}{helped}."

    hints = (
        "A layer whose heads look sharply at the right word is not always one that is needed: others may stand in.",
        f"The layer that is needed least here is layer {order[-1] + 1}: {signed(changes[order[-1]])} nats.",
        f"Without the one in question log p falls by {number(-changes[order[0]])} nats; look for the longest bar of cross-attention.",
    )
    flat = changes[order[1]] - changes[order[0]] < TIE if len(order) > 1 else False
    names = tuple(f"layer {at + 1}" for at in options)
    return Pick(
        text="Which layer of cross-attention does your translation need most?", options=names, key=key, hints=hints, why=why,
        measures=Measures.of("Change of log p of the translation without the layer", names, [changes[at] for at in options], signed_nats),
        easy="Two layers are needed equally: a close call." if flat else "",
    )  # fmt: skip


LESSON = Lesson("Training, and what matters", {"view": "knockout", "knockout_part": "layers", "knockout_word": None}, (step,))
