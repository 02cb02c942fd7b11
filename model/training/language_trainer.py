"""Training runs over text of one language: a model that fills in what is masked, and one that writes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from model.training.data import batch_rows, group
from model.training.texts import TextBatch, masked_batch, text_batch
from model.training.trainer import Trainer
from model.transformer.alone import Alone
from model.transformer.config import DECODER, Config


class LanguageTrainer(Trainer):
    """A run over texts, as `rows_of` gives them; what is hidden of them is drawn anew for every step, from seed and step alone."""

    config: Config
    model: Alone

    @property
    def writes(self) -> bool:
        """Whether the model writes on, and does not fill in."""
        return self.config.alone == DECODER

    def rows(self, epoch: int) -> list[list[int]]:
        """Every text once."""
        return batch_rows([(row, row) for row in self.train_pairs], self.recipe.batch_tokens, self.recipe.seed + epoch)

    def batch(self, rows: list[int]) -> Any:
        """Texts as the model reads them in this step: a TextBatch."""
        return self.prepared([self.train_pairs[row] for row in rows], self.step)

    def prepared(self, rows: list[list[int]], step: int) -> TextBatch:
        """Rows as the model reads them in a step."""
        if self.writes:
            return text_batch(rows)
        return masked_batch(rows, self.tokenizer.learned, random.Random(f"{self.recipe.seed} {step}"))

    def dev_batches(self) -> Iterator[TextBatch]:
        """The held-out texts, hidden in the same way each time."""
        lengths = [len(row) for row in self.dev_pairs]
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        for number, rows in enumerate(group(order, lengths, self.recipe.batch_tokens), 1):
            yield self.prepared([self.dev_pairs[row] for row in rows], -number)

    def states(self, batch: TextBatch) -> tuple[Tensor, Tensor]:
        """States of all tokens, and what each is to predict."""
        return self.model.read(batch.ids.to(self.device)), batch.labels.to(self.device)
