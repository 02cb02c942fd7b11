"""Text <-> Tokens: a SentencePiece BPE vocabulary joint to both languages, with byte fallback."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import sentencepiece

from model.trace.byte_pieces import LAST_BYTE, is_byte
from model.trace.pasted import SURROGATE, UNKNOWN_CHARACTER, Pasted, Span, read_pasted
from model.trace.tokens import Tokens, join, special
from model.trace.words import numbered, words_of

PAD, UNKNOWN, START, END = 0, 1, 2, 3  # ids of <pad>, <unk>, <s>, </s>; byte pieces <0x00> .. <0xFF> follow
SPECIAL = frozenset({PAD, UNKNOWN, START, END})
MASK = "<mask>"  # how a vocabulary with a mask writes the piece of UNKNOWN, and how a text asks for it
SPACE = "▁"  # how SentencePiece writes the space in front of a piece
REQUIRED = (  # characters that are pieces of every vocabulary, however seldom the text has them
    "".join(map(chr, range(33, 127))) + "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ" + "“”‘’«»–—…€°½²"
)


class Tokenizer:
    """A trained SentencePiece model.

    `Tokenizer.load(path)` reads one; `Tokenizer.train(sentences)` makes one. `hash` (SHA-256 of the model file) binds a
    checkpoint to its tokenizer.
    """

    def __init__(self, model: bytes) -> None:
        self.model = model
        self.hash = hashlib.sha256(model).hexdigest()
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=model)

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Read a `tokenizer.model` file."""
        return cls(Path(path).read_bytes())

    @classmethod
    def train(
        cls, sentences: Iterable[str], vocabulary_size: int = 8000, required: str = REQUIRED, mask: bool = False
    ) -> Tokenizer:
        """Learn BPE merges (Sennrich et al. 2016) from sentences of one language or two; what they lack becomes bytes.

        mask: the piece for what is unknown, which no text needs, is <mask>.

        The `required` characters are always pieces, and the text is taken as it is: SentencePiece's own normalisation would turn
        ½ into 1⁄2. Raises ValueError, in words, for a size that the text does not allow.
        """
        model = io.BytesIO()
        names: dict[str, Any] = {"unk_piece": MASK, "unk_surface": MASK} if mask else {}
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(sentences), model_writer=model, vocab_size=vocabulary_size, model_type="bpe",
                byte_fallback=True, character_coverage=0.9999, required_chars=required, minloglevel=2,
                normalization_rule_name="identity", pad_id=PAD, unk_id=UNKNOWN, bos_id=START, eos_id=END, pad_piece="<pad>",
                **names,
            )  # fmt: skip
        except RuntimeError as error:  # SentencePiece names the sizes that the text allows
            raise ValueError(f"No vocabulary of {vocabulary_size} pieces can be learned from this text: {error}") from error
        return cls(model.getvalue())

    @property
    def vocabulary_size(self) -> int:
        """Number of pieces, special tokens and bytes included."""
        return self.processor.get_piece_size()

    @property
    def learned(self) -> range:
        """Ids of the pieces that were learned and carry text of their own: those behind the special tokens and the bytes."""
        return range(LAST_BYTE + 1, self.vocabulary_size)

    @cached_property
    def characters(self) -> frozenset[str]:
        """The single characters that are pieces of the vocabulary."""
        pieces = map(self.piece, self.learned)
        return frozenset(piece for piece in pieces if len(piece) == 1) | {" "}

    def encode(self, text: str) -> Tokens:
        """text -> Tokens without special tokens. Any str is accepted; `</s>` in it is five characters of text.

        What is typed or pasted is tidied first (`model.pasted`); `text` and spans stay those of what was typed.
        """
        pasted = read_pasted(text, self.characters.__contains__)
        ids = self.processor.encode(pasted.text)
        pieces = [self.piece(id_) for id_ in ids]
        spans = self._read_spans(pasted, ids, pieces)
        words = numbered(words_of(spans, pasted.text))
        typed: list[Span | None] = [pasted.typed(*span) for span in spans]
        return Tokens(SURROGATE.sub(UNKNOWN_CHARACTER, text), ids, pieces, words, typed)

    def decode(self, ids: list[int]) -> Tokens:
        """ids without special tokens -> Tokens with exactly these ids; `text` is what they spell."""
        mapping = self.processor.decode(list(ids), return_type="offset_mapping")
        text, pieces = mapping["text"], [self.piece(id_) for id_ in ids]
        spans = _said_spans(text, pieces, mapping["offsets"])
        return Tokens(text, list(ids), pieces, numbered(words_of(spans, text)), [*spans])

    def source(self, text: str) -> Tokens:
        """What the encoder reads: the pieces of `text`, then </s>."""
        return self.with_end(self.encode(text))

    def with_end(self, tokens: Tokens) -> Tokens:
        """tokens, then </s>: the encoder's input, or what the decoder has to produce."""
        return join(tokens, special(tokens.text, END, "</s>"))

    def with_start(self, tokens: Tokens) -> Tokens:
        """<s>, then tokens: what the decoder reads."""
        return join(special(tokens.text, START, "<s>"), tokens)

    def piece(self, id_: int) -> str:
        """The piece of one id, `▁` for a space in front."""
        return self.processor.id_to_piece(id_)

    def _read_spans(self, pasted: Pasted, ids: list[int], pieces: list[str]) -> list[Span]:
        """The span of every piece in `pasted.text`: pieces, one behind the other, are the text as SentencePiece normalises it."""
        normalised, offsets = self.processor.normalize(pasted.text, with_offsets=True)
        ends = offsets[1:]  # of each normalised character; the parts of an expanded one end where it starts, but the last
        for at in reversed(range(len(ends) - 1)):
            if offsets[at] == ends[at] and normalised[at] != SPACE:
                ends[at] = ends[at + 1]
        spans: list[Span] = []
        at = left = 0  # next normalised character; its bytes that are still to come
        for id_, piece in zip(ids, pieces, strict=True):
            if is_byte(id_):
                left = left or len(normalised[at].encode())
                spans.append((offsets[at], ends[at]))
                left -= 1
                at += left == 0
                continue
            first, at = at + len(piece) - len(piece.lstrip(SPACE)), at + len(piece)
            spans.append((offsets[first], ends[at - 1]) if first < at else (offsets[at], offsets[at]))
        return spans


def _said_spans(text: str, pieces: list[str], offsets: list[Span]) -> list[Span]:
    """SentencePiece's offsets, without the space in front, and with each byte of a character on the whole character."""
    spans: list[Span] = []
    character = None  # span of the character whose last byte was met; its earlier ones are empty and end where it starts
    for piece, (start, end) in zip(reversed(pieces), reversed(offsets), strict=True):
        if start != end:
            character = (start, end)
        elif piece != SPACE and character is not None and start == character[0]:
            start, end = character
        while start < end and piece.startswith(SPACE) and text[start].isspace():
            start += 1
        spans.append((start, end))
    return spans[::-1]
