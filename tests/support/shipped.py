"""Sentences for tests of the shipped weights: what a change does to which of them is found out, so that other weights may ship."""

from __future__ import annotations

from model import Intervention, Translator
from viz.page.finished import rows_that_differ
from viz.page.verdict import word_changes

TEXTS = [
    "The animal didn't cross the street because it was too tired.",
    "Two dogs are playing in the snow, and a cat is watching them.",
    "My neighbour's dog ate the letter that I wrote yesterday.",
    "The dog bites the man because it is hungry.",
    "I think that you should go home now, because it is late.",
]


def replaced_by(translator: Translator, change: Intervention) -> str:
    """A sentence in whose translation the change replaces words."""
    translated = ((text, *(translator.translate_tokens(translator.source(text), how) for how in (Intervention(), change))) for text in TEXTS)
    return next(text for text, before, after in translated if word_changes(before, after).replaced)


def differing_under(translator: Translator, change: Intervention) -> str:
    """A sentence some of whose rows would say another piece in the finished pass than was said."""
    return next(text for text in TEXTS if rows_that_differ(translator.trace(text, intervention=change)))
