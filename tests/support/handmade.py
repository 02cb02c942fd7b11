"""Traces of models that are not ours, made by hand: one stack that reads both ways, one that writes, shared keys, no dot product."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from model.trace.anatomy import EDITS, FEED_FORWARD, Anatomy, Kind, Stack
from model.trace.intervention import Intervention
from model.trace.tokens import BYTE_LEVEL, WORDPIECE, Tokens
from model.trace.trace import Attention, Axis, Residual, Trace

HIDDEN = "It comes as weights alone."
D_MODEL, D_HEAD, UNITS, VOCABULARY = 16, 4, 24, 30

READER = Anatomy(  # reads both ways, like BERT: every row says its own token
    (Stack("encoder", "Encoder", "English", 2, ("encoder", FEED_FORWARD), "same"),),
    (Kind("encoder", "Self-attention", "encoder", "encoder", 2, 4, 4, D_HEAD, masked=False, scores="scaled dot"),),
    D_MODEL, VOCABULARY, "learned", "post", EDITS - {"causal", "target_positions"}, {"causal": "Every token sees all others already."},
)  # fmt: skip
WRITER = Anatomy(  # writes, like GPT-2: every row says the next token
    (Stack("decoder", "Decoder", "English", 2, ("decoder", FEED_FORWARD), "next"),),
    (Kind("decoder", "Self-attention", "decoder", "decoder", 2, 4, 4, D_HEAD, masked=True, scores="scaled dot"),),
    D_MODEL, VOCABULARY, "learned", "pre",
)  # fmt: skip
SHARED = replace(  # the same with rotary positions and two heads of keys and values for four of queries, like Llama
    WRITER, kinds=(replace(WRITER.kinds[0], key_heads=2),), positions="rotary", obeys=EDITS - {"position_scale"},
    missing={"positions": "Positions turn queries and keys; nothing is added to a token."},
)  # fmt: skip
STREAMED = replace(  # guesses every token from those before it, in a second stream that asks the first, like XLNet
    WRITER, stacks=(replace(WRITER.stacks[0], title="Content stream", predicts="same"),), norm="post", positions="relative",
    kinds=(replace(WRITER.kinds[0], title="Content stream"), replace(WRITER.kinds[0], name="query", title="Query stream")),
    obeys=EDITS - {"target_positions", "patch"}, missing={"positions": "Positions are a bias on the scores; nothing is added to a token."},
)  # fmt: skip
RECURRENT = Anatomy(  # translates with one state a token and one head of attention, like a GRU with Bahdanau's
    (Stack("encoder", "Encoder", "English", 1, (), "nothing"), Stack("decoder", "Decoder", "French", 1, ("cross",), "next")),
    (Kind("cross", "Attention", "decoder", "encoder", 1, 1, 1, D_MODEL, masked=False, scores="additive"),),
    D_MODEL, VOCABULARY, "none", "pre", EDITS - {"causal", "window", "position_scale"},
)  # fmt: skip


def read_tokens() -> Tokens:
    """[CLS] the dogs bark [SEP] in WordPiece."""
    spans = [None, (0, 3), (4, 7), (7, 8), (9, 13), None]
    return Tokens(
        "the dogs bark",
        [1, 9, 4, 5, 6, 2],
        ["[CLS]", "the", "dog", "##s", "bark", "[SEP]"],
        [-1, 0, 1, 1, 2, -1],
        spans,
        WORDPIECE,
    )


def written_tokens() -> Tokens:
    """the dogs bark. in byte-level pieces."""
    spans = [(0, 3), (4, 7), (7, 8), (9, 13), (13, 14)]
    return Tokens("the dogs bark.", [9, 4, 5, 6, 7], ["the", "Ġdog", "s", "Ġbark", "."], [0, 1, 1, 2, 3], spans, BYTE_LEVEL)


def made_by(tokens: Tokens) -> Tokens:
    """What the rows of a writer must say: the tokens shifted by one, and the end."""
    end = Tokens(tokens.text, [0], ["<|endoftext|>"], [-1], [None], tokens.notation)
    rest = tokens.taken(list(range(1, len(tokens))))
    parts = {name: getattr(rest, name) + getattr(end, name) for name in ("ids", "pieces", "words", "spans")}
    return replace(tokens, **parts)


def axes_of(anatomy: Anatomy) -> dict[str, Axis]:
    """Tokens for every stack, as it predicts."""
    found = {}
    for stack in anatomy.stacks:
        read = written_tokens() if stack.predicts == "next" else read_tokens()
        found[stack.name] = Axis(read, {"next": made_by(read), "same": read, "nothing": None}[stack.predicts])
    return found


def attention_of(kind: Kind, rows: int, columns: int, draw: torch.Generator, whole: bool) -> Attention:
    """softmax((scores + bias) / 1 where mask), with all that goes into it, or as weights alone."""
    shape = (kind.layers, kind.heads, rows, columns)
    scores, bias = (torch.randn(shape, generator=draw) for _ in range(2))
    mask = torch.ones(rows, columns, dtype=torch.bool).tril() if kind.masked else torch.ones(rows, columns, dtype=torch.bool)
    mask = mask.expand(kind.layers, 1, rows, columns)
    weights = (scores + bias).masked_fill(~mask, float("-inf")).softmax(-1)
    if not whole:
        return Attention(weights, mask)
    queries, outputs = (torch.randn(kind.layers, kind.heads, rows, kind.d_head, generator=draw) for _ in range(2))
    keys, values = (torch.randn(kind.layers, kind.key_heads, columns, kind.d_head, generator=draw) for _ in range(2))
    return Attention(weights, mask, scores, queries, keys, values, outputs, bias)


def trace_of(anatomy: Anatomy, whole: bool = True, change: Intervention = Intervention(), seed: int = 0) -> Trace:
    """A trace of such a model: with everything that it has, or with weights alone."""
    draw, axes = torch.Generator().manual_seed(seed), axes_of(anatomy)
    lengths = {stack: len(axis.read) for stack, axis in axes.items()}
    maps = {kind.name: attention_of(kind, lengths[kind.asks], lengths[kind.answers], draw, whole) for kind in anatomy.kinds}
    if not whole:
        lacking = "scores queries keys values outputs residual embeddings positions feed_forward logits loss".split()
        return Trace(axes, change, replace(anatomy, missing=dict.fromkeys(lacking, HIDDEN)), maps)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw)

    streams = {
        stack.name: Residual(
            drawn(len(stack.points), lengths[stack.name], D_MODEL),
            drawn(len(stack.points) - 1, lengths[stack.name], D_MODEL),
            stack.points,
        )
        for stack in anatomy.stacks
    }
    added = {} if "positions" in anatomy.missing else {name: drawn(length, D_MODEL) for name, length in lengths.items()}
    units = {stack.name: drawn(stack.layers, lengths[stack.name], UNITS).relu() for stack in anatomy.stacks}
    predicting = anatomy.predicting
    logits = loss = None
    if predicting is not None:
        logits = drawn(lengths[predicting.name], VOCABULARY)
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(axes[predicting.name].labels.ids), reduction="none")
    tokens = {name: drawn(length, D_MODEL) for name, length in lengths.items()}
    return Trace(axes, change, anatomy, maps, streams, tokens, added, units, logits, loss)
