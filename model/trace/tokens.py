"""Tokens: a text as a model reads or writes it, whatever its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from model.trace.byte_pieces import ByteRun, byte_runs_of, shown_pieces, spelled_pieces
from model.trace.pasted import Span


@dataclass(frozen=True)
class Notation:
    """How a vocabulary writes its pieces. The defaults are those of SentencePiece.

    space: what stands for a space in front of a piece (`▁cat`; `Ġcat` in byte-level BPE); empty where spaces are not written.
    glue:  where spaces are not written, what a piece without a space in front begins with (`##s` in WordPiece).
    bytes: whether ids 4 to 259 are pieces for single bytes, <0x00> to <0xFF>.
    """

    space: str = "▁"
    glue: str = ""
    bytes: bool = True

    def is_glued(self, piece: str) -> bool:
        """Whether no space stands in front of a piece."""
        return not piece.startswith(self.space) if self.space else bool(self.glue) and piece.startswith(self.glue)

    def surface(self, piece: str) -> str:
        """A piece as it stands in the text, without what says whether a space is in front; empty for a lone space."""
        return piece.lstrip(self.space) if self.space else piece.removeprefix(self.glue)

    def text(self, piece: str) -> str:
        """A piece as text, with every space that it carries; in front of a piece that begins a word there is one."""
        if self.space:
            return piece.replace(self.space, " ")
        return self.surface(piece) if self.is_glued(piece) else f" {piece}"

    def written(self, surface: str, glued: bool) -> str:
        """The reverse: how a vocabulary would write a piece."""
        return (self.glue if glued else self.space) + surface


SENTENCEPIECE = Notation()
WORDPIECE = Notation(space="", glue="##", bytes=False)
BYTE_LEVEL = Notation(space="Ġ", bytes=False)


@dataclass(frozen=True)
class Tokens:
    """One tokenized sentence. All lists have one entry per token.

    text:   what was typed, or what the model said.
    pieces: how the vocabulary writes each token, with its marks for spaces (`notation`).
    words:  index of the word that a token belongs to, from 0; -1 for a special token. `model.trace.words` says what a word is.
    spans:  [start, end) in `text`, characters, spaces in front left out; None for a special token. Pieces of one typed
            character (its bytes, or the three of ½ where it is read as 1⁄2) share that character's span. A lone space mark has
            an empty span in front of what follows.
    """

    text: str
    ids: list[int]
    pieces: list[str]
    words: list[int]
    spans: list[Span | None]
    notation: Notation = SENTENCEPIECE

    @cached_property
    def special(self) -> list[bool]:
        """Whether a token is no part of the text: <s>, </s>, [CLS]."""
        return [word < 0 for word in self.words]

    @cached_property
    def ending(self) -> list[bool]:
        """Whether a token closes the text: the special ones behind its last word. None does where there is no word."""
        last = max((at for at, word in enumerate(self.words) if word >= 0), default=len(self))
        return [at > last for at in range(len(self))]

    @cached_property
    def glued(self) -> list[bool]:
        """Whether no space stands in front of a token; so it is with special tokens."""
        return [apart or self.notation.is_glued(piece) for apart, piece in zip(self.special, self.pieces, strict=True)]

    @cached_property
    def surface(self) -> list[str]:
        """The tokens as they stand in the text, as people read them (`shown`), without space marks; empty for a lone space."""
        return self._without_marks(self.shown)

    @cached_property
    def space_marks(self) -> list[int]:
        """How many space marks each token begins with: characters of `shown` in front of its text."""
        if not self.notation.space:
            return [0] * len(self)
        return [len(shown) - len(rest) for shown, rest in zip(self.shown, self.surface, strict=True)]

    @cached_property
    def first_of_text(self) -> int:
        """The first token that is no special one, from 0; 0 where there is none."""
        return next((at for at, apart in enumerate(self.special) if not apart), 0)

    @cached_property
    def characters(self) -> list[str]:
        """The same with every byte as the whole character (`spelled`): for what goes by the characters of a token."""
        return self._without_marks(self.spelled)

    @cached_property
    def bytes(self) -> list[bool]:
        """Whether a token is the piece of a single byte."""
        inside = {at for run in self.byte_runs for at in run.tokens}
        return [at in inside for at in range(len(self))]

    @cached_property
    def byte_runs(self) -> list[ByteRun]:
        """The characters that the vocabulary lacks, each as the byte pieces that stand for it, in order (byte fallback).

        A model may produce bytes that make no character; each of those comes alone, with character None.
        """
        return byte_runs_of(self.ids) if self.notation.bytes else []

    @cached_property
    def shown(self) -> list[str]:
        """The pieces as people read them: a byte piece is its character, `“ 1/3` where it is one byte of three."""
        return shown_pieces(self.ids, self.pieces) if self.notation.bytes else list(self.pieces)

    @cached_property
    def named(self) -> list[str]:
        """The same with the byte behind it, for a hover: `“ 1/3 <0xE2>`."""
        return [shown if shown == piece else f"{shown} {piece}" for piece, shown in zip(self.pieces, self.shown, strict=True)]

    @cached_property
    def spelled(self) -> list[str]:
        """The pieces with every byte as the whole character: for what goes by the characters of a token."""
        return spelled_pieces(self.ids, self.pieces) if self.notation.bytes else list(self.pieces)

    @cached_property
    def groups(self) -> list[range]:
        """The tokens of each word, in order; a special token stands alone. Together they are all positions, once each."""
        groups: list[range] = []
        for index, word in enumerate(self.words):
            if groups and word >= 0 and word == self.words[index - 1]:
                groups[-1] = range(groups[-1].start, index + 1)
            else:
                groups.append(range(index, index + 1))
        return groups

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> Tokens:
        """The first `count` tokens, of the same text."""
        return self.taken(list(range(len(self)))[:count])

    def taken(self, order: list[int]) -> Tokens:
        """Some of the tokens, in this order, of the same text."""
        return replace(
            self,
            ids=[self.ids[at] for at in order],
            pieces=[self.pieces[at] for at in order],
            words=[self.words[at] for at in order],
            spans=[self.spans[at] for at in order],
        )

    def __hash__(self) -> int:
        return hash((self.text, tuple(self.ids)))

    def _without_marks(self, pieces: list[str]) -> list[str]:
        return [piece if apart else self.notation.surface(piece) for apart, piece in zip(self.special, pieces, strict=True)]


def special(text: str, id_: int, piece: str, notation: Notation = SENTENCEPIECE) -> Tokens:
    """A single special token as Tokens."""
    return Tokens(text, [id_], [piece], [-1], [None], notation)


def join(first: Tokens, second: Tokens) -> Tokens:
    """Two runs of tokens of the same text, one behind the other."""
    return replace(
        first,
        ids=first.ids + second.ids,
        pieces=first.pieces + second.pieces,
        words=first.words + second.words,
        spans=first.spans + second.spans,
    )
