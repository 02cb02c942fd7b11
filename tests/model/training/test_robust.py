"""Text as people type it: what the variants are, how many there are, and that nothing depends on chance."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from support.tiny import SENTENCES

from model.training.recipe import Recipe
from model.training.robust import LONGEST, LOUDEST, bare, capitals, joined, lower_case, repeated, robust, robust_kinds

PAIRS = [(f"{SENTENCES[at]}", f"{SENTENCES[at + 1]}") for _ in range(40) for at in (0, 2, 4)]


def test_each_variant_changes_what_it_says():
    """Capitals on both sides, lower case on the source alone, punctuation off both ends."""
    pair = ("Where is the École?", "Où est l'école ?")
    assert capitals(pair) == ("WHERE IS THE ÉCOLE?", "OÙ EST L'ÉCOLE ?")
    assert lower_case(pair) == ("where is the école?", "Où est l'école ?")
    assert bare(pair) in (("Where is the École", "Où est l'école"), ("where is the école", "Où est l'école"))


@given(st.lists(st.tuples(st.text("ab ", min_size=1), st.text("cd ", min_size=1)), min_size=1), st.integers(0, 30), st.integers())
def test_joined_pairs_are_whole_pairs_on_both_sides(pairs, count, seed):
    """Word for word, in the same order on both sides, and none too long."""
    pairs = [(f"x{source}", f"y{target}") for source, target in pairs]
    found = joined(pairs, count, random.Random(seed))
    assert len(found) == count
    for source, target in found:
        assert source.count("x") == target.count("y") <= 3
        assert max(len(source.split()), len(target.split())) <= LONGEST or (source, target) in pairs


def test_a_pass_reads_the_shares_of_its_recipe():
    """So many of each kind, the same ones for the same seed, others for another."""
    recipe = Recipe(capitals=0.1, lower_case=0.2, bare=0.3, joined=0.5)
    found = robust(PAIRS, recipe)
    assert len(found) == round(len(PAIRS) * 1.1)
    assert sum(source.isupper() for source, _ in found) == 12 and sum(source.islower() for source, _ in found[12:36]) == 24
    assert all(source.count(".") > 1 for source, _ in found[-60:])
    assert robust(PAIRS, recipe) == found != robust(PAIRS, Recipe(capitals=0.1, lower_case=0.2, bare=0.3, joined=0.5, seed=2))
    assert robust(PAIRS, Recipe(capitals=0, lower_case=0, bare=0, joined=0)) == []


def test_only_short_things_are_shouted():
    """However large the share: no source of more than LOUDEST words, and not more than there are."""
    long = (" ".join(["word"] * (LOUDEST + 1)), "long")
    found = robust_kinds([*PAIRS, *[long] * 200], Recipe(capitals=0.9, lower_case=0, bare=0, joined=0))["capitals"]
    assert found and len(found) <= len(PAIRS) and all(len(source.split()) <= LOUDEST for source, _ in found)


def test_phrases_are_read_more_often():
    """By the name of their file."""
    assert repeated("phrases.train.tsv.gz", PAIRS, Recipe(phrases=4)) == PAIRS * 4
    assert repeated("news.train.tsv.gz", PAIRS, Recipe(phrases=4)) == PAIRS
