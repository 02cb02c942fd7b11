"""Between paste and tokenizer: what is folded, dropped and joined, and that everything still points into what was typed."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model.trace.byte_pieces import is_byte
from model.trace.pasted import INVISIBLE, read_pasted, visible

TYPED = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aeiou\u0301\u0327 ½²ﬁ…“”’—-‐\u00ad\u200b\u200d\ufeff\ufe0f\u00a0\u202f\t\r\n\u2028▁\u1100\u1161\u11a8"),
    ),
    max_size=40,
)
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ '\"-./éàç")


def read(text: str, has=LETTERS.__contains__) -> str:
    """What the tokenizer reads."""
    return read_pasted(text, has).text


@pytest.mark.parametrize(
    "typed, expected",
    [
        ("“Yes,” he said — it’s a dog’s life…", '"Yes," he said - it\'s a dog\'s life...'),
        ("un\u00a0café\u202f!", "un café !"),
        ("cafe\u0301", "café"),
        ("zero\u200bwidth co\u00adoperate \ufeffa\u2060b\u200e", "zerowidth cooperate ab"),
        ("a\tb\r\nc\u2028d\u0085e▁f", "a b  c d e f"),
        ("com-\nfortable", "comfortable"),
        ("com-  \r\n  fortable", "comfortable"),
        ("com\u00ad\nfortable", "comfortable"),
        ("com- fortable", "comfortable"),
        ("two- or three-year, pre- and post-war", "two- or three-year, pre- and post-war"),
        ("well-known, 1 - 2, a - b, 3-\n4", "well-known, 1 - 2, a - b, 3- 4"),
        ("ﬁne ｆｕｌｌ", "fine full"),
        ("1½ x² ①", "1½ x² ①"),
        ("❤\ufe0f 👩\u200d👧", "❤ 👩👧"),
        ("\u1112\u1161\u11ab", "한"),
        ("a\ud800b", "a b"),
        ("bell\x07 nul\x00", "bell nul"),
    ],
)  # fmt: skip
def test_what_is_pasted_is_read_as_it_was_meant(typed, expected):
    """Quotes, dashes, spaces, accents, invisible characters, broken words."""
    assert read(typed) == expected


def test_what_the_vocabulary_has_decides_what_is_folded():
    """Quotes and dashes of a keyboard are preferred where it has them; other signs stay where they are pieces themselves."""
    everything = (LETTERS | frozenset("“”—ﬁ…")).__contains__
    assert read("“a” — ﬁ…", everything) == '"a" - ﬁ…'
    assert read("“a” — …", frozenset("a ").__contains__) == "“a” — …"


@given(text=TYPED)
def test_places_point_into_what_was_typed(text):
    """One place a character, in order, inside the text; plain letters stay themselves; what is dropped is in no place's edge."""
    pasted = read_pasted(text, LETTERS.__contains__)
    places = pasted.places if pasted.places is not None else [(at, at + 1) for at in range(len(text))]
    assert len(places) == len(pasted.text)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)
    assert all(a == b or a[1] <= b[0] for a, b in itertools.pairwise(places))  # apart, or parts of one character
    for character, (start, end) in zip(pasted.text, places, strict=True):
        if character in LETTERS and character.isalpha() and end - start == 1 and text[start].isascii():
            assert character == text[start]
        assert not INVISIBLE.match(text[start]) and not INVISIBLE.match(text[end - 1])
    assert not INVISIBLE.search(pasted.text) and not set(pasted.text) & set("\t\r\n\u00a0▁")


@given(text=TYPED)
def test_reading_twice_changes_nothing_but_folds(text):
    """What was read is composed and stays as it is."""
    once = read(text)
    again = read(once)
    assert again == once or "- " in once  # a hyphen that came to stand before a space


@given(text=st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_plain_ascii_is_not_touched(text):
    """Nothing moves, but for a hyphen in front of a space between letters."""
    if "- " not in text:
        assert read_pasted(text, LETTERS.__contains__).places is None and read(text) == text


@example(text="Add ½ cup.")
@example(text="a \u200b ½\u00ad½ …")
@example(text="🇫🇷❤\ufe0f中\u0301")
@given(text=TYPED)
@pytest.mark.parametrize("which", ["tokenizer", "shipped"])
def test_spans_of_pieces_are_the_characters_typed(request, which, text):
    """In order, inside the text, no space or zero-width character at an edge; empty for a lone space mark alone; all bytes of
    one character share its span; together they cover what can be seen."""
    tokenizer = request.getfixturevalue("tokenizer") if which == "tokenizer" else request.getfixturevalue("translator").tokenizer
    tokens = tokenizer.encode(text)
    assert len(tokens.text) == len(text)
    assert [span[0] for span in tokens.spans] == sorted(span[0] for span in tokens.spans)
    covered = set()
    for id_, piece, (start, end) in zip(tokens.ids, tokens.pieces, tokens.spans, strict=True):
        assert 0 <= start <= end <= len(text)
        assert (start == end) == (not piece.strip("▁"))
        if start < end:
            inside = tokens.text[start:end]
            assert inside.strip() == inside and not INVISIBLE.match(inside[0]) and not INVISIBLE.match(inside[-1])
            covered |= set(range(start, end))
            if not is_byte(id_) and inside.isascii() and inside.isalpha():
                assert piece.strip("▁") == inside
    lost = {char for at, char in enumerate(tokens.text) if at not in covered and not char.isspace()}
    assert not {char for char in lost if not INVISIBLE.match(char)} - set("-‐▁\ufffd")  # SentencePiece reads U+FFFD as a space


def test_a_piece_of_half_a_cup_is_the_half(translator):
    """Whatever the vocabulary makes of ½: pieces, or one of its own."""
    tokens = translator.tokenizer.encode("Add ½ cup.")
    assert {tokens.text[slice(*span)] for span in tokens.spans} - {""} >= {"½", "cup", "."}
    assert " " not in {tokens.text[slice(*span)] for span in tokens.spans}


def test_bytes_of_a_model_share_the_span_of_their_character(tokenizer):
    """Text of a model is its own: nothing is folded or dropped there, and a lone space mark has an empty span."""
    said = tokenizer.decode(tokenizer.encode("Add 7 😀").ids)
    assert said.text == "Add 7 😀" and said.spans == tokenizer.encode("Add 7 😀").spans


def test_what_is_visible_is_what_a_reader_sees():
    """In one line."""
    assert visible("com-\nfor\u00adtable\u200b") == "comfortable" and visible(" \u200b") == "" and visible("cafe\u0301") == "café"


@pytest.mark.parametrize("character", ["\u0301", "e\u0301", "\u0327\u0301", "“", "-\n", "a- ", "\u1161", "\u200b"])
def test_time_grows_with_the_text_not_with_its_square(character):
    """60,000 marks in a row are read in a moment."""
    text = "e" + character * (60_000 // len(character))
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 5
