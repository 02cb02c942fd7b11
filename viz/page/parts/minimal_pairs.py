"""Minimal pairs: two English sentences that differ in one word, ready ones and one for any sentence."""

from __future__ import annotations

import re

from viz.page.state import EXAMPLES

PAIRS = (  # (label, first, second)
    ("tired / wide", EXAMPLES[0], "The animal didn't cross the street because it was too wide."),
    ("you / they", EXAMPLES[1], "I think that they should go home now."),
    ("dogs / girls", EXAMPLES[2], "Two girls are playing in the snow."),
    ("man / woman", "The old man is tired.", "The old woman is tired."),
    ("brother … he / sister … she", "I gave the book to my brother because he asked for it.",
     "I gave the book to my sister because she asked for it."),
)  # fmt: skip
SWAPS = (  # words that take each other's place, those first that change most of what the sentence says
    "tired wide", "man woman", "boy girl", "men women", "brother sister", "father mother", "son daughter", "king queen", "dog cat", "dogs cats",
    "car train", "house garden", "book letter", "street river", "good bad", "big small", "old young", "new old", "black white", "happy sad",
    "yesterday today", "tomorrow today", "morning evening", "here there", "never always", "he she", "his her", "him her", "you they", "we they", "i you",
    "my your", "our their", "is was", "are were", "has had", "this that", "a the", "and or", "hello goodbye", "yes no",
)  # fmt: skip
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
OTHER = (
    "dog",
    "cat",
)  # takes the place of the last word where none of its words is known; the second one where that is the first


def partner(text: str) -> str:
    """The other sentence of a minimal pair: of a ready pair, or the same with one word changed; empty for text without a word."""
    ready = {first: second for _, first, second in PAIRS}
    if text.strip() in ready:
        return ready[text.strip()]
    words = list(WORD.finditer(text))
    for pair in SWAPS:
        first, second = pair.split()
        for word in words:
            if word[0].lower() in (first, second):
                return _changed(text, word, second if word[0].lower() == first else first)
    if not words:
        return ""
    last = words[-1]
    return _changed(text, last, OTHER[last[0].lower() == OTHER[0]])


def _changed(text: str, word: re.Match[str], other: str) -> str:
    """The text with another word in place of one, written with a capital, or in capitals, where that one is."""
    old = word[0]
    if old.isupper() and len(old) > 1:
        other = other.upper()
    elif other == "i" or (old[0].isupper() and old != "I") or not text[: word.start()].strip():
        other = other.capitalize()
    return text[: word.start()] + other + text[word.end() :]
