"""What one teacher-forced pass did, as plain tensors. Every axis is documented here, once.

layer, head    from 0
query, key     token positions, from 0; "row attends to column"
position       token position of one side: source for the encoder, target for the decoder
point          residual stream: 0 after the embedding, then one after every sublayer

Tensors are detached, contiguous and share no memory with each other or the model. Records that hold tensors compare by identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from model.instrument.tokenizer import Tokens
from model.trace.intervention import ATTENTION_KINDS, Intervention
from model.transformer.config import Config

SIDES = ("encoder", "decoder")
__all__ = ["ATTENTION_KINDS", "SIDES", "Attention", "AttentionMap", "AttentionMaps", "Residual", "Trace"]


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Who attends to whom, in all heads of one kind. For "cross", queries are target positions and keys are source positions."""

    weights: Tensor  # (layer, head, query, key): softmax over keys; a row sums to 1, or to 0 where nothing may be attended to
    mask: Tensor  # bool (layer, 1, query, key): True = may attend


@dataclass(frozen=True, eq=False)
class Attention(AttentionMap):
    """All heads of one kind, with everything that their weights are computed from."""

    scores: Tensor  # (layer, head, query, key): Q K^T / sqrt(d_head), before temperature and mask
    queries: Tensor  # (layer, head, query, d_head)
    keys: Tensor  # (layer, head, key, d_head)
    values: Tensor  # (layer, head, key, d_head)
    outputs: Tensor  # (layer, head, query, d_head): weights @ values, before W_O; zeros for a head that is off


@dataclass(frozen=True, eq=False)
class Residual:
    """The residual stream of one side."""

    states: Tensor  # (point, position, d_model)
    written: Tensor  # (point - 1, position, d_model): what the sublayer between two points wrote (before a post-norm)
    labels: list[str]  # (point,): "embedding", "layer 1 attention", "layer 1 feed-forward", ...; layers from 1, for people


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """The tokens of a pass and who attended to whom: what a picture of attention needs, of pieces or of whole words."""

    source: Tokens  # what the encoder read; ends with </s>
    target: Tokens  # what the decoder read; starts with <s>
    labels: Tokens  # what each decoder row must predict: target shifted by one; ends with </s>
    intervention: Intervention
    config: Config
    attention: Mapping[str, AttentionMap]  # by ATTENTION_KINDS

    def queries(self, kind: str) -> Tokens:
        """The tokens on the query axis of a kind of attention."""
        return self.source if kind == "encoder" else self.target

    def keys(self, kind: str) -> Tokens:
        """The tokens on the key axis of a kind of attention."""
        return self.target if kind == "decoder" else self.source

    @property
    def translation(self) -> str:
        """The target sentence as text."""
        return self.labels.text


@dataclass(frozen=True, eq=False)
class Trace(AttentionMaps):
    """Everything that one forward pass over (source, target) computed. Tensors stay on the model's device.

    A Trace never refers back to the model. Decoder row t has read target[: t + 1] and predicts labels[t].
    """

    attention: Mapping[str, Attention]  # by ATTENTION_KINDS
    residual: dict[str, Residual]  # by SIDES, like the rest
    embeddings: dict[str, Tensor]  # (position, d_model): token part, times sqrt(d_model), as added
    positions: dict[str, Tensor]  # (position, d_model): positional part, as added
    feed_forward: dict[str, Tensor]  # (layer, position, d_ff): after the ReLU
    logits: Tensor  # (target position, vocabulary)
    loss: Tensor  # (target position,): cross-entropy of each label, nats
