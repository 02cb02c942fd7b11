"""What a page calls the texts of a model: a translator's by their languages, those of any other by what it does with them."""

from __future__ import annotations

from dataclasses import dataclass

from model.trace.anatomy import Anatomy
from viz.theme import language_code


@dataclass(frozen=True)
class Wording:
    """Names for what a model reads and says, in the middle of a sentence but for the first two, which are labels."""

    source: str  # over what it reads
    target: str  # over what it says; empty where it says nothing
    output: str  # what it says: "translation"
    codes: tuple[str, str]  # HTML's `lang` of both; empty where it is not known

    @property
    def an_output(self) -> str:
        """With its article, at the start of a sentence."""
        return f"The {self.output}"


def translates(anatomy: Anatomy) -> bool:
    """Whether a model writes in one known language what it reads in another."""
    first, last = anatomy.stacks[0], anatomy.stacks[-1]
    return bool(first.language and last.language and first is not last)


def wording(anatomy: Anatomy) -> Wording:
    """What to call the texts of a model."""
    first, last = anatomy.stacks[0], anatomy.stacks[-1]
    codes = language_code(first.language), language_code(last.language)
    if translates(anatomy):
        return Wording(first.language, last.language, "translation", codes)
    if anatomy.predicting is None:
        return Wording("Text", "", "", codes)
    if first is not last:
        return Wording("Text", "Output", "output", codes)
    label, output = ("Filled in", "text as filled in") if last.predicts == "same" else ("Next", "likeliest next piece")
    return Wording("Text", label, output, codes)
