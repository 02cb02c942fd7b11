"""What a word is: one definition for chips, counts, pictures of words and word alignment."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

from model.trace.pasted import BROKEN, INVISIBLE, Span

JOINERS = "'’-‐‑"  # between letters or digits they are inside a word: didn't, peut-être
NUMBER_MARKS = ".,:/"  # between digits they are inside a number: 1,250 3.14 10:30 1/2
ELIDED = frozenset("c d j l m n s t qu jusqu lorsqu puisqu quoiqu".split())  # French: a word ends behind l'


def is_word_character(character: str) -> bool:
    """Whether a character is a letter, a mark on one, or a number (Unicode categories L, M, N)."""
    return unicodedata.category(character)[0] in "LMN"


def word_spans(text: str) -> list[Span]:
    """The words of a text, [start, end) each, in order. Together they cover all that can be seen but spaces.

    A word is a run of letters, marks on letters and numbers. Inside it may stand an apostrophe or a hyphen between two of these
    (didn't, peut-être), a point, comma, colon or slash between two digits (1,250 3.14 10:30), and the points of an abbreviation
    of single letters (U.S.A.); a break at the end of a line is none (com-⏎fortable). A French elision is a word of its own (l' animal). Any other character that can be seen
    (punctuation, symbols, emoji) is one, too; the same one repeated is one word (...).
    """
    spans: list[Span] = []
    at = 0
    while at < len(text):
        if text[at].isspace() or INVISIBLE.match(text[at]):
            at += 1
            continue
        end = _word_end(text, at) if is_word_character(text[at]) else _run_end(text, at)
        spans.append((at, end))
        at = end
    return spans


def words_of(spans: list[Span], text: str) -> list[int]:
    """For each span, in order, the index in `word_spans(text)` of the word that it begins in.

    A span without any character belongs to the word that follows: a lone space mark joins what stands behind it, and at the
    end of the text what stands before it. All 0 in a text without words.
    """
    ends = [end for _, end in word_spans(text)]
    return [max(0, min(bisect_right(ends, start), len(ends) - 1)) for start, _ in spans]


def numbered(words: list[int]) -> list[int]:
    """The same words counted from 0 without gaps: a word that no piece begins in (“30.” may be one piece) has no number."""
    order = {word: index for index, word in enumerate(sorted(set(words)))}
    return [order[word] for word in words]


def _word_end(text: str, start: int) -> int:
    """Where the word that starts here ends."""
    abbreviation = _abbreviation_end(text, start)
    if abbreviation:
        return abbreviation
    at = start + 1
    while at < len(text):
        behind = at + 1 < len(text) and text[at + 1]
        broken = BROKEN.match(text, at)
        if broken:
            at = broken.end()
        elif is_word_character(text[at]) or (INVISIBLE.match(text[at]) and behind and is_word_character(behind)):
            at += 1
        elif text[at] in JOINERS and behind and is_word_character(behind):
            if text[at] in "'’" and text[start:at].casefold() in ELIDED and behind.isalpha():
                return at + 1
            at += 2
        elif text[at] in NUMBER_MARKS and behind and behind.isdecimal() and text[at - 1].isdecimal():
            at += 2
        else:
            break
    return at


def _abbreviation_end(text: str, start: int) -> int | None:
    """Where single letters, each with a point, end: U.S.A. (the last point may be missing); None where there are not two."""
    at, letters = start, 0
    while at < len(text) and text[at].isalpha() and (at + 1 == len(text) or not is_word_character(text[at + 1])):
        letters += 1
        at += 1
        if at == len(text) or text[at] != ".":
            break
        at += 1
    complete = at == len(text) or not is_word_character(text[at])
    return at if letters > 1 and complete else None


def _run_end(text: str, start: int) -> int:
    """Where the repetition of one mark ends."""
    at = start + 1
    while at < len(text) and text[at] == text[start]:
        at += 1
    return at
