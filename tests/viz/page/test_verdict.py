"""The verdict of a change in words: what was lost, added and replaced, against the two translations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.words import join_pieces
from model.instrument.tokenizer import SPACE, SPECIAL
from viz.page import chips
from viz.page.verdict import in_words, word_changes

words = st.lists(st.sampled_from("un chat chien noir neige rue la le dort .".split()), max_size=7).map(" ".join)


def labels(translator, text: str):
    """A translation as labels; an empty one is </s> alone."""
    return translator.tokenizer.with_end(translator.tokenizer.encode(text))


def listed(tokens) -> list[str]:
    """The words of a translation, as written."""
    joined = join_pieces(tokens)
    return [
        piece.replace(SPACE, "")
        for piece, id_ in zip(joined.pieces, joined.ids, strict=True)
        if id_ not in SPECIAL and piece != SPACE
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("la neige", "la neige", "The translation stays the same, piece by piece."),
        ("un chat dort", "un chien dort", "Replaced: “chat” → “chien”."),
        ("un chat noir dort", "un chat dort", "Lost: “noir”."),
        ("un chat dort", "un chat noir dort", "Added: “noir”."),
        ("un chat noir dort", "le chat dort la", "Replaced: “un” → “le”; lost: “noir”; added: “la”."),
        ("un chat noir", "un chien blanc", "Replaced: “chat noir” → “chien blanc”."),
        ("un chat", "", "The translation is empty now: the model ends at once."),
        ("", "un chat", "The translation was empty; now it says “un chat”."),
    ],
)
def test_what_changed_is_said_in_words(tiny_translator, before, after, said):
    """One sort of change, several, and translations that are empty."""
    assert in_words(labels(tiny_translator, before), labels(tiny_translator, after)) == said


def test_many_changes_are_counted(tiny_translator):
    """Three are named; no more than the reader can take in."""
    said = in_words(labels(tiny_translator, "a 1 b 2 c 3 d 4 e"), labels(tiny_translator, "a 5 b 6 c 7 d 8 e"))
    assert said == "Replaced: “1” → “5”, “2” → “6”, “3” → “7” and 1 more."


@given(before=words, after=words)
def test_what_is_told_makes_one_translation_of_the_other(tiny_translator, before, after):
    """The old words without the lost and replaced ones are the new words without the added and replaced ones."""
    first, second = labels(tiny_translator, before), labels(tiny_translator, after)
    found = word_changes(first, second)
    gone = sorted(" ".join([*found.lost, *(then for then, _ in found.replaced)]).replace(" .", ".").replace(".", " .").split())
    come = sorted(" ".join([*found.added, *(now for _, now in found.replaced)]).replace(" .", ".").replace(".", " .").split())
    old, new = listed(first), listed(second)
    for word in gone:
        old.remove(word)
    for word in come:
        new.remove(word)
    assert sorted(old) == sorted(new)
    assert bool(found) == (listed(first) != listed(second))


@given(before=words, after=words)
def test_struck_and_framed_pieces_are_what_differs(tiny_translator, before, after):
    """Without them both translations are the same pieces in the same order."""
    first, second = labels(tiny_translator, before), labels(tiny_translator, after)
    lost, new = chips.lost(first, second), chips.changed(first, second)
    assert [id_ for at, id_ in enumerate(first.ids) if at not in lost] == [
        id_ for at, id_ in enumerate(second.ids) if at not in new
    ]
    struck = chips.row("before", "Before", first, struck=lost)
    assert struck.count("<del") == sum(first.words[at] >= 0 for at in lost) == struck.count("</del>")
