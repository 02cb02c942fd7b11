"""What a word is: one definition for chips, counts, joined words and word alignment."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.alignment import word_of_token
from model.analysis.words import join_pieces, word_groups
from model.trace.pasted import BROKEN, INVISIBLE
from model.trace.words import numbered, word_spans, words_of

TYPED = st.text(st.one_of(st.characters(), st.sampled_from("ab1. ,'’-:/½²“”\u200b\u00ad\n\t\u00a0😀中")), max_size=40)


def words(text: str) -> list[str]:
    """The words of a text as text."""
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("I am 7.", ["I", "am", "7", "."]),
        ("x²", ["x²"]),
        ("“Yes”", ["“", "Yes", "”"]),
        ("«Oui», dit-il…", ["«", "Oui", "»", ",", "dit-il", "…"]),
        ("It costs 1,250 or 3.14 at 10:30.", ["It", "costs", "1,250", "or", "3.14", "at", "10:30", "."]),
        ("1 250,50 €, 1/2 - 5%", ["1", "250,50", "€", ",", "1/2", "-", "5", "%"]),
        ("The U.S.A. won.", ["The", "U.S.A.", "won", "."]),
        ("e.g. a U.S army", ["e.g.", "a", "U.S", "army"]),
        ("Plan B. It is A.", ["Plan", "B", ".", "It", "is", "A", "."]),
        ("The animal didn't cross", ["The", "animal", "didn't", "cross"]),
        ("L'animal n’a pas dit: peut-être qu'aujourd'hui", 
         ["L'", "animal", "n’", "a", "pas", "dit", ":", "peut-être", "qu'", "aujourd'hui"]),
        ("O'Brien's dogs' o'clock", ["O'Brien's", "dogs", "'", "o'clock"]),
        ("Wait... what?!", ["Wait", "...", "what", "?", "!"]),
        ("cat😀 😀😀", ["cat", "😀", "😀😀"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("中文 हिन्दी", ["中文", "हिन्दी"]),
        ("zero\u200bwidth \u200b a", ["zero\u200bwidth", "a"]),
        ("", []),
        (" \u200b ", []),
    ],
)  # fmt: skip
def test_words_are_those_that_a_reader_would_count(text, expected):
    """Numbers, abbreviations and contractions whole; marks alone; letters of any script."""
    assert words(text) == expected


@given(text=TYPED)
def test_words_cover_all_that_can_be_seen_in_order(text):
    """Nothing twice, nothing left out but spaces and what has no width; no word has a space inside."""
    spans = word_spans(text)
    assert all(start < end for start, end in spans) and spans == sorted(spans)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    covered = {at for start, end in spans for at in range(start, end)}
    assert all(at in covered or char.isspace() or INVISIBLE.match(char) for at, char in enumerate(text))
    assert not any(char.isspace() for start, end in spans for char in BROKEN.sub("", text[start:end]))


def test_an_empty_span_joins_what_follows_and_numbers_have_no_gaps():
    """A lone space mark stands in front of its word; at the end it stays with the last one."""
    assert words_of([(0, 1), (2, 2), (2, 3), (3, 3)], "a 7") == [0, 1, 1, 1]
    assert words_of([(0, 0)], "") == [0]
    assert numbered([0, 2, 2, 5]) == [0, 1, 1, 2]


SENTENCES = ["I am 7.", "x²", "“Yes”", "Add ½ cup.", "We paid 1,250 on 10:30.", "😀 zig 中文.", "L'animal n'a pas dit “oui”, peut-être.",
             "com-\nfortable dog", "e\u0301te\u0301 \u00a0 fin"]  # fmt: skip


@pytest.mark.parametrize("text", SENTENCES)
def test_chips_counts_joined_words_and_alignment_agree(tokenizer, text):
    """As many words everywhere; a lone space mark is none."""
    tokens = tokenizer.source(text)
    joined = join_pieces(tokens)
    inside = set(tokens.words) - {-1}
    assert len(word_groups(tokens)) - 1 == len(joined) - 1 == len(inside)
    assert "▁" not in joined.pieces
    aligned = word_of_token(tokens)
    assert [aligned[at] == aligned[at - 1] for at in range(1, len(tokens))] == [
        tokens.words[at] == tokens.words[at - 1] for at in range(1, len(tokens))
    ]
    assert len(inside) == len(word_spans(text))


@pytest.mark.parametrize("text, word", [("5%", "%"), ("x²", "x²"), ("“a”", "“"), ("😀", "😀"), ("com-\nfortable", "comfortable"),
                                        ("zero\u00adwidth", "zerowidth"), ("cafe\u0301", "café")])  # fmt: skip
def test_a_joined_word_is_what_was_typed(tokenizer, text, word):
    """Not its pieces, not its bytes; without what cannot be seen."""
    assert word in [piece.lstrip("▁") for piece in join_pieces(tokenizer.source(text)).pieces]


@given(text=TYPED)
def test_no_joined_word_is_a_byte_or_a_space(tokenizer, text):
    """Whatever is typed."""
    for piece in join_pieces(tokenizer.encode(text)).pieces:
        assert piece.strip("▁ ") and not piece.startswith("<0x")
        assert unicodedata.is_normalized("NFC", piece)
