"""A pass of a model whose modules are not named after what they do: which of them attends where, and how often each was called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from model.instrument.donors import NO_DONORS, Donors
from model.instrument.recorder import Recorder
from model.trace.anatomy import Anatomy, Kind
from model.trace.intervention import Intervention
from model.transformer.attention import MaskedSoftmax

Places = Mapping[nn.Module, Sequence[tuple[str, int]]]  # kind and layer of every call of an attention module in one pass

softmax = MaskedSoftmax()


class Pass(Recorder):
    """A Recorder of one pass of such a model: it counts the calls of each module, for a module may serve several layers."""

    def __init__(
        self,
        places: Places,
        anatomy: Anatomy,
        change: Intervention | Sequence[Intervention],
        captures: bool = True,
        donors: Donors = NO_DONORS,
    ) -> None:
        super().__init__(anatomy, change, captures, donors)
        self.places, self.calls = places, Counter[tuple[nn.Module, str]]()
        self.patches = any(change.patch is not None for change in self.changes)

    def call(self, module: nn.Module, what: str) -> int:
        """How often this was asked before in the pass about a module."""
        self.calls[module, what] += 1
        return self.calls[module, what] - 1

    def attend(
        self,
        module: nn.Module,
        qkv: tuple[Tensor, ...],
        mask: Tensor | None,
        scaling: float,
        bias: Tensor | None,
        relative: bool = True,
    ) -> Tensor:
        """Of query (batch, head, query, d_head), key and value (batch, key head, key, d_head) -> (batch, query, head, d_head).

        mask: True = may attend; bias: what is added to the scores, (batch, head, query, key); relative: it is nothing but that of
        relative positions, and follows their edits. Edited and captured.
        """
        query, key, value = qkv
        places = self.places[module]
        at = self.call(module, "attention")
        if self.captures and at >= len(places):
            raise ValueError("This pass asks for attention more often than the one that the model was looked into with.")
        kind, layer = places[at % len(places)]
        shape, asks = self.anatomy.kind(kind), self.anatomy.asking(kind)
        if shape.is_self and asks.predicts == "next":
            self.offset = key.size(2) - query.size(2)
        keys, values = (x.repeat_interleave(shape.heads // shape.key_heads, 1) for x in (key, value))
        scores = self.edit_scores(kind, query @ keys.transpose(2, 3) * scaling)
        mask = torch.ones_like(scores[:, :1], dtype=torch.bool) if mask is None else mask
        mask = self.edit_mask(kind, layer, mask.expand(len(scores), 1, *scores.shape[-2:]))
        if self.captures:
            self._keep_heads(shape, qkv, scaling)
        self.keep("scores", kind, scores)
        self.keep("mask", kind, mask)
        if bias is not None and shape.scores == "dot + bias":
            bias = (self.edit_bias(kind, bias) if relative else bias).expand_as(scores)
            self.keep("bias", kind, bias)
            scores = scores + bias
        weights = softmax(self.edit_temperature(scores), mask)
        self.keep("weights", kind, weights)
        joined = self.edit_heads(kind, layer, join(weights @ values))
        self.keep("outputs", kind, joined)
        return joined.unflatten(-1, (shape.heads, -1))

    def _keep_heads(self, shape: Kind, qkv: tuple[Tensor, ...], scaling: float) -> None:
        """Keep query, key and value, so that `Kind.scores` holds: a factor that it does not know of goes to the query."""
        factor = scaling * shape.d_head**0.5 if shape.scores == "scaled dot" else scaling
        for what, x in zip(("query", "key", "value"), qkv, strict=True):
            self.keep(what, shape.name, join(x * factor if what == "query" and abs(factor - 1) > 1e-6 else x))


def join(x: Tensor) -> Tensor:
    """(batch, head, position, d_head) -> (batch, position, heads * d_head)."""
    return x.transpose(1, 2).flatten(2)
