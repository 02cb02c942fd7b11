"""Dropout with random bits that are cheap on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Zero features with probability p while training and scale the rest by 1 / (1 - p) (Srivastava et al. 2014).

    One 64-bit draw serves eight features, so p is rounded to the nearest 1/256. `nn.Dropout` draws once per feature, which
    is a quarter of a training step on a CPU. Raises ValueError for a p that leaves nothing.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.threshold = round(p * 256)
        if not 0 <= self.threshold < 256:
            raise ValueError(f"dropout must be at least 0 and below 1, not {p}.")

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> same shape; x itself outside training."""
        if not self.training or not self.threshold:
            return x
        draws = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device).random_(-(2**63), None)
        random_bytes = draws.view(torch.uint8)[: x.numel()].view(x.shape)
        return x * (random_bytes >= self.threshold).to(x.dtype).mul_(256 / (256 - self.threshold))
