"""A model of transformers as a reader: how it is called, how it looks for what it writes, and what stands on top of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from model.huggingface.anatomy import inputs
from model.instrument.module_reader import ModuleReader
from model.instrument.own_model import Guess
from model.instrument.recorder import recording
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens, join


class Reader(ModuleReader):
    """A model of transformers with its tokenizer."""

    @property
    def parameter_count(self) -> int:
        """How many numbers were learned."""
        return self.model.num_parameters()

    def given(self, *ids: Tensor) -> dict[str, Any]:
        """Likewise for all of its classes."""
        return inputs(*ids)

    def classes(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """Every class of a text with its probability; none where the model is no classifier."""
        return self._labelled(source, intervention) if type(self.model).__name__.endswith("ForSequenceClassification") else []

    def tags(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """The likeliest label of each word, read from its first piece; none where the model is no tagger."""
        return self._labelled(source, intervention) if type(self.model).__name__.endswith("ForTokenClassification") else []

    def _labelled(self, source: Tokens, intervention: Intervention) -> list[Guess]:
        names = self.model.config.id2label
        with torch.no_grad(), recording(self._recorder(intervention, captures=False)):
            chances = self.model(**inputs(self._ids(source)))["logits"][0].softmax(-1)
        if chances.dim() == 1:
            return [Guess(names[at], chance) for at, chance in enumerate(chances.tolist())]
        best = chances[[group.start for group in source.groups if source.words[group.start] >= 0]].max(-1)
        return [Guess(names[at], chance) for at, chance in zip(best.indices.tolist(), best.values.tolist(), strict=True)]

    def read(self, labels: Tokens) -> Tokens:
        """The start is what its settings name."""
        config = self.model.config
        start = config.bos_token_id if config.decoder_start_token_id is None else config.decoder_start_token_id
        return join(self.texts.mark(labels.text, start), labels.first(len(labels) - 1))

    def search(self, ids: Tensor, intervention: Intervention, most: int) -> list[int]:
        """Ids of what transformers' own greedy search returns, with what its settings for this model forbid or begin with."""
        depths, slides = {stack.layers for stack in self.anatomy.stacks}, getattr(self.model.config, "sliding_window", None)
        unequal = self.anatomy.positions == "relative" and len(depths) > 1  # transformers' cache fits no such T5
        forgets = slides and not intervention.changes_nothing  # what a link names
        cached = intervention.keeps_earlier_steps and intervention.patch is None and not unequal and not forgets
        given = inputs(ids) | {"use_cache": cached, "do_sample": False, "num_beams": 1, "max_new_tokens": most}
        if intervention.changes_nothing:
            return self.model.generate(**given)[0].tolist()
        with recording(self._recorder(intervention, captures=False)):
            return self.model.generate(**given)[0].tolist()
