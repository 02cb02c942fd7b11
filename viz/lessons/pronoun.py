"""What decides "it": where a head looks, and what the pronoun hangs on, are two things."""

from __future__ import annotations

import torch
from torch import Tensor

from model.analysis.knockout import losses, occlusions
from model.analysis.words import join_pieces
from viz.charts.parts.words import head_title
from viz.lessons.words import nats, percent
from viz.page.lesson import Lesson, Material, Measures, Pick, Step, Symbol
from viz.page.state import EXAMPLES
from viz.theme import number, quoted

SENTENCE = EXAMPLES[0]
WORDS = ("animal", "street", "it", "tired")
PRONOUNS = ("il", "elle")
OTHER = "The animal didn't cross the street because it was too wide."


def pronoun(material: Material) -> int | None:
    """The row that says the pronoun; None in another sentence, or where the model says none."""
    if material.trace.source.text.strip() != SENTENCE:
        return None
    return next((at for at, piece in enumerate(material.trace.labels.surface) if piece in PRONOUNS), None)


def costs(material: Material, row: int) -> Tensor:
    """What log p of the pronoun loses, nats, when one of WORDS is hidden from everyone."""
    names = join_pieces(material.trace.source).surface
    single = losses(material.trace, material.without(occlusions(material.trace)).to(material.trace.loss.device))[:, row]
    return torch.stack([single[names.index(word)] for word in WORDS])


def step(material: Material) -> Step:
    """Choose what the pronoun hangs on."""
    row, record, trace = pronoun(material), material.coreference, material.trace
    kind = trace.anatomy.bridge()
    formula = (
        "Δ = log p(", Symbol("pronoun", "the French word that stands for “it”", f"row {row or 0}"), ") − log p(pronoun | ",
        Symbol("hidden", "one English word that nobody may look at", "card card-head"), ")",
    )  # fmt: skip
    if record is None or not record.decides:
        words = "What decides “it” was not measured for these weights, or they do not decide it, so there is nothing true to tell here."
        return Step(words=words, formula=formula, question=None)
    if row is None:
        words = f"This step has a sentence of its own: “{SENTENCE}” French has to say il or elle, so the model must decide what “it” is."
        return Step(words=words, formula=formula, question=None)
    weights = trace.attention[kind.name].weights[:, :, row, trace.source.surface.index("it")]
    layer, head = divmod(int(weights.argmax()), kind.heads)
    words = (
        f"French has to say il or elle, so the model must decide what “it” is; it says {quoted(trace.labels.shown[row])}. In {head_title(kind, layer, head)}, the row that says it gives "
        f"{number(float(weights[layer, head]))} of its attention to “it”. That is a picture. The cause is another question: what does the pronoun lose when a word is hidden?"
    )
    more = (
        ("The same with “too wide”, side by side", {"view": "pair", "second": OTHER}),
        ("What “it” gathers, measured", {"view": "roles"}),
    )
    focus = {"kind": kind.name, "layer": layer, "head": head}
    return Step(words=words, formula=formula, question=question(material, row), focus=focus, more=more)


def question(material: Material, row: int) -> Pick:
    """Which word the pronoun hangs on."""
    values, record = costs(material, row).tolist(), material.coreference
    assert record is not None
    key = values.index(max(values))
    name = quoted(material.trace.labels.shown[row])
    lost = {place: percent(float(record.hidden[place].lost)) for place in ("adjective", "antecedent", "it")}

    def why(answer: int) -> str:
        here = f"Hiding “{WORDS[answer]}” costs {name} {number(values[answer])} nats"
        if answer != key:
            return f"{here}; hiding the one that it hangs on costs {number(values[key])}."
        return (
            f"{here}, more than any other. In {record.sentences} sentences like it the pronoun is lost in {lost['adjective']} without the adjective, in "
            f"{lost['antecedent']} without the right noun and in {lost['it']} without “it”: where a head looks is not what decides."
        )

    hints = (
        "“Too tired” or “too wide”: which word tells a reader what “it” is?",
        f"Hiding “it” costs only {number(values[WORDS.index('it')])} nats, wherever the head looks.",
        f"The one that it hangs on costs {number(values[key])} nats.",
    )
    names = tuple(f"“{word}”" for word in WORDS)
    return Pick(
        text=f"Which word, hidden from all heads, costs {name} most?",
        options=names,
        key=key,
        hints=hints,
        why=why,
        measures=Measures.of(f"What hiding the word costs {name}", names, values, nats),
    )


LESSON = Lesson(
    "What decides “it”: picture and cause", {"view": "one-head", "paint": "off"}, (step,), covers=(), sentence=SENTENCE
)
