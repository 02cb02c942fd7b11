"""Boolean attention masks. True means "this query may attend to this key", everywhere."""

from __future__ import annotations

import torch
from torch import Tensor


def padding_mask(ids: Tensor, pad_id: int) -> Tensor:
    """Keys that are real tokens: ids (batch, key) -> (batch, 1, 1, key), for every head and query."""
    return (ids != pad_id)[:, None, None, :]


def causal_mask(length: int, offset: int = 0, device: torch.device | None = None) -> Tensor:
    """Look-ahead mask: query at position offset + i may attend to keys 0 .. offset + i.

    Returns (length, offset + length). `offset` counts the positions that a key/value cache already holds.
    """
    queries = torch.arange(offset, offset + length, device=device)[:, None]
    return torch.arange(offset + length, device=device)[None, :] <= queries


def window_mask(queries: Tensor, keys: Tensor, window: int) -> Tensor:
    """Local attention: positions queries (query,) and keys (key,) -> (query, key), |query - key| <= window."""
    return (queries[:, None] - keys[None, :]).abs() <= window
