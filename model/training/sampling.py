"""A training run whose passes read a part of the large files, another one each time."""

from __future__ import annotations

import random
from pathlib import Path

import torch

from model.instrument.tokenizer import Tokenizer
from model.training.data import batch_rows, encode_pairs
from model.training.recipe import SampledRecipe
from model.training.robust import Pairs, repeated, robust_kinds
from model.training.trainer import Trainer
from model.transformer.architecture import AnyConfig


class SampledTrainer(Trainer):
    """A run over several files of pairs; of each, and of each robust kind, a pass reads as many as the recipe says.

    corpora: name of a file -> its pairs.
    """

    def __init__(
        self, config: AnyConfig, recipe: SampledRecipe, tokenizer: Tokenizer, corpora: dict[str, Pairs], held_out: Pairs, run: Path,
        device: torch.device,
    ) -> None:  # fmt: skip
        everything = [pair for pairs in corpora.values() for pair in pairs]
        groups = {name: repeated(name, pairs, recipe) for name, pairs in corpora.items()} | robust_kinds(everything, recipe)
        encoded = [encode_pairs(pairs, tokenizer, config.max_length) for pairs in groups.values()]
        whole = [bool(recipe.whole) and name.startswith(recipe.whole) for name in groups]
        self.sizes = [len(rows) if every else min(len(rows), recipe.at_most) for every, rows in zip(whole, encoded, strict=True)]
        self.starts = [sum(len(rows) for rows in encoded[:at]) for at in range(len(encoded) + 1)]
        pairs = [pair for rows in encoded for pair in rows]
        super().__init__(config, recipe, tokenizer, pairs, encode_pairs(held_out, tokenizer, config.max_length), run, device)

    def rows(self, epoch: int) -> list[list[int]]:
        """The batches of one pass, as rows of `train_pairs`: of every group as many as it gives, other ones in every pass."""
        seed = self.recipe.seed + epoch
        draw = random.Random(seed)
        groups = zip(self.starts, self.starts[1:], self.sizes, strict=False)  # one start more than there are groups
        chosen = [row for start, end, size in groups for row in draw.sample(range(start, end), size)]
        batches = batch_rows([self.train_pairs[row] for row in chosen], self.recipe.batch_tokens, seed)
        return [[chosen[row] for row in rows] for rows in batches]
