"""How charts name the rows, columns and cells of an attention matrix. Tokens come in as text and leave as text."""

from __future__ import annotations

from model.trace.anatomy import Kind
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps
from viz.theme import (
    LONGEST_LABEL,
    SPACE_MARK,
    Palette,
    cut,
    cut_pair,
    kind_title,
    markup,
    number,
    quoted,
    tinted,
    token_label,
    token_labels,
    word_label,
)

LONG = 46  # tokens: above this, labels are thinned out
SHORT = 9  # characters of a token beside a picture on a phone


def row_phrases(trace: AttentionMaps, kind: str) -> list[str]:
    """Who attends, one phrase per query: “chat”, or where a row produces the next token, Producing “chat” (reading “Le”)."""
    queries, produced = trace.queries(kind), trace.produced(kind)
    if produced is None:
        return [f"{name} attends to" for name in quoted_names(queries)]
    pairs = zip(quoted_names(queries), quoted_names(produced), strict=True)
    return [f"Producing {product} (reading {query}), this head attends to" for query, product in pairs]


def quoted_names(tokens: Tokens) -> list[str]:
    """All tokens as a hover names them: “chat”, “1/3 <0xE2>”."""
    return [quoted(piece, tokens.notation) for piece in tokens.named]


def joined_labels(words: Tokens) -> list[str]:
    """Words whose pieces were joined (`model.analysis.words.join_pieces`), in order, without the marks of their vocabulary."""
    return [word_label(piece, words.notation) for piece in words.pieces]


def cell_sentence(trace: AttentionMaps, kind: str, query: int, key: int, weight: float | None) -> str:
    """One cell in words: Producing “fatigué”, this head attends to “tired”: 1.00. A weight of None is a masked cell."""
    keys, queries, produced = trace.keys(kind), trace.queries(kind), trace.produced(kind)
    key_piece = quoted(keys.shown[key], keys.notation)
    value = "masked: may not attend" if weight is None else number(weight)
    if produced is None:
        return f"{quoted(queries.shown[query], queries.notation)} attends to {key_piece}: {value}"
    return f"Producing {quoted(produced.shown[query], produced.notation)}, this head attends to {key_piece}: {value}"


def head_title(kind: str | Kind, layer: int, head: int) -> str:
    """Cross-attention, layer 3, head 7: counted from 1. kind: of an Anatomy, or its name where there is none."""
    return f"{kind.title if isinstance(kind, Kind) else kind_title(kind)}, layer {layer + 1}, head {head + 1}"


def token_ticks(tokens: Tokens, colours: Palette, most: int = LONGEST_LABEL) -> list[str]:
    """Plotly tick labels of tokens, cut to `most` characters; special tokens and space marks softer."""
    return [
        _coloured(cut(label, most), apart, colours) for label, apart in zip(token_labels(tokens), tokens.special, strict=True)
    ]


def tick(piece: str, soft: bool, colours: Palette) -> str:
    """One piece as a Plotly tick label, cut where it is long."""
    return _coloured(cut(token_label(piece)), soft, colours)


def _coloured(label: str, soft: bool, colours: Palette) -> str:
    """A label for Plotly, its space marks softer."""
    if soft:
        return tinted(label, colours.soft)
    rest = label.lstrip(SPACE_MARK)
    spaces = label[: len(label) - len(rest)]
    return (tinted(spaces, colours.soft) if spaces else "") + markup(rest)


def row_ticks(trace: AttentionMaps, kind: str, colours: Palette, narrow: bool = False) -> list[str]:
    """Plotly tick labels of the queries: the piece, or where it produces the next one, the piece read (soft) → the piece produced.

    A long text, or a narrow screen, shows the produced piece alone: its labels need the room; the hover names both.
    """
    return pair_ticks(trace.queries(kind), trace.produced(kind), colours, narrow)


def pair_ticks(queries: Tokens, produced: Tokens | None, colours: Palette, narrow: bool = False) -> list[str]:
    """The same of tokens: what rows read, and what they produce where that is another token."""
    if narrow or produced is None or len(produced) > LONG:
        return token_ticks(produced or queries, colours, SHORT if narrow else LONGEST_LABEL)
    pairs = (cut_pair(*pair) for pair in zip(token_labels(queries), token_labels(produced), strict=True))
    return [
        tinted(f"{query} → ", colours.soft) + _coloured(product, apart, colours)
        for (query, product), apart in zip(pairs, produced.special, strict=True)
    ]


def content(tokens: Tokens) -> list[bool]:
    """For each token, whether it carries letters or digits: neither special nor punctuation."""
    return [
        not apart and any(char.isalnum() for char in piece)
        for apart, piece in zip(tokens.special, tokens.characters, strict=True)
    ]
