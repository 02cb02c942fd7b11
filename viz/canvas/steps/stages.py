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

from torch import Tensor

from model.analysis.steps import Calculation
from model.trace.trace import Trace
from viz import reading
from viz.theme import number, quoted

CHECKED = {  # how people call the fields that have a captured counterpart
    "start": "residual stream, first point", "query": "query", "keys": "keys", "values": "values", "scores": "scores",
    "weights": "weights", "output": "head output z", "written": "what attention wrote", "after": "residual stream behind it",
}  # fmt: skip
KEYED = (
    "keys", "values", "products", "dots", "scores", "score_bias", "biased", "exponents", "weights", "weighted", "allowed",
)  # fmt: skip


def stages(trace: Trace, calculation: Calculation, kind: str, layer: int, head: int, query: int) -> list[dict]:
    """All stages, in the order of the arithmetic; what the calculation has not has none."""
    queries = trace.queries(kind)
    asks = quoted(queries.shown[query], queries.notation)
    begin, end = [_vectors(trace, kind, asks)], []
    if calculation.state is not None:
        begin = [_start(trace, calculation.state, kind, layer, asks), *begin]
        end = [_sublayer(trace, kind, asks), _residual(trace, calculation, asks)]
    if calculation.state is not None and calculation.normed is not None:
        begin = [_vector(trace, kind, query, asks), _state(trace, calculation.state, kind, layer, asks), _projections(asks)]
        end = [_output(trace, kind), _residual(trace, calculation, asks)]
    return [
        *begin,
        _products(asks),
        *_scores(trace, calculation, kind, asks, reading.mask_words(trace, kind, layer, query)),
        _weighted(trace, calculation, kind, layer, head),
        *end,
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


def _state_words(trace: Trace, state: Tensor, kind: str, layer: int, asks: str) -> str:
    """Which state a layer reads of a token, as a sentence."""
    passed = f"After {layer} {'layer' if layer == 1 else 'layers'}" if layer else "Before the first layer"
    sublayers = trace.anatomy.asking(kind).sublayers
    earlier = [trace.anatomy.sublayer_title(name) for name in sublayers[: sublayers.index(kind)]]
    passed += f" and the {' and the '.join(earlier)} of layer {layer + 1}" if earlier else ""
    return f"{passed}, the vector of {asks} is this state x, {float(state.norm()):.2f} long. "


def _state(trace: Trace, state: Tensor, kind: str, layer: int, asks: str) -> dict:
    words = _state_words(trace, state, kind, layer, asks)
    if trace.anatomy.norm == "post":
        words += "The head reads it as it is."
        return _stage("What the head reads", "h = x", words, [_strip("state x", "state"), _strip("input h", "normed", "=")], None)
    mean, deviation = float(state.mean()), float(state.std(correction=0))
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


def _start(trace: Trace, state: Tensor, kind: str, layer: int, asks: str) -> dict:
    """The state of a model whose matrices are not shown."""
    words = _state_words(trace, state, kind, layer, asks)
    words += "The layer makes the query of the next step from it."
    return _stage("What the head reads", "x", words, [_strip("state x", "state")], None)


def _vectors(trace: Trace, kind: str, asks: str) -> dict:
    """Query, key and value as they were captured."""
    anatomy, shape = trace.anatomy, trace.anatomy.kind(kind)
    words = (
        f"Three short vectors, captured as this model’s attention received them: the query says what {asks} looks for, the key of every "
        "token what it offers, the value what it hands over. Here are the query, and key and value of {key}. Learned matrices made them. "
        f"{anatomy.why('parameters')}"
    ).strip()
    if anatomy.positions == "rotary" and shape.is_self:
        words += " Query and key are already turned by their positions."
    if shape.key_heads < shape.heads:
        words += f" {shape.heads // shape.key_heads} heads share one set of keys and values."
    blocks = [_row(f"query of {asks}", "query"), _row("key of {key}", "keys"), _row("value of {key}", "values")]
    return _stage("Query, key, value", "q, k, v, as captured", words, blocks, None)


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
    scale, columns = _scale(trace, calculation, kind)
    score, each = ("score", "score") if calculation.biased is None else ("(score + bias)", "score with its bias")
    largest, heat = "score" if calculation.biased is None else "sum", trace.intervention.temperature
    hot = "" if heat == 1 else f" Temperature: {largest}s are divided by {heat:g} first."
    further = [_column("mask", "allowed"), _column("exp", "exponents"), _column("weight", "weights")]

    def table(count: int) -> list[dict]:
        return [{"type": "table", "columns": columns + further[:count]}]

    if not bool(calculation.allowed.any()):
        empty = "Every key is masked: there is nothing to choose from, so this head gives zeros."
        sums = weighs = empty
    else:
        sums = (
            f"e to the power of each {each}; the largest {largest} is taken away first, which changes no weight but keeps the numbers small."
            f"{hot} {{key}}: {{exponents}}. Together: {{denominator}}."
        )
        weighs = (
            "Divide each by their sum. The weights are between 0 and 1 and add up to 1: so much of its attention gives "
            f"{asks} to each token. {{key}}: {{exponents}} ÷ {{denominator}} = {{weights}}."
        )
    return [
        _stage(*scale, table(0), "scores"),
        _stage("Mask", "masked → −∞", masked, table(1), None),
        _stage("Exponentials", f"e^({score.strip('()')} − largest)", sums, table(2), None),
        _stage("Weights", f"weight = e^{score} / Σ e^{score}", weighs, table(3), "weights"),
    ]


def _scale(trace: Trace, calculation: Calculation, kind: str) -> tuple[tuple[str, str, str], list[dict]]:
    """Title, formula and words of the stage that makes scores of dot products, and the columns of its table."""
    scaled, shape = trace.intervention.scaled, trace.anatomy.kind(kind)
    root = math.sqrt(shape.d_head)
    divide = f"÷ √{shape.d_head} = {root:.3f}" if scaled else "scaling is off"
    title, columns = "Scale", [_column("q · k", "dots"), _column(f"score ({divide})", "scores")]
    if shape.scores != "scaled dot":
        words = (
            "The same with the key of every token. Here the dot product is the score: a factor, where this model has one, is in its "
            "queries already."
        )
        title, columns = "Scores", [_column("score = q · k", "scores")]
    elif scaled:
        words = (
            f"The same with the key of every token, divided by the root of the head's width, √{shape.d_head}, so that the sums "
            "of many products do not get too large for the softmax. {key}: {dots} becomes {scores}."
        )
    else:
        words = (
            "The same with the key of every token. The division by √d_head is switched off: the score is the dot product itself."
        )
    formula = "q · k / √d_head" if scaled and shape.scores == "scaled dot" else "q · k"
    if calculation.biased is None:
        return (title, f"score = {formula}", words), columns
    where = ", which depends on how far apart the two tokens stand" if trace.anatomy.positions == "relative" else ""
    words += f" A bias is added to it{where}. {{key}}: {{scores}} plus {{score_bias}} is {{biased}}."
    return (title, f"{formula} + bias", words), [*columns, _column("bias", "score_bias"), _column("score + bias", "biased")]


def _weighted(trace: Trace, calculation: Calculation, kind: str, layer: int, head: int) -> dict:
    words = (
        "Multiply the value of every token by its weight and add them up: the head's output z is a mixture of the values, mostly "
        "of the tokens that it attends to. Each line is one token's share; {key} gives {weights} of its value."
    )
    if (kind, layer, head) in trace.intervention.heads_off:
        words += " This head is switched off: its output is replaced by zeros."
    if calculation.written is None:
        shape = trace.anatomy.kind(kind)
        own = f"{shape.title} has a stream of its own, which is not seen."
        words += (
            f" Here the calculation ends. {trace.anatomy.absence('residual', shape.asks) if trace.anatomy.writes(kind) else own}"
        )
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


def _sublayer(trace: Trace, kind: str, asks: str) -> dict:
    """What all heads wrote, as it was captured."""
    heads = trace.anatomy.kind(kind).heads
    words = (
        f"The outputs of all {heads} heads stand side by side and go through one more learned matrix. What comes out of it is all that "
        f"attention writes for {asks}, captured here; how much of it is this head's, that matrix would tell."
    )
    if trace.anatomy.norm == "sandwich":
        words += " In this model it is what a norm behind that matrix lets out."
    blocks = [_row("z of this head", "output"), _strip("written by all", "written", "→")]
    return _stage("What attention writes", "Concat(z₁ … z_H) → written", words, blocks, None)


def _residual(trace: Trace, calculation: Calculation, asks: str) -> dict:
    words = (
        f"What attention wrote is added to the state that {asks} had before. Nothing is overwritten: that is the residual stream."
    )
    blocks = [_strip("state x", "state"), _strip("written", "written", "+"), _strip("new state", "after", "=")]
    formula, has_weights = "x + written", calculation.normed is not None
    if trace.anatomy.norm == "post":
        words += (
            " A LayerNorm follows." if has_weights else " A norm follows, and the new state is what came out of it, as captured."
        )
        formula, blocks[-1]["sign"] = f"{'LayerNorm' if has_weights else 'norm'}(x + written)", "→"
    if trace.anatomy.norm == "parallel":
        words += " The feed-forward sublayer reads the same state beside attention; what it writes is added next."
    compares = "after" if "after" in calculation.differences else None
    return _stage("Add to the residual stream", formula, words, blocks, compares)


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
