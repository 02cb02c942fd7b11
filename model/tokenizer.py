"""Text <-> Tokens: a SentencePiece BPE vocabulary joint to both languages, with byte fallback."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

PAD, UNKNOWN, START, END = 0, 1, 2, 3  # ids of <pad>, <unk>, <s>, </s>; byte pieces <0x00> .. <0xFF> follow
SPECIAL = frozenset({PAD, UNKNOWN, START, END})
SPACE = "▁"  # how SentencePiece writes the space in front of a piece
JOINERS = "'’-‐‑"  # punctuation inside words: didn't, peut-être
REQUIRED = (  # characters that are pieces of every vocabulary, however seldom the text has them
    "".join(map(chr, range(33, 127))) + "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ" + "“”‘’«»–—…€°½²"
)


@dataclass(frozen=True)
class Tokens:
    """One tokenized sentence. All lists have one entry per token.

    pieces: how the vocabulary writes each token, `▁` for a space in front of it.
    words:  index of the word that a token belongs to, from 0; -1 for a special token. A word ends at a space and at
            punctuation, except inside (didn't, peut-être).
    spans:  [start, end) in `text`, characters, spaces in front left out; None for a special token. The pieces of one
            character that the vocabulary lacks (its bytes) share that character's span.
    """

    text: str
    ids: list[int]
    pieces: list[str]
    words: list[int]
    spans: list[tuple[int, int] | None]

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
    def train(cls, sentences: Iterable[str], vocabulary_size: int = 8000, required: str = REQUIRED) -> Tokenizer:
        """Learn BPE merges (Sennrich et al. 2016) from sentences of both languages; what they lack becomes bytes.

        The `required` characters are always pieces, and the text is taken as it is: SentencePiece's own normalisation would turn
        ½ into 1⁄2. Raises ValueError, in words, for a size that the text does not allow.
        """
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(sentences), model_writer=model, vocab_size=vocabulary_size, model_type="bpe",
                byte_fallback=True, character_coverage=0.9999, required_chars=required, minloglevel=2,
                normalization_rule_name="identity", pad_id=PAD, unk_id=UNKNOWN, bos_id=START, eos_id=END, pad_piece="<pad>",
            )  # fmt: skip
        except RuntimeError as error:  # SentencePiece names the sizes that the text allows
            raise ValueError(f"No vocabulary of {vocabulary_size} pieces can be learned from this text: {error}") from error
        return cls(model.getvalue())

    @property
    def vocabulary_size(self) -> int:
        """Number of pieces, special tokens and bytes included."""
        return self.processor.get_piece_size()

    def encode(self, text: str) -> Tokens:
        """text -> Tokens without special tokens. Any str is accepted; `</s>` in it is five characters of text."""
        text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)  # lone surrogates
        return self._tokens(text, self.processor.encode(text, return_type="offset_mapping"))

    def decode(self, ids: list[int]) -> Tokens:
        """ids without special tokens -> Tokens with exactly these ids; `text` is what they spell."""
        mapping = self.processor.decode(list(ids), return_type="offset_mapping")
        return self._tokens(mapping["text"], {**mapping, "ids": list(ids)})

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

    def _tokens(self, text: str, mapping: dict) -> Tokens:
        ids = mapping["ids"]
        pieces = [self.piece(id_) for id_ in ids]
        spans = _spans(text, pieces, mapping["offsets"])
        return Tokens(text, ids, pieces, _words(pieces, spans, text), spans)


def _spans(text: str, pieces: list[str], offsets: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """SentencePiece's offsets, without the space in front, and with each part of a split character on the whole character."""
    spans: list[tuple[int, int]] = []
    character = None  # span of the character whose last part was met; its earlier parts are empty and end where it starts
    for piece, (start, end) in zip(reversed(pieces), reversed(offsets), strict=True):
        if start != end:
            character = (start, end)
        elif piece != SPACE and character is not None and start == character[0]:
            start, end = character
        while start < end - 1 and text[start].isspace():
            start += 1
        spans.append((start, end))
    return spans[::-1]


def _words(pieces: list[str], spans: list[tuple[int, int]], text: str) -> list[int]:
    """Word index of each piece: see Tokens."""
    words: list[int] = []
    word, previous = -1, None
    for piece, (start, end) in zip(pieces, spans, strict=True):
        surface = text[start:end].strip()
        kind = not surface or any(char.isalnum() or char in JOINERS or not char.isascii() for char in surface)
        if previous is None or piece.startswith(SPACE) or kind != previous:
            word += 1
        previous = kind
        words.append(word)
    return words
