"""Where tokens lie in a text that they spell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model.trace.pasted import UNKNOWN_CHARACTER
from model.trace.spelling import BYTES, spelled_spans, tokens_at
from model.trace.tokens import BYTE_LEVEL, WORDPIECE

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=UNKNOWN_CHARACTER), max_size=30)


@given(TEXTS, st.lists(st.integers(0, 30), max_size=6))
def test_spans_of_whole_characters_tile_the_text(text, cuts):
    """Whatever the tokens are, each has what it adds."""
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    spans = spelled_spans([text[:end] for end in ends])
    assert "".join(text[start:end] for start, end in spans) == text
    assert [end for _, end in spans] == ends[1:]


@given(TEXTS.filter(bool))
def test_every_byte_of_a_character_has_all_of_it(text):
    """One token a byte: what is no character yet is spelled as a question mark in a diamond."""
    coded = text.encode()
    spans = spelled_spans([coded[:end].decode(errors="replace") for end in range(len(coded) + 1)])
    assert [text[start:end] for start, end in spans] == [char for char in text for _ in char.encode()]


def test_every_byte_has_a_character_of_its_own():
    """Those that can be seen are themselves; the space is the mark of byte-level BPE."""
    assert sorted(BYTES.values()) == [*range(256)]
    assert all(char == chr(byte) for char, byte in BYTES.items() if ord(char) < 256)
    assert BYTES[BYTE_LEVEL.space] == ord(" ")


def test_spaces_in_front_and_special_tokens_have_no_place_in_a_word():
    """[CLS] the dogs [SEP] of WordPiece, with a space in a span."""
    tokens = tokens_at(
        "the dogs", [1, 7, 8, 9, 2], ["[CLS]", "the", "dog", "##s", "[SEP]"], [None, (0, 3), (3, 7), (7, 8), None], WORDPIECE
    )
    assert tokens.spans == [None, (0, 3), (4, 7), (7, 8), None] and tokens.words == [-1, 0, 1, 1, -1]


def test_bytes_are_written_as_they_stand_in_the_text():
    """Two of the bytes of é, each with all of it; what says that a space is in front stays."""
    tokens = tokens_at("a é", [5, 6, 7], ["a", "ĠÃ", "©"], [(0, 1), (1, 3), (2, 3)], BYTE_LEVEL)
    assert tokens.pieces == ["a", "Ġé", "é"] and tokens.words == [0, 1, 1]
