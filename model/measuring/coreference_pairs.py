"""Minimal pairs of sentences in which one adjective decides what "it" means, built from a small lexicon.

    The kitten didn't cross the avenue because it was too tired.    it = the kitten
    The kitten didn't cross the avenue because it was too wide.     it = the avenue

Pairs of this kind: Winograd schemas (Levesque et al. 2012); in translation the gender of the pronoun tells which noun was taken
(Müller et al. 2018, ContraPro). The French nouns of a pair differ in gender, so that il or elle is right for one of them alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from model.instrument.lines import read_lines

COLUMNS = {"noun": 7, "adjective": 6, "frame": 4, "held": 4}
PRONOUNS = {"m": "il", "f": "elle"}
VOWELS = "aeiouyâàéèêëîïôûùœh"
Word = TypeVar("Word")

EACH = 44  # pairs drawn of every frame name, at most, beside all of the held-out combinations
SAID = re.compile(r"\b(?:parce qu|car\b|puisqu)(?:e\b)?['’]?\s*(?P<pronoun>ils?|elles?)\b(?P<rest>.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Noun:
    """A noun that "it" may stand for."""

    english: str
    gender: str  # "m" or "f"
    french: tuple[str, ...]  # all of this gender; the first one is what references say
    new: bool = False  # occurs in no sentence with "it" that was written for training


@dataclass(frozen=True)
class Adjective:
    """An adjective that fits one of the two nouns."""

    english: str
    masculine: tuple[str, ...]
    feminine: tuple[str, ...]

    def forms(self, gender: str) -> tuple[str, ...]:
        """All right French forms for a noun of this gender."""
        return self.masculine if gender == "m" else self.feminine


@dataclass(frozen=True)
class Frame:
    """A sentence with places for {first}, {second} and {adjective}; in French for {pronoun}, too."""

    name: str
    english: str
    french: str


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What pairs are built from; nouns and adjectives by (place, frame name), place being "first" or "second"."""

    frames: list[Frame] = field(default_factory=list)
    nouns: dict[tuple[str, str], list[Noun]] = field(default_factory=dict)
    adjectives: dict[tuple[str, str], list[Adjective]] = field(default_factory=dict)
    held: list[tuple[str, str, str]] = field(default_factory=list)  # (frame name, first, second)


@dataclass(frozen=True)
class Member:
    """One sentence of a pair."""

    english: str
    french: str  # a right translation
    antecedent: int  # 0: "it" is the first noun, 1: the second
    nouns: tuple[Noun, Noun]
    adjective: Adjective

    def span(self, what: str) -> tuple[int, int]:
        """[start, end) in `english` of "it", "adjective", "first", "second", "antecedent" or "distractor", no article."""
        if what in ("antecedent", "distractor"):
            what = ("first", "second")[self.antecedent ^ (what == "distractor")]
        first, second = (noun.english for noun in self.nouns)
        word = {"it": "it", "adjective": self.adjective.english, "first": first, "second": second}[what]
        found = list(re.finditer(rf"\b{re.escape(word)}\b", self.english))
        return found[-1 if what == "adjective" else 0].span()

    def french_span(self, what: str) -> tuple[int, int]:
        """[start, end) in `french` of "antecedent", "distractor", "first" or "second", without its article."""
        if what in ("antecedent", "distractor"):
            what = ("first", "second")[self.antecedent ^ (what == "distractor")]
        noun = self.nouns[what == "second"]
        found = next(re.finditer(rf"\b{re.escape(noun.french[0])}\b", self.french))
        return found.span()


@dataclass(frozen=True)
class Pair:
    """Two sentences that differ in the adjective alone: in the first "it" is the first noun, in the second the second."""

    frame: str
    novelty: str  # "held out": both nouns are known, not together; "one new noun"; "two new nouns"
    members: tuple[Member, Member]


@dataclass(frozen=True)
class Verdict:
    """What a translation of a member gets right."""

    nouns: bool  # both nouns are translated by words that the lexicon expects
    pronoun: bool  # the clause has the pronoun of the right noun
    adjective: bool  # and an expected form of the adjective that agrees with it


def judge(member: Member, translation: str) -> Verdict:
    """Look for nouns before the clause with the pronoun, for pronoun and adjective in it."""
    said = SAID.search(translation)
    before = translation[: said.start()] if said else translation
    nouns = all(_holds(before, noun.french) for noun in member.nouns)
    gender = member.nouns[member.antecedent].gender
    if said is None or said["pronoun"].lower() != PRONOUNS[gender]:
        return Verdict(nouns, pronoun=False, adjective=False)
    return Verdict(nouns, pronoun=True, adjective=_holds(said["rest"], member.adjective.forms(gender)))


