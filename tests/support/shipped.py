"""What tests take the shipped weights to say, in this place alone: where other weights ship, nothing else needs an edit.

What a change does to which sentence, and which pieces a translation has, is asked of the model itself.
"""

from __future__ import annotations

import functools

from model import Intervention, Translator
from model.analysis.words import join_pieces
from model.instrument.tokenizer import Tokens
from viz.page.chips import lost
from viz.page.finished import rows_that_differ
from viz.page.verdict import word_changes
from viz.theme import SPACE_MARK, token_labels

DOGS = "Two dogs are playing in the snow."
FRENCH = {
    "dogs": "chiens",
    "snow": "neige",
}  # in the translation of DOGS; without the English word, the French one is least likely
TEXTS = [
    "The animal didn't cross the street because it was too tired.",
    "Two dogs are playing in the snow, and a cat is watching them.",
    "My neighbour's dog ate the letter that I wrote yesterday.",
    "The dog bites the man because it is hungry.",
    "I think that you should go home now, because it is late.",
    "My sister doesn't know where she left her keys, but she will find them.",
    "A group of people are sitting around a table in a restaurant, talking and laughing.",
]  # a change replaces words in at least one


def chips(tokens: Tokens) -> list[str]:
    """The pieces as the page shows them, </s> among them."""
    return token_labels(tokens)


def french_chips(translator: Translator, text: str, change: Intervention = Intervention()) -> list[str]:
    """The pieces of the translation as the page shows them."""
    return chips(translator.translate_tokens(translator.source(text), change))


def longest_piece(translator: Translator, text: str) -> str:
    """The longest piece of the translation, without its space: what a page that shows the translation must contain."""
    return max((chip.removeprefix(SPACE_MARK) for chip in french_chips(translator, text)[:-1]), key=len)


def number_of_word(translator: Translator, text: str, word: str) -> int:
    """Which word of the translation this is, counted from 1."""
    words = chips(join_pieces(translator.translate_tokens(translator.source(text))))
    return [one.removeprefix(SPACE_MARK) for one in words].index(word) + 1


@functools.cache
def replaced_by(translator: Translator, change: Intervention, differing: bool = False) -> str:
    """A sentence in whose translation the change replaces words; `differing`: and some of whose rows say another piece when it is finished."""
    for text in TEXTS:
        before, after = (translator.translate_tokens(translator.source(text), how) for how in (Intervention(), change))
        replaces = word_changes(before, after).replaced and lost(before, after)  # a longer word may keep all its pieces
        if replaces and (not differing or rows_that_differ(translator.trace(text, intervention=change))):
            return text
    raise LookupError(f"No sentence of TEXTS is translated otherwise under {change}: add one that is.")


@functools.cache
def differing_under(translator: Translator, change: Intervention) -> str:
    """A sentence some of whose rows would say another piece in the finished pass than was said, and none as trained."""
    found = (text for text in TEXTS if rows_that_differ(translator.trace(text, intervention=change)))
    return next(text for text in found if not rows_that_differ(translator.trace(text)))
