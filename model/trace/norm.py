"""A normalisation as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Norm:
    """LayerNorm: y = (x - mean) / sqrt(variance + eps) * gain + bias, token by token (Ba, Kiros and Hinton 2016)."""

    gain: Tensor  # (d_model,)
    bias: Tensor  # (d_model,)
    eps: float

    def of(self, x: Tensor) -> Tensor:
        """x (..., d_model) normalised, in the precision of x: same shape."""
        return F.layer_norm(x, x.shape[-1:], self.gain.to(x), self.bias.to(x), self.eps)
