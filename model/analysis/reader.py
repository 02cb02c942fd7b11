"""What may be asked of any model with its tokenizer, ours or not: its anatomy, text to Tokens, what it says, a pass as a Trace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from model.analysis.passes import Passes
from model.analysis.weights import Unembed, Weights
from model.instrument.donors import Donors
from model.instrument.own_model import Guess
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import Trace


class AnyReader(Protocol):
    """A model that reads. What it cannot answer `anatomy.missing` names, with the reason; asked all the same, it raises ValueError."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def folder(self) -> Path | None:
        """Where it was loaded from."""

    @property
    def about(self) -> dict[str, Any]:
        """What is stored with it beside the weights; empty for a model that is not ours."""

    @property
    def identity(self) -> str:
        """What tells it from all other models."""

    @property
    def anatomy(self) -> Anatomy:
        """What there is to look at."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def parameter_count(self) -> int:
        """How many numbers were learned."""

    @property
    def tokenizer(self) -> Any:
        """Has `.piece(id)`, how an id is written with ▁ for a space in front, and `.vocabulary_size`; ours has more."""

    @property
    def model(self) -> Any:
        """The module itself: for what only one sort of model can be asked."""

    @property
    def weights(self) -> Weights:
        """Its parameters, where "parameters" are not missing."""

    @property
    def ending(self) -> Unembed:
        """What makes logits of a state, where "unembed" is not missing."""

    @property
    def passes(self) -> Passes:
        """Passes run again with changes, where "passes" are not missing."""

    def donors(self, changes: Sequence[Intervention]) -> Donors:
        """The passes that patches are taken from: see `model.trace.patch`. Raises ValueError, in words, for one that cannot be read."""

    def source(self, text: str) -> Tokens:
        """What the first stack reads. Raises ValueError, in words, for text that is empty or too long."""

    def target(self, text: str) -> Tokens:
        """What a model of two stacks could have written, as labels. Raises ValueError likewise, and for a model of one stack."""

    def written(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens:
        """What it writes: a translation as labels, the text with its masks filled in, or the text with how it goes on."""

    def answer(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens | None:
        """What the rows of a pass must predict where nothing is given: what is written; of a model that writes on, the text one token
        further and what it says then. None where no row predicts. Links to tokens that a pass does not have do nothing."""

    @property
    def mask(self) -> str | None:
        """What hides a piece in a text that the model then fills in; None where it fills in nothing."""

    def classes(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """Every class of a text with its probability; none where the model has no classifier."""

    def tags(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """The likeliest label of each word, in the order of the words; none where the model has no tagger."""

    def trace(self, text: str, target: str | None = None, intervention: Intervention = Intervention()) -> Trace:
        """A pass over a text, all in one: `source`, `target` or `answer`, and `capture`."""

    def read(self, labels: Tokens) -> Tokens:
        """Of a model of two stacks, what the second one reads while it writes `labels`. Raises ValueError for a model of one stack."""

    def capture(self, source: Tokens, labels: Tokens | None, intervention: Intervention = Intervention()) -> Trace:
        """Everything that one pass over a text computes. labels: what its rows must predict, as `answer` or `target` gives them."""
