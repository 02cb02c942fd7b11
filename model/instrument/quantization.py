"""Weights in a quarter of their size: whole numbers of 8 bits with a scale for each row."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale"  # behind a tensor's name: the scale of each of its rows


def quantize(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices as int8 with one float32 scale per row, max |row| / 127; vectors as float16. Error: at most half a scale.

    Symmetric, per channel: Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference", 2.2.
    """
    stored = {}
    for name, tensor in weights.items():
        tensor = tensor.detach().float().cpu()
        if tensor.dim() < 2:
            stored[name] = tensor.to(torch.float16)
            continue
        scale = tensor.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127
        stored[name], stored[name + SCALE] = (tensor / scale).round().to(torch.int8), scale
    return stored


def dequantize(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The reverse of `quantize`, float32; weights that were never quantized come back as they are.

    Raises ValueError for whole numbers that come without their scale, and for a scale that fits no tensor.
    """
    names = [name for name in stored if not name.endswith(SCALE)]
    if bare := [name for name in names if not stored[name].is_floating_point() and name + SCALE not in stored]:
        raise ValueError(f"Tensors that are not of floating point, and without a scale: {', '.join(bare[:5])}.")
    if lost := [name for name in stored if name.endswith(SCALE) and not _scales(stored, name)]:
        raise ValueError(f"Scales that fit no tensor: {', '.join(lost[:5])}.")
    return {name: stored[name].float() * stored[name + SCALE] if name + SCALE in stored else stored[name] for name in names}


def _scales(stored: Mapping[str, Tensor], name: str) -> bool:
    """Whether a scale has a tensor, and one number a row of it."""
    tensor, scale = stored.get(name.removesuffix(SCALE)), stored[name]
    return tensor is not None and tensor.dim() == 2 and scale.is_floating_point() and scale.shape == (tensor.size(0), 1)


def kind_of_numbers(stored: Mapping[str, Tensor]) -> str:
    """What the matrices of a checkpoint are stored as, in words for its card."""
    if any(name.endswith(SCALE) for name in stored):
        return "int8, a scale a row"
    return " and ".join(sorted({str(tensor.dtype).removeprefix("torch.") for tensor in stored.values()}))
