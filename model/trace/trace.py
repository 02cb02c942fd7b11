"""What one teacher-forced pass did, as plain tensors. Every axis is documented here, once.

layer, head    from 0
query, key     token positions, from 0; "row attends to column"
position       token position of one stack: in a translator, of the source for the encoder and of the target for the decoder
point          residual stream: 0 after the embedding, then one after every sublayer

Tensors are detached, contiguous and share no memory with each other or the model. Records that hold tensors compare by identity.
What a model does not have is None, or not in the mapping; `anatomy.missing` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens

__all__ = ["Attention", "AttentionMap", "AttentionMaps", "Axis", "Residual", "Trace"]


@dataclass(frozen=True)
class Axis:
    """The tokens of one stack, position by position."""

    read: Tokens
    made: Tokens | None = None  # what each row must predict; None where rows predict nothing

    @property
    def labels(self) -> Tokens:
        """What rows go by: the tokens that they produce, or those that they read where they produce nothing."""
        return self.read if self.made is None else self.made


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Who attends to whom, in all heads of one kind: `AttentionMaps.rows` to `AttentionMaps.columns`."""

    weights: Tensor  # (layer, head, query, key): softmax over keys; a row sums to 1, or to 0 where nothing may be attended to
    mask: Tensor  # bool (layer, 1, query, key): True = may attend


@dataclass(frozen=True, eq=False)
class Attention(AttentionMap):
    """All heads of one kind, with what their weights are computed from: softmax((scores + bias) / temperature where mask)."""

    scores: Tensor | None = None  # (layer, head, query, key): `Kind.scores`, before bias, temperature and mask
    queries: Tensor | None = None  # (layer, head, query, d_head)
    keys: Tensor | None = None  # (layer, key head, key, d_head)
    values: Tensor | None = None  # (layer, key head, key, d_head)
    outputs: Tensor | None = None  # (layer, head, query, d_head): weights @ values, before W_O; zeros for a head that is off
    bias: Tensor | None = None  # (layer, head, query, key): what is added to the scores


@dataclass(frozen=True, eq=False)
class Residual:
    """The residual stream of one stack."""

    states: Tensor  # (point, position, d_model)
    written: Tensor  # (point - 1, position, d_model): what the sublayer between two points wrote (before a post-norm)
    labels: list[str]  # (point,): "embedding", "layer 1 attention", "layer 1 feed-forward", ...; layers from 1, for people


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """The tokens of a pass and who attended to whom: what a picture of attention needs, of pieces or of whole words."""

    axes: Mapping[str, Axis]  # by stack
    intervention: Intervention
    anatomy: Anatomy
    attention: Mapping[str, AttentionMap]  # by kind

    def tokens(self, stack: str) -> Tokens:
        """What a stack read. Raises ValueError for one that there is not."""
        return self.axes[self.anatomy.stack(stack).name].read

    def rows(self, kind: str) -> Axis:
        """The tokens that ask in a kind of attention. Raises ValueError for one that there is not."""
        return self.axes[self.anatomy.kind(kind).asks]

    def produced(self, kind: str) -> Tokens | None:
        """What the rows of a kind of attention produce, where that is another token than the one they read; None else."""
        return self.rows(kind).made if self.anatomy.produces(kind) else None

    def columns(self, kind: str) -> Tokens:
        """The tokens that answer in a kind of attention. Raises ValueError for one that there is not."""
        return self.axes[self.anatomy.kind(kind).answers].read

    def attention_of(self, kind: str) -> AttentionMap:
        """Who attended to whom in a kind of attention. Raises ValueError where the model has no such kind or does not show it."""
        found = self.attention.get(self.anatomy.kind(kind).name)
        if found is None:
            raise ValueError(self.anatomy.absence("weights", kind))
        return found

    def queries(self, kind: str) -> Tokens:
        """The tokens on the query axis of a kind of attention, as they are read."""
        return self.rows(kind).read

    def keys(self, kind: str) -> Tokens:
        """The tokens on the key axis of a kind of attention."""
        return self.columns(kind)

    @property
    def source(self) -> Tokens:
        """What the first stack read: in a translator the source, which ends with </s>."""
        return self.axes[self.anatomy.stacks[0].name].read

    @property
    def last(self) -> Axis:
        """The tokens of the stack that predicts; of the last one where none does."""
        return self.axes[(self.anatomy.predicting or self.anatomy.stacks[-1]).name]

    @property
    def target(self) -> Tokens:
        """What the stack that predicts read (the last one where none does): in a translator the target, which starts with <s>."""
        return self.last.read

    @property
    def labels(self) -> Tokens:
        """What each row of `target` must predict: in a translator target shifted by one; ends with </s>.

        Raises ValueError where no row predicts.
        """
        stack = self.anatomy.predicting
        made = self.axes[stack.name].made if stack else None
        if made is None:
            raise ValueError(self.anatomy.absence("logits"))
        return made

    @property
    def translation(self) -> str:
        """The target sentence as text."""
        return self.labels.text


@dataclass(frozen=True, eq=False)
class Trace(AttentionMaps):
    """Everything that one forward pass computed. Tensors stay on the model's device.

    A Trace never refers back to the model. Row t of a stack that predicts the next token has read its tokens up to t, and predicts
    labels[t].
    """

    attention: Mapping[str, Attention]  # by kind
    residual: Mapping[str, Residual] = field(default_factory=dict)  # by stack, like the rest
    embeddings: Mapping[str, Tensor] = field(default_factory=dict)  # (position, d_model): token part, scaled, as added
    positions: Mapping[str, Tensor] = field(default_factory=dict)  # (position, d_model): positional part, as added
    feed_forward: Mapping[str, Tensor] = field(default_factory=dict)  # (layer, position, d_ff): after the activation
    logits: Tensor | None = None  # (target position, vocabulary)
    loss: Tensor | None = None  # (target position,): cross-entropy of each label, nats

    def part(self, what: str, place: str = "") -> Tensor:
        """A tensor by its name: "logits" and "loss" are of no place, "embeddings", "positions" and "feed_forward" of a stack, what
        an Attention holds of a kind. Raises ValueError that says why where the model does not have it."""
        if what in ("logits", "loss"):
            found = getattr(self, what)
        elif what in ("embeddings", "positions", "feed_forward"):
            found = getattr(self, what).get(self.anatomy.stack(place).name)
        else:
            found = getattr(self.attention_of(place), what)
        if not isinstance(found, Tensor):
            raise ValueError(self.anatomy.absence(what, place))
        return found

    def stream(self, stack: str) -> Residual:
        """The residual stream of a stack. Raises ValueError that says why where the model does not have it."""
        found = self.residual.get(self.anatomy.stack(stack).name)
        if found is None:
            raise ValueError(self.anatomy.absence("residual", stack))
        return found
