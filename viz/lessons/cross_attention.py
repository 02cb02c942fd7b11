"""Cross-attention: while the model writes a French word, the English word that it looks at."""

from __future__ import annotations

import torch
from torch import Tensor

from model.analysis.knockout import losses, occlusions
from model.analysis.words import join_pieces, join_words, word_groups
from viz.lessons.words import alignment_head, label
from viz.page.lesson import TIE, Lesson, Material, Measures, Pick, Step, Symbol, mixed
from viz.theme import number

RIVAL = "recurrent"  # what it is made of, and the view that shows both


def looks(material: Material) -> tuple[Tensor, Tensor]:
    """(weights, losses): (French word, English word) each: what the alignment head gives, and what log p of the French word loses, nats, when the
    English word is hidden from everyone. Special tokens are words of their own."""
    trace, (kind, layer, head) = material.trace, alignment_head(material)
    weights = join_words(trace).attention[kind].weights[layer, head].cpu()
    single = losses(trace, material.without(occlusions(trace)).to(trace.loss.device)).cpu()  # (English word, row)
    groups = word_groups(trace.labels)
    return weights, torch.stack([single[:, group.start : group.stop].sum(1) for group in groups])


def subject(material: Material) -> tuple[int, list[int]] | None:
    """(French word, English words, the most looked at first): a word for which picture and cause agree, the one that stands furthest from its
    place in the English, and is the surest of those. None where no word of this sentence has both agree."""
    weights, costs = looks(material)
    source, target = join_pieces(material.trace.source), join_pieces(material.trace.labels)
    english, best = [at for at, apart in enumerate(source.special) if not apart], None
    for row, is_special in enumerate(target.special):
        order = sorted(range(len(source)), key=lambda at: -float(weights[row, at]))
        cause = max(english, key=lambda at: float(costs[row, at]), default=-1)
        if is_special or order[0] != cause or len(order) < 2 or float(weights[row, order[0]] - weights[row, order[1]]) < TIE:
            continue
        score = (abs(row - cause), float(weights[row, cause]))
        if best is None or score > best[0]:
            best = (score, row, order)
    return best[1:] if best else None


def step(material: Material) -> Step:
    """Choose the English word."""
    kind, layer, head = alignment_head(material)
    words = (
        "The encoder has read the English; in cross-attention each French row asks the English keys. This head aligns words best of all. "
        "Where a head looks is a picture, not yet a cause: this step asks about a word for which hiding the English word costs most, too."
    )
    formula = (
        Symbol("A", "the weights of this head: rows are French, columns English", "card card-head"), " = softmax(", Symbol("Q", "queries, of the French rows", "row 1"),
        Symbol("K", "keys, of the English columns", "column 1"), "ᵀ / √d),   output = A ", Symbol("V", "values, of the English columns", "column 1"),
    )  # fmt: skip
    place = subject(material)
    if place is None:
        words += (
            " In your sentence no word has both agree, so there is nothing fair to ask: take another one, or look at Where from."
        )
    asks = question(material, *place) if place else None
    focus = {"kind": kind, "layer": layer, "head": head, "words": True}
    return Step(words=words, formula=formula, question=asks, focus=focus, more=rival(material))


def rival(material: Material) -> tuple[tuple[str, dict[str, object]], ...]:
    """The recurrent translator, for which attention was invented, on the same sentence; nothing where it is not here."""
    other = material.sibling(RIVAL)
    if other is None:
        return ()
    text = other.translate(material.trace.source.text)
    title = f"A recurrent network, for which attention was invented, looks back like this, too, and says “{text}”"
    return ((title, {"view": RIVAL, "words": True}),)


def question(material: Material, row: int, order: list[int]) -> Pick:
    """Which English word one French word looks at."""
    (weights, costs), source = looks(material), join_pieces(material.trace.source)
    real = [at for at in order if not source.special[at]]
    options, key = mixed(order[0], real[1:], sum(source.ids))
    name = label(join_pieces(material.trace.labels), row)

    def why(answer: int) -> str:
        here = f"{label(source, options[answer])} gets {number(float(weights[row, options[answer]]))}"
        cost = float(costs[row, order[0]])
        if answer == key:
            return f"{here} of the attention of {name}, and hiding it costs {name} {number(cost)} nats, more than hiding any other word."
        return f"{here} of the attention of {name}; the word it looks at most gets {number(float(weights[row, order[0]]))}."

    hints = (
        f"What does {name} translate?",
        "French and English do not always put words in the same order: look beyond the same place in the row.",
        f"It gets {number(float(weights[row, order[0]]))}: the darkest square of that row.",
    )
    names = tuple(label(source, at) for at in options)
    return Pick(
        text=f"Which English word does {name} look at most?",
        options=names,
        key=key,
        hints=hints,
        why=why,
        measures=Measures.of(f"Weight that {name} gives to the word, 0 to 1", names, weights[row, options].tolist(), number),
    )


LESSON = Lesson("Cross-attention: French looks at English", {"view": "one-head", "paint": "off", "words": True}, (step,))
