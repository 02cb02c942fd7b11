"""What is typed or pasted -> what the tokenizer reads, and for every character of it where it was typed.

Word processors, web pages and PDF files bring characters along that carry no meaning of their own: curly quotes, soft hyphens,
zero-width joiners, decomposed accents, non-breaking spaces, words broken at the end of a line. One function takes them out; what
points into the text (spans, words) still points into what was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

Span = tuple[int, int]  # [start, end), characters

# What cannot be seen: Unicode's Default_Ignorable_Code_Point, marks of interlinear notes, and control characters but white space.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
)
TYPED = {
    **dict.fromkeys("‘’‚‛′ʼ", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}  # what keyboards have for it
PLAIN = {**dict.fromkeys("«»", '"'), "…": "...", "⁄": "/", "∕": "/"}
LETTER = r"[^\W\d_]"
# com-⏎fortable; and com- fortable, which is what a field of one line makes of it, but not two- or three-fold
BROKEN = re.compile(
    rf"(?<={LETTER})[-‐\u00ad](?:[ \t]*(?:\r\n?|\n|\u2028|\u2029)\s*| +(?!(?:and|or|nor|but|to|et|ou|à)\b))(?={LETTER})"
)
SURROGATE = re.compile("[\ud800-\udfff]")
SPACE_MARK = "▁"  # SentencePiece's own sign for a space: typed, it is one
UNKNOWN_CHARACTER = "\ufffd"
LONGEST_CLUSTER = 31  # characters that are composed together: a base and 30 marks (Unicode annex 15, stream-safe text)
NOTHING_TO_DO = re.compile(r"(?:[!-,.-~ ]|-(?! ))*")  # ASCII without control characters and without a hyphen before a space


@dataclass(frozen=True)
class Pasted:
    """Text as the tokenizer reads it."""

    text: str
    places: list[Span] | None  # of each character of `text`, [start, end) in what was typed; None where nothing moved

    def __hash__(self) -> int:
        return hash(self.text)

    def typed(self, start: int, end: int) -> Span:
        """The span [start, end) of `text` in what was typed; characters that were dropped at its edges stay outside."""
        if self.places is None:
            return start, end
        if start < end:
            return self.places[start][0], self.places[end - 1][1]
        at = self.places[start][0] if start < len(self.places) else self.places[-1][1] if self.places else 0
        return at, at


def read_pasted(typed: str, has: Callable[[str], bool]) -> Pasted:
    """What the tokenizer reads of any text; has(character): whether the vocabulary has a piece for it.

    A word that was broken at the end of a line is joined; characters that cannot be seen are dropped; every space, tab and
    line break is a plain space; accents are composed (NFC). Curly quotes and dashes become those of a keyboard where the
    vocabulary has these: the model read far more of them. Any other character that the vocabulary lacks becomes its plain form
    where the vocabulary has that: ligatures and full-width letters their letters (NFKC).
    Lone surrogates, which no file can hold, are read as a space.
    """
    if NOTHING_TO_DO.fullmatch(typed):
        return Pasted(typed, None)
    characters: list[str] = []
    places: list[Span] = []
    for cluster in _clusters(typed, _kept(typed)):
        place = (cluster[0], cluster[-1] + 1)
        for character in unicodedata.normalize("NFC", "".join(_spaced(typed[at]) for at in cluster)):
            plain = _plain(character, has)
            characters += plain
            places += [place] * len(plain)
    return Pasted("".join(characters), places)


def visible(text: str) -> str:
    """A few typed characters as one reads them in a line: without what cannot be seen, broken words joined, one space for many."""
    joined = INVISIBLE.sub("", BROKEN.sub("", text))
    return " ".join(unicodedata.normalize("NFC", joined).replace(SPACE_MARK, " ").split())


def _kept(typed: str) -> list[int]:
    """Places of the characters that are read."""
    dropped = {at for match in BROKEN.finditer(typed) for at in range(*match.span())}
    dropped |= {match.start() for match in INVISIBLE.finditer(typed)}
    return [at for at in range(len(typed)) if at not in dropped]


def _clusters(typed: str, kept: list[int]) -> list[list[int]]:
    """The places in runs that Unicode may compose: a character with the marks behind it, or the letters of a Hangul syllable."""
    clusters: list[list[int]] = []
    composed = ""  # what the run is so far, while it is a single character
    for at in kept:
        character = typed[at]
        mark = unicodedata.combining(character) > 0
        together = unicodedata.normalize("NFC", composed + character) if composed and not mark and not character.isascii() else ""
        if clusters and ((mark and len(clusters[-1]) < LONGEST_CLUSTER) or len(together) == 1):
            clusters[-1].append(at)
            composed = together
        else:
            clusters.append([at])
            composed = "" if mark else character
    return clusters


def _spaced(character: str) -> str:
    return " " if character.isspace() or character == SPACE_MARK or SURROGATE.match(character) else character


def _plain(character: str, has: Callable[[str], bool]) -> str:
    """A character, or its plain form: see `read_pasted`. Fractions and raised numbers stay: 1½ is not 11/2."""
    if character.isascii() or (has(character) and character not in TYPED):
        return character
    forms = [TYPED.get(character, ""), "" if has(character) else PLAIN.get(character, "")]
    if not has(character) and unicodedata.category(character) != "No":
        forms.append(unicodedata.normalize("NFKC", character))
    return next((form for form in forms if form and all(map(has, form))), character)
