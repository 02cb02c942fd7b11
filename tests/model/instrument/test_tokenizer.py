"""Text <-> Tokens for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import SENTENCES

from model.instrument.tokenizer import END, SPECIAL, START, Tokenizer

ANY = st.text(st.characters(), max_size=40)  # lone surrogates included


@given(text=ANY)
def test_any_text_becomes_tokens_whose_fields_fit_together(tokenizer, text):
    """One entry per token everywhere; spans inside the text and in order; words in order; no special token from text."""
    tokens = tokenizer.encode(text)
    assert len(tokens.ids) == len(tokens.pieces) == len(tokens.words) == len(tokens.spans)
    assert not SPECIAL & set(tokens.ids)
    assert tokens.words == sorted(tokens.words) and set(tokens.words) == set(range(len(set(tokens.words))))
    assert all(0 <= start <= end <= len(tokens.text) for start, end in tokens.spans)
    assert [span[0] for span in tokens.spans] == sorted(span[0] for span in tokens.spans)


@given(text=ANY)
def test_ids_survive_decoding(tokenizer, text):
    """decode(ids) has exactly these ids."""
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids).ids == ids


@given(ids=st.lists(st.integers(len(SPECIAL), 379), max_size=20))
def test_any_ids_decode_to_tokens_whose_fields_fit_together(tokenizer, ids):
    """What a model may produce: bytes that make no character, too. The same ids, and spans inside the text, in order."""
    tokens = tokenizer.decode(ids)
    assert tokens.ids == ids
    assert len(tokens.pieces) == len(tokens.words) == len(tokens.spans) == len(ids)
    assert all(0 <= start <= end <= len(tokens.text) for start, end in tokens.spans)
    assert [span[0] for span in tokens.spans] == sorted(span[0] for span in tokens.spans)
    assert tokens.words == sorted(tokens.words)


@pytest.mark.parametrize("text", SENTENCES)
def test_pieces_spell_the_text_they_span(tokenizer, text):
    """Without their space marks, pieces are the characters of their span; together they are the text."""
    tokens = tokenizer.encode(text)
    for piece, (start, end) in zip(tokens.pieces, tokens.spans, strict=True):
        if not piece.startswith("<0x"):
            assert piece.lstrip("▁") == text[start:end].strip()
    assert tokenizer.decode(tokens.ids).text == text


def test_specials_stand_where_they_belong(tokenizer):
    """Source ends with </s>; the decoder reads from <s>; both have word -1 and no span."""
    source = tokenizer.source("Two dogs")
    assert (source.ids[-1], source.words[-1], source.spans[-1]) == (END, -1, None)
    target = tokenizer.with_start(tokenizer.encode("Two dogs"))
    assert (target.ids[0], target.words[0], target.spans[0]) == (START, -1, None)


@pytest.mark.parametrize("text", ["</s>", "<s>", "<pad>", "<unk>", "a</s>b"])
def test_special_tokens_typed_by_hand_are_text(tokenizer, text):
    """They come back as the characters that were typed."""
    tokens = tokenizer.encode(text)
    assert not SPECIAL & set(tokens.ids) and tokenizer.decode(tokens.ids).text == text


def test_bytes_of_a_character_share_its_span(tokenizer):
    """What the vocabulary lacks becomes bytes, each on the whole character."""
    tokens = tokenizer.encode("😀")
    spans = [span for piece, span in zip(tokens.pieces, tokens.spans, strict=True) if piece.startswith("<0x")]
    assert spans == [(0, 1)] * 4


def test_words_end_at_spaces_and_punctuation_but_not_inside(tokenizer):
    """didn't is one word, a full stop its own."""
    tokens = tokenizer.encode("The animal didn't cross, no.")
    words = {}
    for word, (start, end) in zip(tokens.words, tokens.spans, strict=True):
        words[word] = words.get(word, "") + tokens.text[start:end]
    assert [text.strip() for text in words.values()] == ["The", "animal", "didn't", "cross", ",", "no", "."]


def test_training_is_repeatable(tokenizer):
    """The same sentences give the same model file, hence the same hash."""
    again = Tokenizer.train(SENTENCES * 4, vocabulary_size=380, required="")
    assert again.hash == tokenizer.hash and again.vocabulary_size == 380
