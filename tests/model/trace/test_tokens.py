"""Tokens know where spaces stand, whatever the vocabulary writes for one."""

from __future__ import annotations

from support.handmade import read_tokens, written_tokens


def test_space_marks_stand_in_front_of_the_text():
    """In any vocabulary: byte-level BPE marks a space, WordPiece does not; as text both have it."""
    wordpiece, byte_level = read_tokens(), written_tokens()
    assert byte_level.space_marks == [0, 1, 0, 1, 0] and wordpiece.space_marks == [0] * 6
    assert "".join(map(byte_level.notation.text, byte_level.pieces)) == byte_level.text
    assert "".join(map(wordpiece.notation.text, wordpiece.pieces[1:-1])).strip() == "the dogs bark"
    assert wordpiece.first_of_text == 1 and byte_level.first_of_text == 0
    assert wordpiece.taken([0, 5]).first_of_text == 0
