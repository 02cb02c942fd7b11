"""Translators: models that read a sentence with one stack and write it in another language with a second one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import torch

from model.instrument.donors import Donors, read_donors
from model.instrument.own_model import OwnModel
from model.instrument.recorder import running
from model.instrument.rerun import TransformerPasses
from model.instrument.search import most_tokens, search
from model.instrument.sites import capture
from model.instrument.tokenizer import END
from model.instrument.weights import TransformerWeights
from model.trace.intervention import Intervention
from model.trace.places import check_places, within
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from model.transformer.recurrent import Recurrent
from model.transformer.transformer import Transformer


@dataclass(frozen=True, eq=False)
class PairTranslator(OwnModel):
    """A translator of either architecture, transformer or recurrent."""

    model: Transformer | Recurrent

    def source(self, text: str) -> Tokens:
        """What the encoder would read. Raises ValueError, in words, for text that is empty or too long."""
        return self._checked(self.tokenizer.source(self._readable(text, "sentence")), "sentence")

    def target(self, text: str) -> Tokens:
        """A target sentence as the labels of a pass. Raises ValueError likewise."""
        return self._checked(self.tokenizer.with_end(self.tokenizer.encode(self._readable(text, "translation"))), "translation")

    def _checked_labels(self, labels: Tokens) -> Tokens:
        """Labels end in one </s>; </s> alone is the translation of a model that says nothing. Raises ValueError in words."""
        if not labels.ids or labels.ids[-1] != END or END in labels.ids[:-1]:
            raise ValueError(
                "Labels must end in </s> and have no other: `translator.target(text)` makes them, `translate_tokens` returns them."
            )
        return self._within(labels, "translation")

    def translate(self, text: str, intervention: Intervention = Intervention(), beam: int = 1) -> str:
        """The translation of `text`: greedy, or the best of a beam. Raises ValueError as `source` does."""
        source = self.source(text)
        check_places(intervention, self.anatomy, len(source), most_tokens(len(source), self.model.config))
        return self.translate_tokens(source, intervention, beam).text

    generate = translate  # the same question of any model

    def written(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens:
        """The translation as labels: `translate_tokens` by the name that it has in any model."""
        return self.translate_tokens(source, intervention)

    def answer(self, source: Tokens, intervention: Intervention = Intervention()) -> Tokens:
        """The same, without the links of a change to tokens that no translation of this sentence can have."""
        reached = most_tokens(len(source), self.model.config)
        return self.translate_tokens(source, within(intervention, self.anatomy, len(source), reached))

    def capture(self, source: Tokens, labels: Tokens, intervention: Intervention = Intervention()) -> Trace:
        """One teacher-forced pass over a source and the labels of its translation."""
        return capture(self.model, source, self.read(labels), labels, intervention, self.anatomy, self.donors([intervention]))

    def donors(self, changes: Sequence[Intervention]) -> Donors:
        """The passes that patches are taken from: of the unchanged model. Raises ValueError, in words, for one that cannot be read."""
        return read_donors(self.trace, changes)

    def translate_tokens(self, source: Tokens, intervention: Intervention = Intervention(), beam: int = 1) -> Tokens:
        """The translation as the Tokens that the model produced, </s> included: what decoder rows must predict.

        Under an Intervention every step reads the tokens so far with the model as changed; nothing is captured. Raises
        ValueError, in words, for a beam or an Intervention without meaning.
        """
        anatomy = self.anatomy
        check_places(intervention, anatomy, len(source), self.model.config.max_length)
        ids = torch.tensor([source.ids], device=self.model.device)
        with running(anatomy, intervention, self.donors([intervention])):
            found = search(self.model, ids, beam, use_cache=intervention.keeps_earlier_steps)[0]
        return self.tokenizer.with_end(self.tokenizer.decode(found))

    def trace(self, text: str, target: str | Tokens | None = None, intervention: Intervention = Intervention()) -> Trace:
        """Translate `text`, then capture one teacher-forced pass over both.

        target: a translation to read instead of the model's own, as text or as labels (ending in </s>, which may be all).
        Raises ValueError, in words, for a text that is empty or too long, for labels without </s>, for a layer or head that the
        model lacks and for a cut link to a token that neither this translation nor that of the unchanged model has.
        """
        source = self.source(text)
        if target is None:
            labels = self.translate_tokens(source, intervention)
        else:
            labels = self.target(target) if isinstance(target, str) else self._checked_labels(target)
        self._check_links(source, labels, intervention, own=target is None)
        return self.capture(source, labels, intervention)

    def _check_links(self, source: Tokens, labels: Tokens, intervention: Intervention, own: bool) -> None:
        """own: the labels are the model's translation under the change, which may have made it shorter than it was."""
        anatomy, length = self.anatomy, len(labels)
        if own and within(intervention, anatomy, len(source), length) != intervention:
            length = max(length, len(self.translate_tokens(source)))
        check_places(intervention, anatomy, len(source), length)

    def read(self, labels: Tokens) -> Tokens:
        """What the decoder reads while it produces `labels`: <s>, then all labels but the last."""
        return self.tokenizer.with_start(labels.first(len(labels) - 1))


@dataclass(frozen=True, eq=False)
class Translator(PairTranslator):
    """A transformer that translates, with its tokenizer."""

    model: Transformer

    @property
    def weights(self) -> TransformerWeights:
        """What an analysis may ask of the model's weights (`model.analysis.weights.Weights`)."""
        return TransformerWeights(self.model)

    @property
    def ending(self) -> TransformerWeights:
        """What makes logits of a state (`model.analysis.weights.Unembed`)."""
        return self.weights

    @property
    def passes(self) -> TransformerPasses:
        """What an analysis may ask the model to read again (`model.analysis.passes.Passes`)."""
        return TransformerPasses(self.model, self.donors)


@dataclass(frozen=True, eq=False)
class RecurrentTranslator(PairTranslator):
    """A recurrent network with attention that translates, with its tokenizer."""

    model: Recurrent

    @property
    def weights(self) -> NoReturn:
        """Raises ValueError, in words."""
        raise ValueError(self.anatomy.absence("parameters"))

    @property
    def ending(self) -> NoReturn:
        """Raises ValueError, in words."""
        raise ValueError(self.anatomy.absence("unembed"))

    @property
    def passes(self) -> NoReturn:
        """Raises ValueError, in words."""
        raise ValueError(self.anatomy.absence("passes"))
