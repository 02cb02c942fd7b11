"""Codes, tokens and names: what is drawn is what can be read back, and nothing else can."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.page.room.names import ADJECTIVES, ANIMALS, CODE, LETTERS, TOKEN, code_of, digest, new_code, new_name, new_token


def test_codes_have_no_vowels_and_no_look_alikes():
    """Six of twenty letters."""
    assert not set(LETTERS) & set("AEIOUY01") and len(set(LETTERS)) == 20
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200 and all(CODE.fullmatch(code) for code in codes)


@given(code=st.text(LETTERS, min_size=6, max_size=6), gap=st.sampled_from(["", " ", "-", " – "]))
def test_a_code_is_read_however_it_is_typed(code, gap):
    """Small letters, spaces, dashes."""
    assert code_of(f" {gap.join(code.lower())} ") == code


@given(text=st.text(max_size=200))
def test_nothing_else_is_a_code(text):
    """Other text is refused in words."""
    letters = re.sub(r"[\s\-–.]+", "", text[:100]).upper()
    if re.fullmatch(f"[{LETTERS}]{{6}}", letters):
        assert code_of(text) == letters
    else:
        with pytest.raises(ValueError, match="6 letters"):
            code_of(text)


def test_names_are_made_of_two_lists_and_stand_once():
    """Far more of them than a room has students; the last free one is found."""
    every = {f"{one} {other}" for one in ADJECTIVES for other in ANIMALS}
    assert len(every) == len(ADJECTIVES) * len(ANIMALS) > 4000
    last = "Keen Otter"
    assert new_name(every - {last}) == last and new_name(set()) in every
    token = new_token()
    assert TOKEN.fullmatch(token) and token != new_token() and digest(token) != digest(new_token()) and token not in digest(token)
