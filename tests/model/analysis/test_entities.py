"""Entities counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.entities import Entity, entities, entity_score


@pytest.mark.parametrize(
    "tags, found",
    [
        ("", []),
        ("O O", []),
        ("B-x", [(0, 1, "x")]),
        ("O B-x I-x O B-y", [(1, 3, "x"), (4, 5, "y")]),
        ("B-x B-x", [(0, 1, "x"), (1, 2, "x")]),  # two, side by side
        ("B-x I-y I-y", [(0, 1, "x"), (1, 3, "y")]),  # another kind begins another entity
        ("I-x O I-x I-x", [(0, 1, "x"), (2, 4, "x")]),  # without a beginning
        ("B-a-b I-a-b", [(0, 2, "a-b")]),
    ],
)
def test_tags_mark_entities(tags, found):
    """By the rule of the CoNLL evaluation."""
    assert entities(tags.split()) == {Entity(*one) for one in found}


def test_an_entity_counts_where_words_and_kind_are_right():
    """Three are right; four are found: one exactly, one a word too long, one of another kind, one where there is none."""
    right = ["B-x I-x O B-y O".split(), "O B-x O O".split()]
    found = ["B-x I-x O B-x O".split(), "O B-x I-x B-y".split()]
    score = entity_score(right, found)
    assert score == pytest.approx((1 / 4, 1 / 3, 2 * 1 / (4 + 3)))
    assert entity_score([["O"]], [["O"]]) == (0.0, 0.0, 0.0)


@given(st.lists(st.lists(st.sampled_from(["O", "B-x", "I-x", "B-y", "I-y"]), min_size=1, max_size=8), min_size=1, max_size=4))
def test_the_right_tags_score_one(texts):
    """F1 is the harmonic mean of precision and recall, and 1 for what is right."""
    score = entity_score(texts, texts)
    assert score == ((1.0, 1.0, 1.0) if any(entities(text) for text in texts) else (0.0, 0.0, 0.0))
    other = entity_score(texts, [text[::-1] for text in texts])
    assert other.f1 * (other.precision + other.recall) == pytest.approx(2 * other.precision * other.recall)
