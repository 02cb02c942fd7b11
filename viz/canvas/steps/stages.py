"""The stages of one head's calculation as data: what the browser draws and says at each of them.

A stage is {"title", "formula", "words", "blocks", "check"}. In words and in the sums of blocks, {name} stands for a number of the
calculation: of the key that the reader looks at where there is one a key. Blocks name arrays of the calculation:

    strip   one vector over d_model as a run of colours, with the sign that joins it to the one above
    row     one vector over d_head with its numbers; of the key looked at where there is one a key
    table   one row a key, columns of numbers, the last one also as bars
    matrix  one row a key, one column a dimension of the head
"""

from __future__ import annotations

import math

from model.analysis.steps import Calculation
from model.trace.trace import Trace
from viz import reading
from viz.theme import number, quoted

CHECKED = {  # how people call the fields that have a captured counterpart
    "start": "residual stream, first point", "query": "query", "keys": "keys", "values": "values", "scores": "scores",
    "weights": "weights", "output": "head output z", "written": "what attention wrote", "after": "residual stream behind it",
}  # fmt: skip
KEYED = ("keys", "values", "products", "dots", "scores", "exponents", "weights", "weighted", "allowed")


def stages(trace: Trace, calculation: Calculation, kind: str, layer: int, head: int, query: int) -> list[dict]:
    """All stages, in the order of the arithmetic."""
    queries = trace.queries(kind)
    asks = quoted(queries.shown[query], queries.notation)
    return [
        _vector(trace, kind, query, asks),
        _state(trace, calculation, kind, layer, asks),
        _projections(asks),
        _products(asks),
        *_scores(trace, calculation, kind, asks, reading.mask_words(trace, kind, layer, query)),
        _weighted(trace, kind, layer, head),
        _output(trace, kind),
        _residual(trace, kind, layer, asks),
    ]


def _vector(trace: Trace, kind: str, query: int, asks: str) -> dict:
    anatomy, side = trace.anatomy, trace.anatomy.kind(kind).asks
    id_ = trace.queries(kind).ids[query]
    starts, formula = reading.token_vector(trace, side, query)
    words = (
        f"{asks} is piece {id_} of {anatomy.vocabulary:,}. Row {id_} of the embedding table, times √{anatomy.d_model}{starts} "
    )
    words += f"That is {anatomy.d_model} numbers."
    produced = trace.rows(kind).made
    if produced is not None:
        words += (
            f" Reading it, the {anatomy.asking(kind).title.lower()} produces {quoted(produced.shown[query], produced.notation)}."
        )
    blocks = [_strip("token part", "token"), _strip("position", "position", "+"), _strip("sum", "start", "=")]
    return _stage("From text to a vector", formula, words, blocks, "start")


def _state(trace: Trace, calculation: Calculation, kind: str, layer: int, asks: str) -> dict:
    passed = f"After {layer} {'layer' if layer == 1 else 'layers'}" if layer else "Before the first layer"
    sublayers = trace.anatomy.asking(kind).sublayers
    earlier = [trace.anatomy.sublayer_title(name) for name in sublayers[: sublayers.index(kind)]]
    passed += f" and the {' and the '.join(earlier)} of layer {layer + 1}" if earlier else ""
    words = f"{passed}, the vector of {asks} is this state x, {float(calculation.state.norm()):.2f} long. "
    if trace.anatomy.norm == "post":
        words += "The head reads it as it is."
        return _stage("What the head reads", "h = x", words, [_strip("state x", "state"), _strip("input h", "normed", "=")], None)
    mean, deviation = float(calculation.state.mean()), float(calculation.state.std(correction=0))
    words += (
        f"LayerNorm takes away its mean ({number(mean, 3)}), divides by its standard deviation ({deviation:.3f}), and applies a learned "
        "gain and bias to every dimension. The result h is what the head reads."
    )
    blocks = [_strip("state x", "state"), _strip("input h", "normed", "→")]
    return _stage("What the head reads", "h = LayerNorm(x)", words, blocks, None)


def _projections(asks: str) -> dict:
    words = (
        f"Three learned matrices make three short vectors. The query says what {asks} looks for, the key of every token what it "
        "offers, the value what it hands over. Here are the query, and key and value of {key}."
    )
    blocks = [_row(f"query of {asks}", "query"), _row("key of {key}", "keys"), _row("value of {key}", "values")]
    formula = "q = h W_Q + b_Q      k = h′ W_K + b_K      v = h′ W_V + b_V"
    return _stage("Query, key, value", formula, words, blocks, ("query", "keys", "values"))


def _products(asks: str) -> dict:
    words = (
        "Multiply query and key, dimension by dimension. Where both have the same sign the product speaks for {key}, else against "
        f"it. The sum is the dot product: how well what {asks} looks for fits what {{key}} offers."
    )
    blocks = [
        _row(f"query of {asks}", "query"),
        _row("key of {key}", "keys", "×"),
        _row("products", "products", "=", "sum {dots}"),
    ]
    return _stage("Multiply and add up", "q · k = Σ q_i k_i", words, blocks, None)


