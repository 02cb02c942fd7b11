"""Positions: attention sums over a set, so the order of words must be added; and what is left without it."""

from __future__ import annotations

from model.trace.intervention import Intervention
from viz.lessons.words import pieces
from viz.page.lesson import Lesson, Material, Slider, Step, Symbol
from viz.theme import number

WITHOUT = Intervention(source_positions="none")
PAIR = ("The dog bites the man.", "The man bites the dog.")


def left(material: Material) -> int:
    """How many pieces of the translation would still be the first choice, each behind its own beginning, without source positions."""
    trace = material.under(WITHOUT)
    return sum(best == label for best, label in zip(trace.logits.argmax(-1).tolist(), trace.labels.ids, strict=True))


def step(material: Material) -> Step:
    """Guess what a bag of words is good for."""
    (one, other), (bag, same) = ([material.translate(text, change) for text in PAIR] for change in (Intervention(), WITHOUT))
    lost = f"both become “{bag}”" if bag == same else f"they become “{bag}” and “{same}”"
    words = (
        f"Attention adds up over a set; only what is added to each vector says where its word stands. “{PAIR[0]}” becomes “{one}” and "
        f"“{PAIR[1]}” becomes “{other}”; with the English positions taken away, {lost}."
    )
    formula = (
        "x = ", Symbol("E", "the row of the embedding table: what the token is", "part .rail [data-name^='embedding']"), " · √d + ",
        Symbol("PE", "the vector of its place; its wavelengths are drawn here", "card card-wavelengths"),
        "   PE(pos, 2i) = sin(", Symbol("pos", "the place of the token", "card card-dots"), " / 10000^(2i/d))",
    )  # fmt: skip
    then = {"change": WITHOUT, "forcing": "free"}
    return Step(words=words, formula=formula, question=question(material), then=then)


def question(material: Material) -> Slider:
    """How many pieces stay the first choice."""
    count, every = left(material), len(material.trace.labels)
    before, after = (number(float(trace.loss.mean())) for trace in (material.trace, material.under(WITHOUT)))

    def why(answer: float) -> str:
        gap = round(abs(answer - count))
        off = f" (your guess was {gap} off)" if gap else ""
        return (
            f"{count} of {pieces(every)} stay its first choice{off}, and the loss goes from {before} to {after} nats a piece: "
            "words alone say a good deal, and where that does not do, the order was needed."
        )

    hints = (
        "The decoder still knows where its own French words stand, and what it has said so far.",
        "A short sentence of common words has often one natural order; a sentence with two actors has two.",
        f"The loss goes from {before} to {after} nats a piece: compare that with one wrong piece, which costs several.",
    )
    return Slider(
        text=f"Without English positions, behind its own beginning: how many of the {pieces(every)} of French does it still put first?",
        hints=hints, why=why, least=0, most=every, step=1, key=count, within=max(1, round(every / 10)), write=lambda value: pieces(round(value)),
    )  # fmt: skip


LESSON = Lesson(
    "Positions: where a word stands", {"view": "positions", "position_part": "laboratory"}, (step,), covers=("picture",)
)
