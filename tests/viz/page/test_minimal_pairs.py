"""The other sentence of a minimal pair: ready ones, and one word changed in any other sentence."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.page.parts.minimal_pairs import PAIRS, SWAPS, partner


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (PAIRS[0][1], PAIRS[0][2]),
        ("The old man is tired.", "The old woman is tired."),
        ("He was here.", "He was there."),
        ("I can see HER.", "I can see HIS."),
        ("I agree.", "You agree."),
        ("Should you go?", "Should they go?"),
        ("Anna smiles", "Anna dog"),
        ("Anna sees one dog", "Anna sees one cat"),
        ("  ", ""),
        ("12 + 3 = 15", ""),
    ],
)
def test_one_word_is_changed(text, other):
    """A known one where there is one, with its capital; else the last."""
    assert partner(text) == other


@given(text=st.text(max_size=60))
def test_any_text_with_a_word_has_a_partner(text):
    """Another text, of as many words."""
    other = partner(text)
    if re.search(r"[^\W\d_]", text):
        assert other and other != text
    else:
        assert other == ""


def test_swaps_are_pairs_of_words():
    """None with itself."""
    assert all(len(set(pair.split())) == 2 and pair == pair.lower() for pair in SWAPS)
