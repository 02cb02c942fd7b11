"""What every model of ours has in common: one matrix is embedding and output layer, and a Config says what there is to look at."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.trace.anatomy import Anatomy


class TiedModel(nn.Module):
    """A model whose embedding serves as output layer, too (Press and Wolf 2017)."""

    config: Any  # of the model: see `model.transformer.architecture`

    @property
    def tied(self) -> Tensor:
        """The matrix (vocabulary, d_model) that embeds tokens and makes logits of states."""
        raise NotImplementedError

    def logits(self, states: Tensor) -> Tensor:
        """States (..., d_model) of the stack that predicts -> logits (..., vocabulary)."""
        return F.linear(states, self.tied)

    @property
    def anatomy(self) -> Anatomy:
        """What there is to look at in it."""
        return self.config.anatomy()

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.tied.device

    @cached_property
    def parameter_count(self) -> int:
        """Trained numbers, the tied matrix counted once."""
        return sum(parameter.numel() for parameter in self.parameters())
