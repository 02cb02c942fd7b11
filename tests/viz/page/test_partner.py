"""Two sentences opens with a partner of whatever was typed: one word is another, or one mark."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viz.page.parts.partner import PAIRS, SWAPS, partners
from viz.page.state import EXAMPLES

SENTENCES = [
    *EXAMPLES,
    *(first for _, first, _ in PAIRS),
    "He sat.",
    "the KING is old",
    "I like you.",
    "Hello",
    "Go home now!",
    "Why?",
]
WORDS = r"[^\W_]+(?:['’][^\W_]+)*|\S"


@pytest.mark.parametrize("text", SENTENCES)
def test_a_partner_differs_in_one_word_or_one_mark(text):
    """Of pairs that are offered, and of sentences that no pair has."""
    for partner in partners(text):
        one, other = re.findall(WORDS, text), re.findall(WORDS, partner)
        if len(one) == len(other):
            assert sum(first != second for first, second in zip(one, other, strict=True)) in (1, 2)  # brother … he takes two
        else:
            assert other == [*one, "?"]


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_whatever_is_typed_has_a_partner(text):
    """It is never the sentence itself."""
    assert list(partners(text)) and text not in partners(text)


def test_no_word_is_swapped_twice():
    """A word has one counterpart, whichever of the two is met."""
    words = [word for pair in SWAPS for word in pair]
    assert len(words) == len(set(words))
