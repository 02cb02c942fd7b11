"""How charts name the rows, columns and cells of an attention matrix. Tokens come in as text and leave as text."""

from __future__ import annotations

from model.instrument.tokenizer import SPECIAL
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps
from viz.theme import KIND_TITLES, SPACE_MARK, Palette, cut, cut_pair, markup, number, quoted, tinted, token_label, token_labels

LONG = 60  # tokens: above this, labels are thinned out


def row_phrases(trace: AttentionMaps, kind: str) -> list[str]:
    """Who attends, one phrase per query: “chat” in the encoder, Producing “chat” (reading “Le”) in the decoder."""
    if kind == "encoder":
        return [f"{quoted(piece)} attends to" for piece in trace.source.named]
    pairs = zip(trace.target.named, trace.labels.named, strict=True)
    return [f"Producing {quoted(made)} (reading {quoted(read)}), this head attends to" for read, made in pairs]


def cell_sentence(trace: AttentionMaps, kind: str, query: int, key: int, weight: float | None) -> str:
    """One cell in words: Producing “fatigué”, this head attends to “tired”: 1.00. A weight of None is a masked cell."""
    key_piece = quoted(trace.keys(kind).shown[key])
    value = "masked: may not attend" if weight is None else number(weight)
    if kind == "encoder":
        return f"{quoted(trace.source.shown[query])} attends to {key_piece}: {value}"
    return f"Producing {quoted(trace.labels.shown[query])}, this head attends to {key_piece}: {value}"


def head_title(kind: str, layer: int, head: int) -> str:
    """Cross-attention, layer 3, head 7: counted from 1."""
    return f"{KIND_TITLES[kind]}, layer {layer + 1}, head {head + 1}"


def token_ticks(tokens: Tokens, colours: Palette) -> list[str]:
    """Plotly tick labels of tokens; special tokens and space marks softer."""
    return [tick(piece, id_ in SPECIAL, colours) for piece, id_ in zip(tokens.shown, tokens.ids, strict=True)]


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


def row_ticks(trace: AttentionMaps, kind: str, colours: Palette) -> list[str]:
    """Plotly tick labels of the queries: the piece, or in the decoder the piece read (soft) → the piece produced.

    A long target shows the produced piece alone: its labels are thinned out and need the room; the hover names both.
    """
    if kind == "encoder":
        return token_ticks(trace.source, colours)
    if len(trace.labels) > LONG:
        return token_ticks(trace.labels, colours)
    pairs = (cut_pair(*pair) for pair in zip(token_labels(trace.target), token_labels(trace.labels), strict=True))
    return [
        tinted(f"{read} → ", colours.soft) + _coloured(made, id_ in SPECIAL, colours)
        for (read, made), id_ in zip(pairs, trace.labels.ids, strict=True)
    ]


def content(tokens: Tokens) -> list[bool]:
    """For each token, whether it carries letters or digits: neither special nor punctuation."""
    return [
        id_ not in SPECIAL and any(char.isalnum() for char in piece)
        for id_, piece in zip(tokens.ids, tokens.spelled, strict=True)
    ]
