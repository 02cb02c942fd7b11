"""Check the notes: eight statements as they stand in lecture notes, each put to the test on this very sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from model.analysis.permutation import compare_orders, shuffled_words
from model.trace.trace import Trace
from model.transformer.positions import sinusoids
from viz.lessons.words import nats
from viz.page.lesson import Formula, Lesson, Material, Measures, Pick, Settings, Step, Symbol
from viz.theme import number, small

VERDICTS = ("true", "half true", "false")
TRUE, HALF, FALSE = range(3)
NONE = 1e-4  # what float32 leaves of a difference of zero
# (one of VERDICTS; what the test found, in a sentence; the numbers that it compares, None where it looks at one alone: that it is zero, or not)
Finding = tuple[int, str, Measures | None]


@dataclass(frozen=True)
class Claim:
    """One statement and its test."""

    text: str
    view: Settings
    formula: Formula
    test: Callable[[Material], Finding]
    hints: tuple[str, str]  # the third is what the test found


def statement(claim: Claim, material: Material) -> Step:
    """True, half true or false: the test decides."""
    key, evidence, measures = claim.test(material)

    def why(answer: int) -> str:
        return (
            evidence if answer == key else f"{VERDICTS[answer].capitalize()} does not hold: {evidence[0].lower()}{evidence[1:]}"
        )

    hints = (*claim.hints, f"The test says: {evidence}")
    question = Pick(text=claim.text, options=VERDICTS, key=key, hints=hints, why=why, measures=measures)
    words = "Lecture notes say this of the transformer. True, half true or false? The page puts it to the test on your sentence."
    return Step(words=words, formula=claim.formula, question=question, focus=claim.view)


def _any_size(value: float) -> str:
    """A change, also one that is only what float32 leaves."""
    return number(value) if value >= 0.01 else small(value)


def _self_kind(trace: Trace) -> str:
    """The decoder's attention to itself."""
    return trace.anatomy.self_kind(trace.anatomy.predicting.name).name


def decoder(material: Material) -> Finding:
    """What attention a layer of the decoder has."""
    trace, stack = material.trace, material.trace.anatomy.predicting
    kinds = [trace.anatomy.kind(name) for name in stack.sublayers if name in trace.anatomy.kind_names]
    ahead = float(trace.attention[_self_kind(trace)].weights.triu(1).max())
    bridge = any(not kind.is_self for kind in kinds)
    key = FALSE if bridge and ahead == 0 else TRUE
    return (
        key,
        f"Its layer has masked self-attention (the largest weight on what comes later is {number(ahead)}) and cross-attention, which reads the English.",
        None,
    )


def learnable(material: Material) -> Finding:
    """Whether positions are trained numbers."""
    stack = material.trace.anatomy.stacks[0].name
    table = material.translator.weights.positions(stack, 32)
    gap = float((table - sinusoids(torch.arange(32, device=table.device), table.size(1))).abs().max())
    if gap > NONE:
        return TRUE, f"In this model they are trained: they differ from sines and cosines by up to {number(gap)}.", None
    other = " The family has a member that learned its positions." if material.sibling("learned") else ""
    return (
        HALF,
        f"Some models learn them, but here they are sines and cosines of a formula, to within {small(gap) if gap else '0'}: nothing was learned.{other}",
        None,
    )


def binary(material: Material) -> Finding:
    """Which cross-entropy the loss is."""
    trace = material.trace
    row = int(trace.loss.argmax())
    chances = torch.softmax(trace.logits[row].double(), -1)
    chance = chances[trace.labels.ids[row]]
    rest = -(torch.log1p(-chances).sum() - torch.log1p(-chance))
    own, loss = float(-chance.log()), float(trace.loss[row])
    key = FALSE if abs(own - loss) < NONE else TRUE
    evidence = f"−ln p of the right piece alone is {number(own)} nats, which is the loss ({number(loss)}); the binary form would add {number(float(rest))} for all other pieces."
    values = {"the loss": loss, "−ln p of the right piece": own, "the binary form": own + float(rest)}
    return key, evidence, Measures.apart("The piece that surprised the model most", values, nats)


def axis(material: Material) -> Finding:
    """Over which axis the softmax runs."""
    kind = material.trace.anatomy.bridge().name
    scores, weights = material.trace.part("scores", kind), material.trace.attention[kind].weights
    over_heads, over_keys = torch.softmax(scores, 1).sum(-1), torch.softmax(scores, -1)
    gap = float((over_keys - weights).abs().max())
    least, most = float(over_heads.min()), float(over_heads.max())
    evidence = (
        f"Over the keys, the last axis, softmax gives the model's weights to within {small(gap)}; over axis 1, the heads, rows would sum to "
        f"{number(least)} up to {number(most)} instead of 1."
    )
    values = {"a row of the model": float(weights.sum(-1).mean()), "over axis 1, the least": least, "over axis 1, the most": most}
    return (FALSE if gap < NONE else TRUE), evidence, Measures.apart("What the weights of a row sum to", values, number)


def divisor(material: Material) -> Finding:
    """What scores are divided by."""
    trace, kind = material.trace, material.trace.anatomy.bridge()
    queries, keys = trace.part("queries", kind.name), trace.part("keys", kind.name)
    scores, dots = trace.part("scores", kind.name), queries @ keys.transpose(-1, -2)
    by = float((dots * scores).sum() / scores.square().sum())
    right = abs(by - math.sqrt(kind.d_head)) < 0.01
    evidence = f"The dot products are {number(by)} times the scores: that is √{kind.d_head}, and not {kind.d_head}."
    values = {"the model": by, f"√d_h = √{kind.d_head}": math.sqrt(kind.d_head), "d_h, as the notes say": float(kind.d_head)}
    return (FALSE if right else TRUE), evidence, Measures.apart("What dot products are divided by", values, number)


