"""Tokens of any tokenizer of transformers in the form of ours: spans in the text, words by our own definition, special tokens marked."""

from __future__ import annotations

from typing import Any

from model.trace.pasted import SURROGATE, UNKNOWN_CHARACTER, Span
from model.trace.spelling import BYTES, spelled_spans, tokens_at
from model.trace.tokens import BYTE_LEVEL, WORDPIECE, Notation, Tokens, special
from model.trace.values import shown

UNIGRAM = Notation(bytes=False)  # SentencePiece, whose bytes have other ids than ours
MOST_CHARACTERS = 32  # of one token: a text of more is refused unread


class Texts:
    """A tokenizer of transformers, which reads and spells."""

    def __init__(self, tokenizer: Any, longest: int, marks: set[int], size: int = 0) -> None:
        """marks: ids that are no part of a text, beside those that the tokenizer knows of. size: ids that the model has room for."""
        self.tokenizer, self.longest, self.size = tokenizer, longest, size
        decoder = str(tokenizer.backend_tokenizer.decoder) if tokenizer.is_fast else ""
        self.notation = BYTE_LEVEL if "ByteLevel" in decoder else WORDPIECE if "WordPiece" in decoder else UNIGRAM
        self.mask, self.mask_id, self.end_id = tokenizer.mask_token, tokenizer.mask_token_id, tokenizer.eos_token_id
        self.marks = marks.union(tokenizer.all_special_ids) - {tokenizer.unk_token_id, self.mask_id}

    def read(self, text: str, target: bool = False) -> Tokens:
        """What a model reads of a text. Raises ValueError, in words, for one that is empty or too long."""
        if not isinstance(text, str):
            raise ValueError(f"The text must be text, not {shown(text)}.")
        if len(text) <= self.longest * MOST_CHARACTERS:
            text = SURROGATE.sub(UNKNOWN_CHARACTER, text)
            fast = self.tokenizer.is_fast
            read = self.tokenizer(**{"text_target" if target else "text": text}, return_offsets_mapping=fast)
            if len(read.input_ids) <= self.longest:
                tokens = self._tokens(text, read.input_ids, read.offset_mapping) if fast else self.spell(read.input_ids)
                if all(tokens.special):
                    raise ValueError("There is nothing to read in this text. Type at least one visible character.")
                return tokens
        raise ValueError(f"This text has more than the {self.longest} tokens that can be read at once. Shorten it or split it.")

    def spell(self, ids: list[int]) -> Tokens:
        """Tokens with exactly these ids; `text` is what they spell. The span of one is what it adds to those before it."""
        spelled = [self._decode(ids[:end]) for end in range(len(ids) + 1)]
        return self._tokens(spelled[-1], ids, spelled_spans(spelled))

    @property
    def vocabulary_size(self) -> int:
        """Ids that may be asked for: a model often has room for more than its tokenizer knows."""
        return max(self.size, len(self.tokenizer))

    def piece(self, id_: int) -> str:
        """How an id is written, with ▁ for a space in front, whatever its vocabulary writes there."""
        piece = self.tokenizer.convert_ids_to_tokens(id_) or f"<{id_}>"
        if id_ in self.marks or id_ in self.tokenizer.all_special_ids or self.notation is UNIGRAM:
            return piece
        glued = self.notation.is_glued(piece)
        text = self.tokenizer.convert_tokens_to_string([piece]) if self.notation is BYTE_LEVEL else self.notation.surface(piece)
        if UNKNOWN_CHARACTER in text:  # a part of a character alone
            text = "".join(f"<0x{BYTES[char]:02X}>" for char in piece if char in BYTES)
        return text.removeprefix(" ") if glued else f"▁{text.removeprefix(' ')}"

    def mark(self, text: str, id_: int) -> Tokens:
        """A special token of a text."""
        return special(text, id_, self.tokenizer.convert_ids_to_tokens(id_), self.notation)

    def _decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def _tokens(self, text: str, ids: list[int], offsets: list[Span]) -> Tokens:
        known = self.tokenizer.convert_ids_to_tokens(ids)
        pieces = [piece or f"<{id_}>" for id_, piece in zip(ids, known, strict=True)]  # a vocabulary may have room to spare
        codes = (piece.startswith(">>") and piece.endswith("<<") for piece in pieces)  # of a language
        apart = [id_ in self.marks or is_code for id_, is_code in zip(ids, codes, strict=True)]
        spans = [None if is_apart else span for is_apart, span in zip(apart, offsets, strict=True)]
        return tokens_at(text, ids, pieces, spans, self.notation)
