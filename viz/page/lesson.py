"""What the lessons are made of: values, and questions that grade an answer. Nothing here knows a page."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from model import Translator
from model.instrument.translator import PairTranslator
from model.measuring.coreference_record import Coreference
from model.trace.intervention import Intervention
from model.trace.trace import Trace

Settings = Mapping[str, object]  # values of the State by their names in the address
TIE = 0.02  # two answers that are nearer than this cannot be told apart fairly
OPTIONS = 4  # of a question with several answers
SIGNS = ("falls", "stays", "rises")


@dataclass(frozen=True, eq=False)
class Material:
    """What a step is made from: one sentence as the trained model reads it, and the model, to ask further."""

    translator: Translator
    trace: Trace  # the sentence and its translation, nothing changed
    under: Callable[[Intervention], Trace]  # the same pair, read under a change
    without: Callable[
        [Sequence[Intervention]], Tensor
    ]  # log p of every label under each of many changes: (change, target row), nats
    translate: Callable[[str, Intervention], str]  # another sentence
    sibling: Callable[[str], PairTranslator | None]  # a translator beside it by its kind, as `model.instrument.beside` names it
    star: tuple[int, int] | None = None  # (layer, head) of cross-attention that aligns words best, where that was measured
    coreference: Coreference | None = None  # what "it" becomes, where that was measured
    beside: Mapping[str, str] = field(default_factory=dict)  # how what lies beside it is built -> its name for the address

    def leads(self, built: str, title: str, settings: Mapping[str, object]) -> tuple[tuple[str, Settings], ...]:
        """A way on to the model beside it that is built so, outside of the course (`Step.more`); nothing where there is none."""
        name = self.beside.get(built)
        return ((title, {"model": name, **settings, "lesson": None, "part": 0}),) if name else ()


# Formulas ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Symbol:
    """A letter of a formula that lights up with what it stands for in the picture."""

    text: str  # W_Q: what stands behind the line is lowered
    words: str  # what it is, with the sentence's own numbers
    marks: str = ""  # what it stands for in the picture: see `viz.canvas.pointing`


Formula = Sequence[str | Symbol]


# Questions --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """A number of the sentence's own pass, as one bar of the gap."""

    words: str  # what it is the number of: an option, a place, before or after
    value: float  # finite
    text: str  # the value in words, with its unit
    answer: Any = None  # that it stands behind; None: behind none of them


@dataclass(frozen=True)
class Measures:
    """The numbers that are compared, on one scale."""

    words: str  # what was measured
    bars: Sequence[Measure]

    @classmethod
    def of(cls, words: str, options: Sequence[str], values: Sequence[float], write: Callable[[float], str]) -> Measures:
        """One number an option of a Pick, in the order of the options."""
        rows = enumerate(zip(options, map(float, values), strict=True))
        return cls(words, [Measure(option, value, write(value), at) for at, (option, value) in rows])

    @classmethod
    def apart(cls, words: str, values: Mapping[str, float], write: Callable[[float], str]) -> Measures:
        """Numbers that an answer is judged by, though none of them is an answer: the loss before and after."""
        return cls(words, [Measure(name, value, write(value)) for name, value in values.items()])


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to predict. What is right was computed from the sentence's own pass."""

    text: str
    hints: tuple[str, str, str]
    why: Callable[[Any], str]  # an answer -> the gap between it and the model's own numbers, in one sentence
    easy: str = ""  # what makes this sentence an easy or a close case, in a sentence

    def takes(self, answer: Any) -> bool:
        """Whether this is an answer at all: a browser may send anything."""
        raise NotImplementedError

    def is_right(self, answer: Any) -> bool:
        """Whether an answer is right."""
        raise NotImplementedError

    @property
    def solution(self) -> Any:
        """An answer that is right."""
        raise NotImplementedError

    def name(self, answer: Any) -> str:
        """An answer in words; empty for one that only the picture can name."""
        return ""

    def numbers(self, answer: Any) -> Measures | None:
        """What was measured of an answer and of what is right, to be drawn; None where it is not a matter of several numbers."""
        return None


