"""Scaled dot-product attention over several heads (Vaswani et al. 2017, sections 3.2.1 and 3.2.2)."""

from __future__ import annotations

import math
from contextvars import ContextVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# True: attention goes step by step through the submodules `softmax` and `output`, where hooks can read and edit it.
# False: one fused kernel does the same arithmetic. Both agree to 1e-5; a context variable, so threads never disturb each other.
explicit_attention: ContextVar[bool] = ContextVar("explicit_attention", default=False)


class MaskedSoftmax(nn.Module):
    """softmax over the keys that the mask allows. A query without any allowed key gets zeros, not NaN."""

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        """scores (batch, head, query, key), mask bool broadcastable to it -> weights, same shape, rows sum to 1."""
        if bool(mask.all()):
            return torch.softmax(scores, -1)
        if scores.requires_grad:  # filled, so that no gradient comes from a masked link, nor NaN from a row without any
            masked = scores.masked_fill(~mask, float("-inf"))
        else:  # to add a bias is quicker
            masked = scores + torch.zeros_like(mask, dtype=scores.dtype).masked_fill_(~mask, float("-inf"))
        weights = torch.softmax(masked, -1)
        reachable = mask.any(dim=-1, keepdim=True)
        if bool(reachable.all()):
            return weights
        return weights.masked_fill(~reachable, 0.0)


class KeyValues:
    """Keys and values that one attention module has computed so far: (batch, head, key, d_head) each."""

    def __init__(self) -> None:
        self.held: tuple[Tensor, Tensor] | None = None  # keys and values, (batch, head, key, d_head) each

    @property
    def length(self) -> int:
        """Key positions held."""
        return self.held[0].size(2) if self.held else 0

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add new positions, (batch, head, key, d_head) each, behind the ones held; returns all of them."""
        if self.held is not None:
            keys, values = torch.cat([self.held[0], keys], dim=2), torch.cat([self.held[1], values], dim=2)
        self.held = keys, values
        return self.held

    def select(self, rows: Tensor) -> None:
        """Keep these batch rows, in this order (beams that go on, sentences that are not finished)."""
        if self.held is not None:
            self.held = self.held[0][rows], self.held[1][rows]


class MultiHeadAttention(nn.Module):
    """MultiHead(Q, K, V) = Concat(head_1 .. head_h) W_O,  head_i = softmax(q_i k_i^T / sqrt(d_head)) v_i.

    Every step is a named submodule, so that forward hooks can capture it: `query`, `key`, `value`, `softmax`, `output`.
    """

    def __init__(self, d_model: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.d_head = d_model // heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.softmax = MaskedSoftmax()
        self.output = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor, cache: KeyValues | None = None) -> Tensor:
        """x (batch, query, d_model) asks, memory (batch, key, d_model) answers -> (batch, query, d_model).

        Self-attention passes memory = x; then a `cache` grows by the new positions. Cross-attention passes the encoder's
        states; then a `cache` computes them once. mask: bool, broadcastable to (batch, head, query, key).
        """
        queries = self.split(self.query(x))
        keys, values = self._keys_values(x, memory, cache)
        if explicit_attention.get():
            scores = (queries / math.sqrt(self.d_head)) @ keys.transpose(2, 3)  # (batch, head, query, key)
            heads = self.softmax(scores, mask) @ values  # (batch, head, query, d_head)
        else:
            heads = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        return self.output(self.join(heads))

    def _keys_values(self, x: Tensor, memory: Tensor, cache: KeyValues | None) -> tuple[Tensor, Tensor]:
        """Keys and values of all positions, (batch, head, key, d_head) each; see `forward`."""
        if cache is not None and memory is not x and cache.held is not None:
            return cache.held
        keys, values = self.split(self.key(memory)), self.split(self.value(memory))
        return (keys, values) if cache is None else cache.append(keys, values)

    def split(self, x: Tensor) -> Tensor:
        """(batch, position, d_model) -> (batch, head, position, d_head)."""
        batch, length, _ = x.shape
        return x.view(batch, length, self.heads, self.d_head).transpose(1, 2)

    def join(self, x: Tensor) -> Tensor:
        """(batch, head, position, d_head) -> (batch, position, d_model): the concatenation of the heads."""
        batch, _, length, _ = x.shape
        return x.transpose(1, 2).reshape(batch, length, self.heads * self.d_head)
