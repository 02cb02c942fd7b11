"""Position encodings: modules that RETURN the encoding of a run of positions; whoever calls them adds it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from model.transformer.config import Config


def sinusoids(positions: Tensor, d_model: int) -> Tensor:
    """Sinusoidal encoding of positions (length,) -> (length, d_model).

    PE(p, 2i) = sin(p / 10000^(2i / d_model)), PE(p, 2i + 1) = cos(p / 10000^(2i / d_model))
    (Vaswani et al. 2017, section 3.5). Positions may be fractional or negative.
    """
    pairs = torch.arange(0, d_model, 2, device=positions.device, dtype=torch.float32)
    frequency = torch.exp(pairs * (-math.log(10000.0) / d_model))  # (d_model / 2,), radians per position
    angle = positions.to(torch.float32).unsqueeze(1) * frequency  # (length, d_model / 2)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)  # sin and cos interleaved


class SinusoidalPositions(nn.Module):
    """Fixed sine and cosine waves; no parameters. The table is computed once, for `max_length` positions."""

    table: Tensor  # (position, d_model)

    def __init__(self, d_model: int, max_length: int) -> None:
        super().__init__()
        self.register_buffer("table", sinusoids(torch.arange(max_length), d_model), persistent=False)

    def forward(self, length: int, offset: int = 0) -> Tensor:
        """Encoding of positions offset .. offset + length - 1 -> (length, d_model)."""
        return self.table[offset : offset + length]


class LearnedPositions(nn.Module):
    """One trained vector for each position up to `max_length`."""

    def __init__(self, d_model: int, max_length: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(max_length, d_model).normal_(std=0.5))

    def forward(self, length: int, offset: int = 0) -> Tensor:
        """Encoding of positions offset .. offset + length - 1 -> (length, d_model)."""
        return self.table[offset : offset + length]


class NoPositions(nn.Module):
    """A model trained without positions: the encoding is zero everywhere."""

    table: Tensor  # (position, d_model)

    def __init__(self, d_model: int, max_length: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(max_length, d_model), persistent=False)

    def forward(self, length: int, offset: int = 0) -> Tensor:
        """Zeros (length, d_model)."""
        return self.table[offset : offset + length]


KINDS: dict[str, type[SinusoidalPositions | LearnedPositions | NoPositions]] = {
    "sinusoidal": SinusoidalPositions,
    "learned": LearnedPositions,
    "none": NoPositions,
}


def positions_for(config: Config) -> nn.Module:
    """A new position module of the kind that `config.positions` names."""
    return KINDS[config.positions](config.d_model, config.max_length)
