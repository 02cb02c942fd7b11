"""A vocabulary that grows: more pieces behind the ones that a trained model knows, and embeddings for them to start from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from sentencepiece import SentencePieceProcessor
from sentencepiece import sentencepiece_model_pb2 as proto
from torch import Tensor

from model.instrument.tokenizer import REQUIRED, SPACE, Tokenizer


def parsed(tokenizer: Tokenizer) -> Any:
    """A SentencePiece model as a record of its pieces and settings."""
    record = proto.ModelProto()  # type: ignore[attr-defined]  # made when it is imported, from a description
    record.ParseFromString(tokenizer.model)
    return record


def with_pieces(tokenizer: Tokenizer, pieces: list[str]) -> Tokenizer:
    """The tokenizer with `pieces` behind its own, merged after all that it merges already. Ids so far stay what they are.

    The text is no longer normalised inside SentencePiece, as in every vocabulary that `Tokenizer.train` makes.
    """
    record = parsed(tokenizer)
    lowest = min(piece.score for piece in record.pieces)
    for place, piece in enumerate(pieces, 1):
        record.pieces.add(piece=piece, score=lowest - place)
    record.normalizer_spec.name, record.normalizer_spec.precompiled_charsmap = "identity", b""
    record.trainer_spec.vocab_size = len(record.pieces)
    record.trainer_spec.required_chars = REQUIRED
    return Tokenizer(record.SerializeToString())


def grown(tokenizer: Tokenizer, sentences: Iterable[str], size: int) -> Tokenizer:
    """The tokenizer with what a vocabulary of `size` pieces, learned from `sentences`, has beyond it.

    Raises ValueError as `Tokenizer.train`.
    """
    ours = {piece.piece for piece in parsed(tokenizer).pieces}
    learned = parsed(Tokenizer.train(sentences, size)).pieces
    return with_pieces(tokenizer, [piece.piece for piece in learned if piece.piece not in ours])


def grown_embedding(embedding: Tensor, before: Tokenizer, after: Tokenizer) -> Tensor:
    """Embedding (pieces before, d_model) -> (pieces after, d_model): a new piece starts as the mean of the pieces that spelled it.

    Gee et al. 2022, "Fast Vocabulary Transfer for Language Model Compression". Raises ValueError if `after` does not begin
    with the pieces of `before`.
    """
    size = before.vocabulary_size
    if after.vocabulary_size < size or any(before.piece(id_) != after.piece(id_) for id_ in range(size)):
        raise ValueError("The larger vocabulary does not begin with the pieces of the smaller one.")
    record = parsed(before)
    record.normalizer_spec.add_dummy_prefix = False  # a piece from the middle of a word has no space in front,
    record.normalizer_spec.remove_extra_whitespaces = False  # and one from its start keeps the one that it has
    processor = SentencePieceProcessor(model_proto=record.SerializeToString())
    spelled = [processor.encode(after.piece(id_).replace(SPACE, " ")) for id_ in range(size, after.vocabulary_size)]
    return torch.cat([embedding, *(embedding[ids].mean(0, keepdim=True) for ids in spelled)])