@dataclass(frozen=True, kw_only=True)
class Pick(Question):
    """One of a few."""

    options: tuple[str, ...]
    key: int
    measures: Measures | None = None  # None: what decides it is a single number, or none

    def takes(self, answer: Any) -> bool:
        """Whether it is the place of an option."""
        return isinstance(answer, int) and 0 <= answer < len(self.options)

    def is_right(self, answer: int) -> bool:
        """answer: place of an option, from 0."""
        return answer == self.key

    @property
    def solution(self) -> int:
        """The place of the right option."""
        return self.key

    def name(self, answer: int) -> str:
        """The option itself."""
        return self.options[answer]

    def numbers(self, answer: int) -> Measures | None:
        """The same, whatever the answer."""
        return self.measures


@dataclass(frozen=True, kw_only=True)
class Slider(Question):
    """A number; near enough is right."""

    least: float
    most: float
    step: float
    key: float
    within: float  # how far from the key an answer may be
    write: Callable[[float], str]  # a number of the slider in words, with its unit

    def takes(self, answer: Any) -> bool:
        """Whether it is a number of the slider."""
        return isinstance(answer, int | float) and self.least <= answer <= self.most

    def is_right(self, answer: float) -> bool:
        """answer: a number of the slider."""
        return abs(answer - self.key) <= self.within + 1e-9

    @property
    def solution(self) -> float:
        """The number itself."""
        return self.key

    def name(self, answer: float) -> str:
        """The number with its unit."""
        return self.write(answer)


@dataclass(frozen=True, kw_only=True)
class Click(Question):
    """A place in the picture: a cell (query, key) of the open head, or a head (kind, layer, head)."""

    what: Literal["cell", "head"]
    keys: Collection[tuple]
    has: Callable[[tuple], bool]  # whether a place of whole numbers is in the picture
    measures: Callable[[tuple], Measures]  # the place that was clicked, and where it is wrong the one that is right

    def takes(self, answer: Any) -> bool:
        """Whether it is a place of the picture: two numbers, behind the name of a kind where a head is asked for."""
        numbers = answer[1:] if self.what == "head" else answer
        return len(numbers) == 2 and all(isinstance(at, int) and at >= 0 for at in numbers) and self.has(answer)

    def is_right(self, answer: tuple) -> bool:
        """answer: the place that was clicked."""
        return answer in self.keys

    @property
    def solution(self) -> tuple:
        """The first of the right places."""
        return min(self.keys)

    def numbers(self, answer: tuple) -> Measures:
        """Of one place or two."""
        return self.measures(answer)


def sign(change: float, within: float) -> int:
    """Which of SIGNS a change is: it stays where it changes by `within` or less."""
    return 1 if abs(change) <= within else 0 if change < 0 else 2


def mixed(key: object, others: Sequence[object], seed: int) -> tuple[list, int]:
    """The right answer among others, OPTIONS in all, each once, in an order that the seed draws; and its place."""
    rest = [other for other in dict.fromkeys(others) if other != key][: OPTIONS - 1]
    options = [key, *rest]
    random.Random(seed).shuffle(options)
    return options, options.index(key)


# Steps ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Step:
    """What stands on the stage: made from the Material, so that every number in it is the sentence's own."""

    words: str  # two or three sentences
    formula: Formula
    question: Question | None  # None: this sentence has nothing to ask here, and `words` say why
    picture: str = ""  # key of the card that it is about, where that is not the picture of its view
    focus: Settings = field(default_factory=dict)  # where in the view the step looks
    then: Settings = field(default_factory=dict)  # what the page changes once there is an answer
    more: tuple[tuple[str, Settings], ...] = ()  # where to look next: what it is called, and what it opens


@dataclass(frozen=True)
class Lesson:
    """One lesson: a view, and the steps that are taken there (most have one)."""

    title: str
    settings: Settings  # the state of the page that it opens, beside FRESH
    steps: tuple[Callable[[Material], Step], ...]
    covers: tuple[str, ...] = ("picture",)  # what stays covered until there is an answer: "picture", "rows" (the pieces above it)
    sentence: str = "Two dogs are playing in the snow."  # one that has something to ask here, for sentences that have nothing


FRESH: Settings = {  # what every step begins from; the sentence stays
    "model": "", "moment": None, "change": Intervention(), "compare": "after", "forcing": "free", "lab": False, "words": False,
    "sinks": "keep", "label": "", "query": None, "key": None, "token": None, "row": None, "target": "", "asks_target": False,
}  # fmt: skip
