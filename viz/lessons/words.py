"""How the lessons name pieces, heads and numbers, and where they begin to look."""

from __future__ import annotations

from model.trace.tokens import Tokens
from viz.page.lesson import Material
from viz.theme import number, quoted, signed


def label(tokens: Tokens, at: int) -> str:
    """A token in a sentence: “chat”; one that stands there several times with its place: “the” (token 5)."""
    names = [quoted(one, tokens.notation) for one in tokens.shown]
    return names[at] if names.count(names[at]) == 1 else f"{names[at]} (token {at + 1})"


def pieces(count: int) -> str:
    """How many pieces: 1 piece, 15 pieces."""
    return f"{count} piece{'' if count == 1 else 's'}"


def percent(value: float) -> str:
    """A share of 0 to 1 without a sign: 8%."""
    return f"{value:.0%}"


def nats(value: float) -> str:
    """A loss, or a difference of log p: 1.24 nats."""
    return f"{number(value)} nats"


def signed_nats(value: float) -> str:
    """A change of log p: +0.12 nats."""
    return f"{signed(value)} nats"


def alignment_head(material: Material) -> tuple[str, int, int]:
    """(kind, layer, head): the head of cross-attention that aligns words best; where none was measured, the surest one here."""
    kind = material.trace.anatomy.bridge()
    if material.star:
        return kind.name, *material.star
    surest = material.trace.attention[kind.name].weights.amax(-1).mean(-1)
    return kind.name, *divmod(int(surest.argmax()), kind.heads)