def _holds(text: str, words: Iterable[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in words)


def read_lexicon(path: Path) -> Lexicon:
    """Read a lexicon; lines that begin with # are notes. Raises OSError, and ValueError that names the line of what is wrong."""
    lexicon = Lexicon()
    for number, line in read_lines(path):
        if line.startswith("#") or not line.strip():
            continue
        what, *cells = line.split("\t")
        if what not in COLUMNS or len(cells) != COLUMNS[what] - 1 or not all(cells):
            wanted = ", ".join(f"{name} and {count - 1} more" for name, count in COLUMNS.items())
            raise ValueError(f"{path}, line {number}: expected the columns of one of these: {wanted}.")
        try:
            _add(lexicon, what, cells)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
    if not lexicon.frames:
        raise ValueError(f"{path} holds no frame to build sentences from.")
    return lexicon


def _add(lexicon: Lexicon, what: str, cells: list[str]) -> None:
    """Add one line of a lexicon. Raises ValueError in words."""
    if what == "frame":
        lexicon.frames.append(Frame(*cells))
        return
    if what == "held":
        first, second, frames = cells
        lexicon.held.append((first, second, frames))
        return
    place, frames, english, *rest = cells
    if place not in ("first", "second"):
        raise ValueError(f"the place must be first or second, not {place!r}.")
    if what == "adjective":
        masculine, feminine = (tuple(forms.split("|")) for forms in rest)
        _place(lexicon.adjectives, place, frames, Adjective(english, masculine, feminine))
    else:
        gender, french, novelty = rest
        if gender not in PRONOUNS or novelty not in ("known", "new"):
            raise ValueError(f"expected a gender, m or f, and known or new, not {gender!r} and {novelty!r}.")
        _place(lexicon.nouns, place, frames, Noun(english, gender, tuple(french.split("|")), novelty == "new"))


def _place(words: dict[tuple[str, str], list[Word]], place: str, frames: str, word: Word) -> None:
    """Put a word into every frame, frames with commas between, at its place."""
    for frame in frames.split(","):
        words.setdefault((place, frame), []).append(word)


def definite(noun: Noun) -> str:
    """The first French word with le, la or l'."""
    word = noun.french[0]
    return f"l'{word}" if word[0] in VOWELS else f"{'le' if noun.gender == 'm' else 'la'} {word}"


def build(frame: Frame, nouns: tuple[Noun, Noun], adjectives: tuple[Adjective, Adjective], novelty: str) -> Pair:
    """The pair of one frame, its nouns, and an adjective for each of them."""

    def member(antecedent: int, adjective: Adjective) -> Member:
        gender = nouns[antecedent].gender
        words = {"first": nouns[0].english, "second": nouns[1].english, "adjective": adjective.english}
        french = frame.french.format(
            first=definite(nouns[0]), second=definite(nouns[1]), pronoun=PRONOUNS[gender], adjective=adjective.forms(gender)[0]
        )
        french = french[0].upper() + french[1:]
        return Member(frame.english.format(**words), french, antecedent, nouns, adjective)

    return Pair(frame.name, novelty, (member(0, adjectives[0]), member(1, adjectives[1])))


def minimal_pairs(lexicon: Lexicon, each: int = EACH, seed: int = 0) -> list[Pair]:
    """All held-out combinations in all of their frames, and `each` others of every frame name, drawn with `seed`.

    The others have at least one noun that is new; half of them begin with a masculine noun, as far as there are enough.
    Adjectives go round, so that each is used about as often as the next.
    """
    generator, pairs = random.Random(seed), []
    for name in dict.fromkeys(frame.name for frame in lexicon.frames):
        frames = [frame for frame in lexicon.frames if frame.name == name]
        first, second = (lexicon.nouns.get((place, name), []) for place in ("first", "second"))
        choices = [(one, other) for one in first for other in second if one.gender != other.gender]
        held = {(one, other) for kind, one, other in lexicon.held if kind == name}
        fixed = [nouns for nouns in choices if (nouns[0].english, nouns[1].english) in held]
        fresh = [nouns for nouns in choices if nouns[0].new or nouns[1].new]
        drawn = _balanced(fresh, each, generator)
        cases = [(frame, nouns) for nouns in fixed for frame in frames for _ in range(3)]
        cases += [(frames[at % len(frames)], nouns) for at, nouns in enumerate(drawn)]
        found = [lexicon.adjectives.get((place, name), []) for place in ("first", "second")]
        if cases and not all(found):
            raise ValueError(f"The frame {name} has no adjective for one of its nouns.")
        mixed = [generator.sample(adjectives, len(adjectives)) for adjectives in found]
        for at, (frame, nouns) in enumerate(cases):
            own = found if nouns in fixed else mixed  # the best-known sentences come first as they are known
            adjectives = (own[0][at % len(own[0])], own[1][(at + at // len(own[1])) % len(own[1])])
            new = sum(noun.new for noun in nouns)
            pairs.append(build(frame, nouns, adjectives, ("held out", "one new noun", "two new nouns")[new]))
    return list(dict.fromkeys(pairs))


def _balanced(choices: list[tuple[Noun, Noun]], count: int, generator: random.Random) -> list[tuple[Noun, Noun]]:
    """`count` of the choices, drawn so that both genders stand first equally often as far as there are enough."""
    rare, often = sorted(([nouns for nouns in choices if nouns[0].gender == gender] for gender in PRONOUNS), key=len)
    some = generator.sample(rare, min(count // 2, len(rare)))
    more = generator.sample(often, min(count - len(some), len(often)))
    return generator.sample(some + more, len(some) + len(more))


def known_to(lexicon: Lexicon, sentences: Iterable[str]) -> list[str]:
    """English sentences of training that spoil the test: with "it" and a new noun, or with "it" and a held-out combination."""
    new = {noun.english for nouns in lexicon.nouns.values() for noun in nouns if noun.new}
    held = [{one, other} for _, one, other in lexicon.held]
    found = []
    for sentence in sentences:
        words = set(re.findall(r"[a-z]+", sentence.lower().replace("o'clock", "")))
        if words & {"it", "its"} and (words & new or any(both <= words for both in held)):
            found.append(sentence)
    return found
