"""Feed-forward: each token alone, through many units of which few fire."""

from __future__ import annotations

from model.analysis.layers import firing_shares
from viz.charts.parts.words import content
from viz.lessons.words import label, percent
from viz.page.lesson import Lesson, Material, Slider, Step, Symbol

WITHIN = 3  # points


def subject(material: Material) -> int:
    """The token that is asked about: the source token of text for which the most units of the first layer fire."""
    source = material.trace.source
    places = [at for at, is_text in enumerate(content(source)) if is_text] or [0]
    firing = firing_shares(material.trace, material.trace.anatomy.stacks[0].name)[0]
    return max(places, key=lambda at: float(firing[at]))


def step(material: Material) -> Step:
    """Guess how many units fire."""
    anatomy = material.trace.anatomy
    stack = anatomy.stacks[0].name
    units, token = material.trace.part("feed_forward", stack).size(-1), subject(material)
    words = (
        f"Feed-forward takes each token alone: no token looks at another here. W_1 makes {units} numbers of {anatomy.d_model}, ReLU sets those below 0 "
        "to 0, and W_2 adds up what the units that are left write."
    )
    formula = (
        "W_2 ", Symbol("ReLU", "what is below 0 becomes 0: that unit does not fire", "card card-firing"), "(", Symbol("W_1", f"{units} units, each a question to the token's vector", "card card-units"),
        " ", Symbol("x", f"the vector of one token, here {label(material.trace.source, token)}", "card card-firing"), " + b_1) + b_2",
    )  # fmt: skip
    return Step(
        words=words,
        formula=formula,
        question=question(material),
        focus={"side": stack, "token": token, "layer": None, "unit": None},
    )


def question(material: Material) -> Slider:
    """What share of the units of layer 1 fires for one token."""
    stack, token = material.trace.anatomy.stacks[0].name, subject(material)
    firing = firing_shares(material.trace, stack)
    share, units = 100 * float(firing[0, token]), material.trace.part("feed_forward", stack).size(-1)
    name = label(material.trace.source, token)

    def why(answer: float) -> str:
        gap = abs(round(answer - share))
        off = f" (your guess was {gap} points off)" if gap else ""
        return (
            f"{round(share * units / 100)} of {units} units fire for {name}, {percent(share / 100)}{off}, "
            f"and {percent(float(firing.mean()))} over all layers and tokens: each unit answers to few things."
        )

    hints = (
        "If signs were drawn by chance, half of the units would fire; training has made most of them wait for something.",
        f"Over all layers and tokens of your sentence, {percent(float(firing.mean()))} fire.",
        f"Of {units} units, {round(share * units / 100)} fire.",
    )
    return Slider(
        text=f"What share of the {units} units of layer 1 fires for {name}? (Within {WITHIN} points is right.)", hints=hints, why=why,
        least=0, most=100, step=1, key=share, within=WITHIN, write=lambda value: percent(value / 100),
    )  # fmt: skip


LESSON = Lesson("Feed-forward: token by token", {"view": "layers", "layer_part": "units"}, (step,))