def invariant(material: Material) -> Finding:
    """What shuffled words do without positions."""
    source = material.trace.source
    order = shuffled_words(source, 1)
    moves = compare_orders(material.translator.passes, source, order)
    off, on = float(moves.without_positions.max()), float(moves.with_positions.max())
    if order == list(range(len(source))):
        evidence = "There is no other order of your words; with others, each vector goes where its word goes (equivariant)."
        return HALF, evidence, None
    evidence = f"Every vector stays the same to within {small(off)}, but goes where its word goes: that is equivariant, not invariant. With positions, vectors change by up to {number(on)}."
    values = {"without positions": off, "with positions": on}
    return (
        (HALF if off < 0.01 else FALSE),
        evidence,
        Measures.apart("The most that a word's vector changes by", values, _any_size),
    )


def exponent(material: Material) -> Finding:
    """What the exponent of the sinusoids does."""
    table = sinusoids(torch.arange(200), material.trace.anatomy.d_model)
    first, last = float(table[:, 0].abs().max()), float(table.abs().max())
    slow = float((table[1, -2] - table[0, -2]).abs())
    evidence = f"No sine is larger than {number(last)}, with the smallest exponent ({number(first)}) as with any; the exponent sets how fast it turns: the slowest moves by {small(slow)} from a place to the next."
    values = {"with the smallest exponent": first, "with any exponent": last}
    return (FALSE if last <= 1 else TRUE), evidence, Measures.apart("The largest sine", values, number)


def before(material: Material) -> Finding:
    """Where the normalisation stands."""
    stack = material.trace.anatomy.stacks[0].name
    stream = material.trace.stream(stack)
    gap = float((stream.states[:-1] + stream.written - stream.states[1:]).abs().max())
    evidence = f"State plus what was written is the next state, to within {small(gap)}: nothing is normalised behind the sum. LayerNorm stands in front of each sublayer."
    return (TRUE if gap < 0.01 else FALSE), evidence, None


CLAIMS = (
    Claim(
        "“A layer of the decoder has one multi-head self-attention and one masked multi-head attention.”", {"view": "all-heads"},
        ("decoder layer = ", Symbol("masked self-attention", "attention to what was said so far", "part .heads-grid .kind:nth-of-type(2)"), " + ", Symbol("cross-attention", "attention to the English", "part .heads-grid .kind:nth-of-type(3)"), " + feed-forward"),
        decoder, ("Look at the triangles: which attention has nothing above its diagonal?", "One of the two reads another language."),
    ),
    Claim(
        "“Positions are a set of learnable parameters that is added to the embeddings.”", {"view": "positions", "position_part": "encoding"},
        ("x = E + ", Symbol("PE", "what is added", "card card-encoding_heatmap")), learnable,
        ("The paper of 2017 tried both.", "Regular waves are seldom what training finds."),
    ),
    Claim(
        "“The loss is −[y log ŷ + (1 − y) log(1 − ŷ)].”", {"view": "output", "output_part": "loss"},
        (Symbol("loss", "of each piece, in nats", "card card-loss"), " = −ln p(piece)"), binary,
        ("That formula has two outcomes; how many pieces can come next?", "The sum over all pieces has one term that is not 0, since y is 0 for all others."),
    ),
    Claim(
        "“weights = softmax(scores, axis=1), with scores of shape (batch, head, query, key).”", {"view": "steps", "step": 7},
        (Symbol("α", "the weights of one row", "part .attention-steps .stage"), " = e^score / Σ e^score"), axis,
        ("Axes count from 0.", "A row of weights must sum to 1: over what?"),
    ),
    Claim(
        "“Scores are divided by d_h, a large positive number.”", {"view": "steps", "step": 4},
        ("score = q · k / ", Symbol("√d", "the root of the head's width", "part .attention-steps .stage .formula")), divisor,
        ("Look at the column of scores and the one of dot products.", "How large is a head?"),
    ),
    Claim(
        "“Without positions the encoder is position invariant: whatever the order of the words, its output stays the same.”",
        {"view": "positions", "position_part": "laboratory"},
        ("f(", Symbol("P", "another order of the words", "card card-bag"), " x) = P f(x)"), invariant,
        ("Does the vector of a word stay, or does the list of vectors stay?", "If the second word comes first, where is its vector?"),
    ),
    Claim(
        "“In sin(pos / 10000^(2i/d)) a small exponent makes the sine large.”", {"view": "positions", "position_part": "encoding"},
        ("sin(", Symbol("pos", "a place: a row of the picture", "card card-encoding_heatmap"), " / 10000^(2i/d))"), exponent,
        ("How large can a sine get?", "What changes from left to right in the picture: the height of the waves, or their length?"),
    ),
    Claim(
        "“x ← x + Sublayer(LayerNorm(x)): this model normalises before a sublayer, not behind it.”", {"view": "layers", "layer_part": "norm"},
        ("x ← x + Sublayer(", Symbol("LayerNorm", "what a sublayer reads", "card card-strips"), "(x))"), before,
        ("The names in the menu of the picture say where each LayerNorm stands.", "The paper of 2017 did it the other way; many models since do not."),
    ),
)  # fmt: skip
LESSON = Lesson("Check the notes", {"view": "all-heads"}, tuple(partial(statement, claim) for claim in CLAIMS), covers=())
