"""Where a model runs: which device that is, how many cores it takes, and when it has done its work."""

from __future__ import annotations

import os
import re

import torch

from model.transformer.config import briefly


class DeviceError(Exception):
    """A device that this machine or this torch does not have."""


def share_cores() -> None:
    """Let PyTorch use half of the cores: a browser on the same machine needs some, too, and threads that wait are slower."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))


def wait(device: torch.device) -> None:
    """Wait until a device has done all that it was given: CUDA and MPS take work and go on with it after the call returns."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def choose_device(device: str | None = None) -> torch.device:
    """cuda, else mps, else cpu; or the one that is named. Raises DeviceError where the named one is not available."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device is None:
        return torch.device(next(name for name, there in available.items() if there))
    found = re.fullmatch(r"(cuda|mps|cpu)(?::(\d{1,4}))?", device)
    if not found:
        raise DeviceError(f"Unknown device {briefly(device)}: choose cuda, mps or cpu.")
    name, index = found[1], int(found[2] or 0)
    count = torch.cuda.device_count() if name == "cuda" else 1
    if not available[name] or index >= count:
        raise DeviceError(f"The device {device!r} was asked for, but torch finds none here. Leave --device away, or choose cpu.")
    return torch.device(device)