def _scores(trace: Trace, calculation: Calculation, kind: str, asks: str, masked: str) -> list[dict]:
    """From dot products to weights: one table that grows by a column a stage."""
    change, d_head = trace.intervention, trace.anatomy.kind(kind).d_head
    root = math.sqrt(d_head)
    divide = f"÷ √{d_head} = {root:.3f}" if change.scaled else "scaling is off"
    columns = [_column("q · k", "dots"), _column(f"score ({divide})", "scores"), _column("mask", "allowed")]
    columns += [_column("exp", "exponents"), _column("weight", "weights")]

    def table(count: int) -> list[dict]:
        return [{"type": "table", "columns": columns[:count]}]

    scale = (
        f"The same with the key of every token, divided by the root of the head's width, √{d_head}, so that the sums "
        "of many products do not get too large for the softmax. {key}: {dots} becomes {scores}."
        if change.scaled
        else "The same with the key of every token. The division by √d_head is switched off: the score is the dot product itself."
    )
    hot = "" if change.temperature == 1 else f" Temperature: scores are divided by {change.temperature:g} first."
    if not bool(calculation.allowed.any()):
        empty = "Every key is masked: there is nothing to choose from, so this head gives zeros."
        sums = weighs = empty
    else:
        sums = (
            "e to the power of each score; the largest score is taken away first, which changes no weight but keeps the numbers small."
            f"{hot} {{key}}: {{exponents}}. Together: {{denominator}}."
        )
        weighs = (
            "Divide each by their sum. The weights are between 0 and 1 and add up to 1: so much of its attention gives "
            f"{asks} to each token. {{key}}: {{exponents}} ÷ {{denominator}} = {{weights}}."
        )
    return [
        _stage("Scale", "score = q · k / √d_head" if change.scaled else "score = q · k", scale, table(2), "scores"),
        _stage("Mask", "masked → −∞", masked, table(3), None),
        _stage("Exponentials", "e^(score − largest)", sums, table(4), None),
        _stage("Weights", "weight = e^score / Σ e^score", weighs, table(5), "weights"),
    ]


def _weighted(trace: Trace, kind: str, layer: int, head: int) -> dict:
    words = (
        "Multiply the value of every token by its weight and add them up: the head's output z is a mixture of the values, mostly "
        "of the tokens that it attends to. Each line is one token's share; {key} gives {weights} of its value."
    )
    if (kind, layer, head) in trace.intervention.heads_off:
        words += " This head is switched off: its output is replaced by zeros."
    blocks = [{"type": "matrix", "array": "weighted"}, _row("sum z", "output", "=")]
    return _stage("Mix the values", "z = Σ weight · v", words, blocks, "output")


def _output(trace: Trace, kind: str) -> dict:
    heads, d_head = trace.anatomy.kind(kind).heads, trace.anatomy.kind(kind).d_head
    words = (
        f"The outputs of all {heads} heads stand side by side and go through W_O. That is the same as sending each through its own "
        f"{d_head} rows of W_O and adding up: this head writes the first line, the other {heads - 1} the second."
    )
    blocks = [
        _row("z of this head", "output"), _strip("z W_O of this head", "contribution", "→"), _strip("the other heads", "others", "+"),
        _strip("bias", "bias", "+"), _strip("written", "written", "="),
    ]  # fmt: skip
    return _stage("W_O: join the heads", "Concat(z₁ … z_H) W_O + b_O", words, blocks, "written")


def _residual(trace: Trace, kind: str, layer: int, asks: str) -> dict:
    words = (
        f"What attention wrote is added to the state that {asks} had before. Nothing is overwritten: that is the residual stream."
    )
    blocks = [_strip("state x", "state"), _strip("written", "written", "+"), _strip("new state", "after", "=")]
    formula = "x + written"
    if trace.anatomy.norm == "post":
        words += " A LayerNorm follows."
        formula, blocks[-1]["sign"] = "LayerNorm(x + written)", "→"
    return _stage("Add to the residual stream", formula, words, blocks, "after")


def _stage(title: str, formula: str, words: str, blocks: list[dict], check: str | tuple[str, ...] | None) -> dict:
    """check: the fields whose captured counterpart this stage ends in."""
    checks = () if check is None else (check,) if isinstance(check, str) else check
    return {"title": title, "formula": formula, "words": words, "blocks": blocks, "checks": list(checks)}


def _strip(label: str, array: str, sign: str = "") -> dict:
    """What is added up shares a colour scale; what a LayerNorm makes of it has its own."""
    return {"type": "strip", "label": label, "array": array, "sign": sign, "scale": array if array == "normed" else "added"}


def _row(label: str, array: str, sign: str = "", total: str = "") -> dict:
    return {"type": "row", "label": label, "array": array, "sign": sign, "total": total, "scale": array}


def _column(label: str, array: str) -> dict:
    return {"label": label, "array": array}
