"""A Trace of random tensors with every axis as documented: what charts are drawn from."""

from __future__ import annotations

import pytest
import torch

from model.instrument.tokenizer import END, START, Tokens
from model.trace.intervention import Intervention
from model.trace.trace import Attention, Axis, Residual, Trace
from model.transformer.config import Config
from model.transformer.masks import causal_mask
from model.transformer.positions import sinusoids
from viz.theme import DARK, LIGHT

CONFIG = Config(d_model=16, heads=2, encoder_layers=2, decoder_layers=2, d_ff=32)
NASTY = ["▁<script>", "</s>", "$x$", "&amp;", "▁cat", "▁cat", "%{x}", "."]
BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
KINDS = pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
SIDES = pytest.mark.parametrize("side", ["encoder", "decoder"])


def tokens(count: int, start: bool = False) -> Tokens:
    """Pieces that are hard to draw, between the special tokens of a source (or of a target)."""
    pieces = [NASTY[index % len(NASTY)] for index in range(count - 1)]
    ids = list(range(300, 300 + count - 1))
    pieces, ids = (["<s>", *pieces], [START, *ids]) if start else ([*pieces, "</s>"], [*ids, END])
    return Tokens("", ids, pieces, [-1 if id_ in (START, END) else at for at, id_ in enumerate(ids)], [None] * count)


def attention(queries: int, keys: int, mask: torch.Tensor) -> Attention:
    """Random weights of two layers of two heads, masked cells exactly 0."""
    scores = torch.randn(2, 2, queries, keys)
    weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=-1).nan_to_num(0.0)
    rest = torch.zeros(2, 2, max(queries, keys), 8)
    return Attention(weights, mask.expand(2, 1, queries, keys), scores, rest, rest, rest, rest)


def make_trace(source: int = 9, target: int = 7, seed: int = 0) -> Trace:
    """A Trace of random tensors with every axis as documented."""
    torch.manual_seed(seed)
    lengths, points = {"encoder": source, "decoder": target}, {"encoder": 5, "decoder": 7}
    residual = {
        side: Residual(
            torch.randn(points[side], length, 16),
            torch.randn(points[side] - 1, length, 16),
            [f"point {n}" for n in range(points[side])],
        )
        for side, length in lengths.items()
    }
    maps = {
        "encoder": attention(source, source, torch.ones(source, source, dtype=torch.bool)),
        "decoder": attention(target, target, causal_mask(target)),
        "cross": attention(target, source, torch.ones(target, source, dtype=torch.bool)),
    }
    return Trace(
        {"encoder": Axis(tokens(source)), "decoder": Axis(tokens(target, start=True), tokens(target))}, Intervention(), CONFIG.anatomy(), maps, residual,
        {side: torch.randn(length, 16) for side, length in lengths.items()},
        {side: sinusoids(torch.arange(length), 16) for side, length in lengths.items()},
        {side: torch.zeros(2, length, 32) for side, length in lengths.items()}, torch.randn(target, 40), torch.ones(target),
    )  # fmt: skip


def layer(figure, name: str):
    """What a Plotly figure draws under this name."""
    return next(trace for trace in figure.data if trace.name == name)
