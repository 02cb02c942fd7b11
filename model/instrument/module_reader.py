"""A model that was looked into, as a reader, whichever library runs it: it answers the questions that a Translator answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol
from uuid import uuid4

import torch
from torch import Tensor

from model.instrument.assembly import assemble
from model.instrument.donors import Donors, read_donors
from model.instrument.ending import Ending
from model.instrument.module_pass import Pass, Places
from model.instrument.module_passes import ModulePasses
from model.instrument.recorder import recording
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.places import check_places, within
from model.trace.tokens import Tokens
from model.trace.trace import Axis, Trace

MOST_WRITTEN = 40  # tokens that a model of one stack writes on


class Spelling(Protocol):
    """What reads and spells."""

    longest: int  # tokens at once
    mask: str | None  # what hides a token, as it is typed
    mask_id: int | None
    end_id: int | None  # of what ends a text that is written

    def read(self, text: str, target: bool = False) -> Tokens:
        """What a model reads of a text. Raises ValueError, in words, for one that is empty or too long."""

    def spell(self, ids: list[int]) -> Tokens:
        """Tokens with exactly these ids; `text` is what they spell."""

    def mark(self, text: str, id_: int) -> Tokens:
        """A special token of a text."""


@dataclass(frozen=True, eq=False)
class ModuleReader(ABC):
    """A model that was looked into, with what reads and spells. Safe to share between threads: nothing is stored on it.

    Who runs such a model says how it is called (`given`), how it looks for what it writes (`search`), and what its second stack reads (`read`).
    """

    model: Any
    texts: Spelling
    anatomy: Anatomy
    places: Places
    name: str
    folder: Path | None = None  # where it was loaded from
    behind: Ending | None = None  # what it does behind its last layer, where that is known
    about: dict[str, Any] = field(default_factory=dict)  # nothing is stored beside it
    identity: str = field(default_factory=lambda: uuid4().hex)  # of this opening: nothing binds its files

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.model.device

    @property
    def tokenizer(self) -> Any:
        """What reads and spells."""
        return self.texts

    @property
    def weights(self) -> NoReturn:
        """Raises ValueError, in words."""
        raise ValueError(self.anatomy.absence("parameters"))

    @property
    def ending(self) -> Ending:
        """What makes logits of a state (`model.analysis.weights.Unembed`). Raises ValueError, in words, where that is not known."""
        if self.behind is None:
            raise ValueError(self.anatomy.absence("unembed"))
        return self.behind

    @property
    def mask(self) -> str | None:
        """What hides a piece in a text that it fills in; None where it fills in nothing."""
        stack = self.anatomy.predicting
        return self.texts.mask if stack is not None and stack.predicts == "same" else None

    @property
    def passes(self) -> ModulePasses:
        """What an analysis may ask the model to read again (`model.analysis.passes.Passes`), but for gradients."""
        return ModulePasses(self.model, self.places, self.anatomy, self.given, self.donors)

    def donors(self, changes: Sequence[Intervention]) -> Donors:
        """The passes that patches are taken from: of the unchanged model. Raises ValueError, in words, for one that cannot be read."""
        return read_donors(self.trace, changes)

    def source(self, text: str) -> Tokens:
        """What the first stack reads. Raises ValueError, in words, for text that is empty or too long."""
        return self.texts.read(text)

    # What says how such a model is run --------------------------------------------------------------------------------

    @abstractmethod
    def given(self, *ids: Tensor) -> dict[str, Any]:
        """What the model is called with, of ids (row, position) for each stack."""

    @abstractmethod
    def search(self, ids: Tensor, intervention: Intervention, most: int) -> list[int]:
        """What it writes of ids (1, position), at most so many: of one stack with the text in front, of two with their start."""

    @abstractmethod
    def read(self, labels: Tokens) -> Tokens:
        """What the second stack of two reads while it writes `labels`: its start, then all labels but the last."""

    # What it says -----------------------------------------------------------------------------------------------------

    def generate(self, text: str, intervention: Intervention = Intervention()) -> str:
        """The translation or summary of a text, or how it goes on; always the likeliest next piece. A masked model fills in its masks.

        Raises ValueError, in words, for a model that writes nothing.
        """
        return self.written(self.source(text), intervention).text

    def written(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens:
        """The same as Tokens: labels that end in the model's own end, or the text filled in or gone on with."""
        stack = self.anatomy.predicting
        if stack is None:
            raise ValueError(f"This model writes nothing. {self.anatomy.why('logits')}")
        check_places(intervention, self.anatomy, *[max(len(source), self.texts.longest)] * len(self.anatomy.stacks))
        ids, mask = self._ids(source), self.texts.mask_id
        if stack.predicts == "same":
            if mask not in source.ids:
                return source
            logits = self._pass(self.given(ids), intervention, captures=False)[1]
            return self.texts.spell([int(logits[at].argmax()) if id_ == mask else id_ for at, id_ in enumerate(source.ids)])
        if len(self.anatomy.stacks) == 1:
            room = min(MOST_WRITTEN, self.texts.longest - len(source))
            return self.texts.spell(self.search(ids, intervention, room)) if room > 0 else source
        labels = self.search(ids, intervention, min(2 * len(source) + 50, self.texts.longest - 1))[1:]
        end = self.texts.end_id
        return self.texts.spell(labels if end is None or labels[-1:] == [end] else [*labels, end])

    def target(self, text: str) -> Tokens:
        """What a model of two stacks could have written. Raises ValueError, in words, for text that is too long, and for a model of one."""
        if len(self.anatomy.stacks) == 1:
            raise ValueError("This model reads one text: leave the target away.")
        return self.texts.read(text, True)

    def answer(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens | None:
        """What each row of a pass must predict: what is written, or the text one token on and what it says then; None where none does."""
        stack = self.anatomy.predicting
        if stack is None:
            return None
        reached = [len(source), self.texts.longest][: len(self.anatomy.stacks)]
        intervention = within(intervention, self.anatomy, *reached)
        if stack.predicts == "same" or len(self.anatomy.stacks) > 1:
            return self.written(source, intervention)
        logits = self._pass(self.given(self._ids(source)), intervention, captures=False)[1]
        after = self.texts.spell([*source.ids, int(logits[-1].argmax())])
        return after.taken([*range(1, len(after))])

    # What it computes -------------------------------------------------------------------------------------------------

    def trace(self, text: str, target: str | Tokens | None = None, intervention: Intervention = Intervention()) -> Trace:
        """Everything that one pass over a text computes.

        target: of a model of two stacks, what it is to write, as text or as labels; None: what it does write. Of a decoder-only
        model, how the text goes on. Raises ValueError, in words, for a text that is empty or too long and for a change that the
        model cannot follow.
        """
        source, labels = self.source(text), None
        if len(self.anatomy.stacks) > 1:
            labels = self.target(target) if isinstance(target, str) else target
        elif target is not None and self.anatomy.masked:
            source = self.source(text + (target if isinstance(target, str) else target.text))
        elif target is not None:
            raise ValueError("This model reads one text: leave the target away.")
        check_places(intervention, self.anatomy, *[max(len(source), self.texts.longest)] * len(self.anatomy.stacks))
        labels = self.answer(source, intervention) if labels is None else labels
        read = self._read(source, labels)
        check_places(intervention, self.anatomy, *map(len, read))
        return self.capture(source, labels, intervention)

    def capture(self, source: Tokens, labels: Tokens | None, intervention: Intervention = Intervention()) -> Trace:
        """One pass over a text. labels: what each row of the stack that predicts must predict; None where none does."""
        read, stack = self._read(source, labels), self.anatomy.predicting
        recorder, logits = self._pass(self.given(*map(self._ids, read)), intervention)
        axes = {name: Axis(tokens) for name, tokens in zip(self.anatomy.stack_names, read, strict=True)}
        if stack is not None:
            axes[stack.name] = Axis(read[-1], labels)
        return assemble(recorder, axes, logits, None if labels is None else self._ids(labels)[0])

    def _read(self, source: Tokens, labels: Tokens | None) -> list[Tokens]:
        """What each stack reads in such a pass. Raises ValueError, in words, where that is too long."""
        read = [source]
        if len(self.anatomy.stacks) > 1:
            if labels is None:
                raise ValueError(f"This model writes nothing. {self.anatomy.why('logits')}")
            read.append(self.read(labels))
        if max(map(len, read)) > self.texts.longest:
            raise ValueError(f"At most {self.texts.longest} tokens can be read at once: shorten the target.")
        return read

    def _ids(self, tokens: Tokens) -> Tensor:
        """(1, position), on the model's device."""
        return torch.tensor([tokens.ids], device=self.device)

    def _recorder(self, intervention: Intervention, captures: bool) -> Pass:
        """What changes a pass; a patch has read its donors."""
        return Pass(self.places, self.anatomy, intervention, captures, self.donors([intervention]))

    def _pass(self, given: dict[str, Any], intervention: Intervention, captures: bool = True) -> tuple[Pass, Any]:
        """One pass under a Recorder; logits (position, vocabulary) of the stack that predicts."""
        with torch.no_grad(), recording(self._recorder(intervention, captures)) as recorder:
            output = self.model(**given)
        return recorder, output["logits"][0] if self.anatomy.predicting else None
