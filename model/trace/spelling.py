"""Where tokens lie in a text, of a tokenizer that is not ours: from what it says of them, or from what they spell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from os.path import commonprefix

from model.trace.pasted import Span
from model.trace.tokens import BYTE_LEVEL, Notation, Tokens
from model.trace.words import numbered, words_of

_VISIBLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
_OTHERS = sorted({*range(256)}.difference(_VISIBLE))
# Byte-level BPE writes each byte as a character (Radford et al. 2019): a visible one as itself, the others as those from 256 on.
BYTES = {chr(byte): byte for byte in _VISIBLE} | {chr(256 + at): byte for at, byte in enumerate(_OTHERS)}


def spelled_spans(spelled: Sequence[str]) -> list[Span]:
    """What each token adds to those before it, as [start, end) in the last text. spelled: what the first 0, 1, 2, … tokens spell.

    Of a character in several tokens each has all of it.
    """
    spans = list(pairwise(len(commonprefix([part, spelled[-1]])) for part in spelled))  # noqa: RUF071  characters, no folders
    for at in reversed(range(len(spans) - 1)):
        if spans[at][0] == spans[at][1] and not spelled[-1].startswith(spelled[at + 1]):  # it ends inside of a character
            spans[at] = spans[at + 1]
    return spans


def tokens_at(text: str, ids: Sequence[int], pieces: Sequence[str], spans: Sequence[Span | None], notation: Notation) -> Tokens:
    """Tokens in the normal form: spaces in front left out of their spans, words by our own definition.

    pieces: as the vocabulary writes them; those of bytes become what stands in the text. spans: None for a special token.
    """
    pieces, places = list(pieces), list[Span | None]()
    for at, (piece, span) in enumerate(zip(pieces, spans, strict=True)):
        if span is None:
            places.append(None)
            continue
        start, end = span[0], span[1] if notation.surface(piece) else span[0]  # a lone space lies before what follows
        while start < end and text[start].isspace():
            start += 1
        places.append((start, end))
        if start < end and (notation is BYTE_LEVEL or piece.startswith("<0x")):
            pieces[at] = notation.written(text[start:end], notation.is_glued(piece))
    numbers = iter(numbered(words_of([place for place in places if place], text)))
    return Tokens(text, list(ids), pieces, [-1 if place is None else next(numbers) for place in places], places, notation)
