"""Values: what a head hands on is weight times value; a large weight on a short value is little."""

from __future__ import annotations

from torch import Tensor

from model.analysis.attention import per_head
from viz.charts.parts.words import content
from viz.lessons.words import label
from viz.page.lesson import TIE, Lesson, Material, Measures, Pick, Step, Symbol, mixed
from viz.theme import number

MIX = 8  # the step of the calculation that mixes the values


def lengths(material: Material) -> tuple[str, Tensor, Tensor]:
    """(kind, weights, |weight x value|): (layer, head, query, key) both, where the first stack attends to itself."""
    anatomy = material.trace.anatomy
    kind = anatomy.self_kind(anatomy.stacks[0].name).name
    weights = material.trace.attention[kind].weights
    return kind, weights, weights * per_head(material.trace, kind, "values").norm(dim=-1)[:, :, None, :]


def subject(material: Material) -> tuple[str, int, int, int, bool]:
    """(kind, layer, head, query, differs): the row in which the token with the most weight falls furthest behind the one that gives most,
    as a share of what all give; where there is none, the row whose giver stands out most."""
    kind, weights, handed = lengths(material)
    rows = [at for at, is_text in enumerate(content(material.trace.rows(kind).read)) if is_text] or [0]
    share = handed[:, :, rows] / handed[:, :, rows].sum(-1, keepdim=True)
    best = share.topk(min(2, share.size(-1)), dim=-1).values
    behind = best[..., 0] - share.gather(-1, weights[:, :, rows].argmax(-1, keepdim=True))[..., 0]
    differs = float(behind.max()) >= TIE
    score = behind if differs else best[..., 0] - best[..., -1]
    layer, rest = divmod(int(score.argmax()), score[0].numel())
    head, row = divmod(rest, len(rows))
    return kind, layer, head, rows[row], differs


def step(material: Material) -> Step:
    """Choose who gives most."""
    kind, layer, head, query, _ = subject(material)
    asks = label(material.trace.rows(kind).read, query)
    words = (
        "The head multiplies every value by its weight and adds up: that mixture is its output. How much a token gives is the length of weight "
        f"times value, and values are not equally long. Here {asks} asks."
    )
    formula = (
        Symbol("z", "the head's output for this row", "part .attention-steps .stage"), " = Σ ",
        Symbol("α", "the weight of a token, at the right of its line", "part .attention-steps .stage .matrix .total"), " · ",
        Symbol("v", "the value of a token: its line in the picture is weight times value", "part .attention-steps .stage .matrix .cells"),
    )  # fmt: skip
    focus = {"kind": kind, "layer": layer, "head": head, "query": query, "key": query, "step": MIX}
    return Step(words=words, formula=formula, question=question(material), focus=focus)


def question(material: Material) -> Pick:
    """Which token gives most."""
    kind, layer, head, query, differs = subject(material)
    _, weights, handed = lengths(material)
    row, gives = weights[layer, head, query], handed[layer, head, query]
    keys, order, looks = (
        material.trace.columns(kind),
        gives.argsort(descending=True).tolist(),
        row.argsort(descending=True).tolist(),
    )
    options, key = mixed(order[0], [looks[0], *looks[1:3], *order[1:]], sum(keys.ids))
    asks = label(material.trace.rows(kind).read, query)

    def line(at: int) -> str:
        return f"{label(keys, at)} has the weight {number(float(row[at]))} and gives {number(float(gives[at]))}"

    def why(answer: int) -> str:
        if answer == key:
            return f"{line(order[0])}" + (f"; {line(looks[0])}." if differs else ", the most of both.")
        return f"{line(options[answer])}; the one that gives most gives {number(float(gives[order[0]]))}."

    hints = (
        f"The most weight has {label(keys, looks[0])}: {number(float(row[looks[0]]))}.",
        "Compare the colours of the lines: a pale line gives little, whatever its weight.",
        f"The one that gives most gives {number(float(gives[order[0]]))} with a weight of {number(float(row[order[0]]))}.",
    )
    names = tuple(label(keys, at) for at in options)
    return Pick(
        text=f"Which token gives most to {asks} in this head (layer {layer + 1}, head {head + 1})?", options=names, key=key, hints=hints, why=why,
        measures=Measures.of("What the token gives: length of weight times value", names, gives[options].tolist(), number),
        easy="" if differs else "In your sentence the most weight and the most given go together everywhere: an easy one.",
    )  # fmt: skip


LESSON = Lesson("Mixing the values", {"view": "steps", "step": MIX}, (step,))
