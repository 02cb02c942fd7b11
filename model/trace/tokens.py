"""Tokens: a text as a model reads or writes it, whatever its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from model.trace.byte_pieces import shown_pieces, spelled_pieces
from model.trace.pasted import Span


@dataclass(frozen=True)
class Tokens:
    """One tokenized sentence. All lists have one entry per token.

    text:   what was typed, or what the model said.
    pieces: how the vocabulary writes each token, `▁` for a space in front of it.
    words:  index of the word that a token belongs to, from 0; -1 for a special token. `model.words` says what a word is.
    spans:  [start, end) in `text`, characters, spaces in front left out; None for a special token. Pieces of one typed
            character (its bytes, or the three of ½ where it is read as 1⁄2) share that character's span. A lone space mark has
            an empty span in front of what follows.
    """

    text: str
    ids: list[int]
    pieces: list[str]
    words: list[int]
    spans: list[Span | None]

    @cached_property
    def shown(self) -> list[str]:
        """The pieces as people read them: a byte piece is its character, `“ 1/3` where it is one byte of three."""
        return shown_pieces(self.ids, self.pieces)

    @cached_property
    def named(self) -> list[str]:
        """The same with the byte behind it, for a hover: `“ 1/3 <0xE2>`."""
        return [shown if shown == piece else f"{shown} {piece}" for piece, shown in zip(self.pieces, self.shown, strict=True)]

    @cached_property
    def spelled(self) -> list[str]:
        """The pieces with every byte as the whole character: for what goes by the characters of a token."""
        return spelled_pieces(self.ids, self.pieces)

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> Tokens:
        """The first `count` tokens, of the same text."""
        return Tokens(self.text, self.ids[:count], self.pieces[:count], self.words[:count], self.spans[:count])

    def __hash__(self) -> int:
        return hash((self.text, tuple(self.ids)))


def special(text: str, id_: int, piece: str) -> Tokens:
    """A single special token as Tokens."""
    return Tokens(text, [id_], [piece], [-1], [None])


def join(first: Tokens, second: Tokens) -> Tokens:
    """Two runs of tokens of the same text, one behind the other."""
    return Tokens(
        first.text,
        first.ids + second.ids,
        first.pieces + second.pieces,
        first.words + second.words,
        first.spans + second.spans,
    )
