"""The decoder and its mask: what happens when it may see what it must say."""

from __future__ import annotations

import torch

from model.trace.intervention import Intervention
from model.transformer.config import DECODER
from viz.lessons.words import nats, percent
from viz.page.lesson import Lesson, Material, Settings, Slider, Step, Symbol
from viz.theme import number

OPEN = Intervention(causal=False)
SIBLING = "unmasked"  # the member of the family that was trained without the mask
LOOK = "With the mask off, look to the right of the diagonal"


def losses(material: Material) -> tuple[float, float]:
    """The mean loss of the same translation with the mask and without, nats a piece."""
    return float(material.trace.loss.mean()), float(material.under(OPEN).loss.mean())


def ahead(material: Material) -> torch.Tensor:
    """What share of its attention each head of the decoder gives to what comes later when it may: (layer, head), mean over rows that have a later."""
    trace = material.under(OPEN)
    weights = trace.attention[trace.anatomy.self_kind(trace.anatomy.predicting.name).name].weights
    later = torch.ones(weights.shape[-2:], device=weights.device).triu(1)
    return (weights * later).sum(-1)[..., :-1].mean(-1) if weights.size(-1) > 1 else weights.new_zeros(weights.shape[:2])


def step(material: Material) -> Step:
    """Guess what looking ahead does to the loss."""
    anatomy, looks = material.trace.anatomy, ahead(material)
    kind = anatomy.self_kind(anatomy.predicting.name).name
    layer, head = divmod(int(looks.argmax()), looks.size(1))
    words = (
        "The decoder writes French from left to right, so a row may look only at what stands before what it must say: the mask sets all later "
        f"scores to −∞. With it, this translation costs {number(losses(material)[0])} nats a piece. Now take the mask away: every row can read its answer."
    )
    formula = (
        Symbol("score", "of a row (what is read) and a column (what is looked at)", "row 1"), " → ",
        Symbol("−∞", "for every column right of the diagonal: it comes later", "cell 0 1"), "  if ", Symbol("k", "the place of the column", "column 1"), " > ", Symbol("q", "the place of the row", "row 0"),
    )  # fmt: skip
    focus, then = {"kind": kind, "layer": layer, "head": head}, {"change": OPEN, "forcing": "forced"}
    return Step(
        words=words,
        formula=formula,
        question=question(material),
        focus=focus,
        then=then,
        more=(*relative(material), *writing_on(material)),
    )


def relative(material: Material) -> tuple[tuple[str, Settings], ...]:
    """The member of the family that was trained without the mask, reading the same translation; nothing where it is not here."""
    other = material.sibling(SIBLING)
    if other is None:
        return ()
    text = material.trace.translation
    loss = float(other.trace(material.trace.source.text, target=text).loss.mean())
    alone = other.translate(material.trace.source.text)
    speech = f"says “{alone}”" if alone.strip() else "says nothing"
    title = f"One that was trained without the mask reads it for {number(loss)} nats a piece; writing alone it {speech}. Look"
    return ((title, {"model": other.name, "target": text, "asks_target": True, "change": Intervention(), "forcing": "free"}),)


def writing_on(material: Material) -> tuple[tuple[str, Settings], ...]:
    """The same mask in a model of the decoder alone, which goes on from where the reader's sentence begins; nothing where there is none."""
    words = material.trace.source.text.split()
    begun = " ".join(words[: max(1, len(words) // 2)])
    title = "The same mask in a model that has the decoder alone: it reads how your sentence begins, says what comes next, and writes on"
    return material.leads(DECODER, title, {"view": "one-head", "text": begun})


def question(material: Material) -> Slider:
    """What the loss becomes."""
    before, after = losses(material)
    looks = percent(float(ahead(material).mean()))

    def why(answer: float) -> str:
        way = "rises" if after > before else "falls"
        off = f" (your guess was {number(abs(answer - after))} off)" if answer != after else ""
        return (
            f"It {way} from {number(before)} to {number(after)} nats a piece{off}: {looks} of the decoder's attention now goes to "
            "what comes later, and trained with the mask, it never learned what to do with that."
        )

    hints = (
        "Seeing the answer helps only those who have learned to use it.",
        f"With the mask off, {looks} of the decoder's attention goes to what comes later.",
        f"It {'rises' if after > before else 'falls'}: the whole difference is {number(abs(after - before))} nats a piece.",
    )
    return Slider(
        text=f"Mask off, the same translation. What becomes of the loss of {number(before)} nats a piece? (Within 0.5 is right.)", hints=hints, why=why,
        least=0.0, most=5.0, step=0.1, key=after, within=0.5, write=nats,
    )  # fmt: skip


LESSON = Lesson("The decoder and its mask", {"view": "one-head", "paint": "off"}, (step,), covers=())
