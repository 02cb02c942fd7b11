"""Where the model runs, as timings see it."""

from __future__ import annotations

import torch


def wait(device: torch.device) -> None:
    """Wait until a device has done all that it was given: CUDA and MPS take work and go on with it after the call returns."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
