"""Text in which some places are hidden, as in `The <mask> sat on the mat`."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from model.instrument.tokenizer import MASK, SPACE, UNKNOWN, Tokenizer
from model.trace.pasted import Span
from model.trace.tokens import Tokens
from model.trace.words import numbered, words_of

STAND_IN = "█"  # what the tokenizer reads in place of a mask: a sign that no piece has beside another character


def encode_masked(tokenizer: Tokenizer, text: str) -> Tokens:
    """text -> Tokens without special tokens, as `Tokenizer.encode`, but that every <mask> is one token.

    A space in front of a mask belongs to it, as it belongs to the piece that stands there otherwise.
    """
    parts = text.split(MASK)
    if len(parts) == 1:
        return tokenizer.encode(text)
    read = tokenizer.encode(STAND_IN.join(parts))
    ends = list(accumulate((len(part) + 1 for part in parts[:-1]), initial=0))[1:]  # behind each stand-in
    rows: list[tuple[int, str, Span]] = []
    for id_, piece, span in zip(read.ids, read.pieces, read.spans, strict=True):
        start, end = span or (0, 0)
        hidden = any(start < behind <= end for behind in ends)
        place: Span = (_typed(start, ends), _typed(end, ends))
        if not hidden:
            rows.append((id_, piece, place))
        elif not rows or rows[-1][0] != UNKNOWN or rows[-1][2] != place:  # else another byte of the same stand-in
            apart = bool(rows) and rows[-1][1] == SPACE and rows[-1][2] == (place[0], place[0])
            if apart:
                rows.pop()
            rows.append((UNKNOWN, f"{SPACE}{MASK}" if apart or piece.startswith(SPACE) else MASK, place))
    ids, pieces, spans = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    return replace(read, text=text, ids=ids, pieces=pieces, words=numbered(words_of(spans, text)), spans=spans)


def _typed(at: int, ends: list[int]) -> int:
    """A place in the text with stand-ins, in that with masks. ends: the places behind the stand-ins."""
    return at + (len(MASK) - 1) * sum(end <= at for end in ends)
