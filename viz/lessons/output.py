"""Output: softmax over the vocabulary, and the cross-entropy of what should come."""

from __future__ import annotations

from model.analysis.output import perplexity
from model.transformer.config import ENCODER
from viz.lessons.words import label, nats, percent, pieces
from viz.page.lesson import TIE, Lesson, Material, Measures, Pick, Settings, Step, Symbol, mixed
from viz.theme import number


def step(material: Material) -> Step:
    """Choose where the model hesitated."""
    trace = material.trace
    row = int(trace.loss.argmin())
    words = (
        f"At every place the decoder gives {trace.anatomy.vocabulary:,} logits; softmax makes probabilities of them. The loss of a piece is −ln of the probability it got: "
        f"sure of {label(trace.labels, row)} ({percent(float((-trace.loss[row]).exp()))}) costs {number(float(trace.loss[row]))} nats. Your translation has "
        f"{number(float(trace.loss.mean()))} on average, as if the model chose among {number(perplexity(trace.loss))} equally likely pieces (perplexity)."
    )
    formula = (
        Symbol("loss", "how surprised the model is by a piece, in nats: the bars", "card card-loss"), " = −ln ",
        Symbol("p", "the probability that the piece got", "card card-loss"), ",   p = softmax(", Symbol("logits", "one number for each piece of the vocabulary", "part .rail [data-name^='linear']"), ")",
    )  # fmt: skip
    return Step(words=words, formula=formula, question=question(material), more=filling_in(material))


def filling_in(material: Material) -> tuple[tuple[str, Settings], ...]:
    """The same output in a model of the encoder alone, which says what was hidden and not what comes next; nothing where there is none."""
    title = "The same output in a model that has the encoder alone: hide a word of your sentence, and it fills it in"
    return material.leads(ENCODER, title, {"view": "output", "output_part": "pieces"})


def question(material: Material) -> Pick:
    """Which piece surprised the model most."""
    trace = material.trace
    order = trace.loss.argsort(descending=True).tolist()
    options, key = mixed(order[0], [order[at] for at in (1, len(order) // 2, -1)], sum(trace.source.ids))
    worst = float(trace.loss[order[0]])

    def why(answer: int) -> str:
        loss, chance = float(trace.loss[options[answer]]), percent(float((-trace.loss[options[answer]]).exp()))
        if answer == key:
            return f"{label(trace.labels, order[0])} got {chance}, so it costs {number(loss)} nats; the next one costs {number(float(trace.loss[order[min(1, len(order) - 1)]]))}."
        return f"{label(trace.labels, options[answer])} got {chance} and costs {number(loss)} nats; the most surprising piece costs {number(worst)}."

    hints = (
        "It chose every piece itself, yet not always surely: where could a translator have said something else?",
        "Beginnings of words hesitate more than their ends: once a word has begun, the rest often follows.",
        f"The piece got {percent(float(trace.loss.neg()[order[0]].exp()))}: look for the longest bar.",
    )
    close = len(order) > 1 and float(trace.loss[order[0]] - trace.loss[order[1]]) < TIE
    names = tuple(label(trace.labels, at) for at in options)
    return Pick(
        text=f"At which of these {pieces(len(options)).replace('pieces', 'places')} was the model most surprised by what it said?", options=names, key=key,
        hints=hints, why=why, measures=Measures.of("Loss of the piece, −ln p", names, trace.loss[options].tolist(), nats),
        easy="Two pieces are nearly equally surprising: a close call." if close else "",
    )  # fmt: skip


LESSON = Lesson("Output: softmax and loss", {"view": "output", "output_part": "loss"}, (step,))
