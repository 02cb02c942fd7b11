"""What an analysis may ask of a model's weights: a few questions that any model can answer, whatever its rooms are called.

Stacks and kinds of attention are named as in the Trace; layers, heads, units and sites count from 0. Every answer is on the
model's device, in its precision and without a graph; nobody writes into it.
"""

from __future__ import annotations

from typing import Literal, Protocol

from torch import Tensor

from model.trace.norm import Norm

Projected = Literal["query", "key", "value"]


class Unembed(Protocol):
    """What a model does behind its last layer."""

    def unembed(self, states: Tensor) -> Tensor:
        """States (position, d_model) of the residual stream of the stack that predicts -> logits (position, vocabulary), as if no layer
        followed: through all that comes behind the last one, as a rule a normalisation and the output matrix."""


class Weights(Unembed, Protocol):
    """The weights of a model, as its analyses need them."""

    def embedding(self, stack: str) -> Tensor:
        """The vector of every piece that a stack reads, as it is learned: (vocabulary, d_model)."""

    def embedding_scale(self, stack: str) -> float:
        """The factor on a row of `embedding` when it enters the residual stream."""

    def positions(self, stack: str, length: int) -> Tensor:
        """What is added for positions 0 .. length - 1, as trained: (length, d_model). Zeros where the model was trained without.

        length: at most as many positions as the model has.
        """

    def projection(self, kind: str, layer: int, projected: Projected) -> Tensor:
        """W_Q, W_K or W_V head by head: (head, d_head, d_model). A query is W_Q[head] @ what the sublayer reads + its bias.

        Keys and values may have fewer heads; then each serves as many queries' heads, one after the other, as go into one.
        """

    def projection_bias(self, kind: str, layer: int, projected: Projected) -> Tensor:
        """b_Q, b_K or b_V: (head, d_head); zeros where there is none."""

    def output(self, kind: str, layer: int) -> Tensor:
        """W_O head by head: (head, d_head, d_model). A head adds z @ W_O[head] to the residual stream."""

    def output_bias(self, kind: str, layer: int) -> Tensor:
        """b_O: (d_model,); zeros where there is none."""

    def norm(self, stack: str, site: int) -> Norm | None:
        """The normalisation of sublayer `site` (what it reads, or what goes on behind it in a post-norm model).

        Where `site` is the number of sublayers, that behind the whole stack; None where the model has none there.
        """

    def unit(self, stack: str, layer: int, unit: int) -> Tensor:
        """What 1 of a feed-forward unit adds to the residual stream: a column of W_2, (d_model,)."""

    def unembedding(self) -> Tensor:
        """The output matrix: (vocabulary, d_model). Logits are its dot products with the normalised last states."""
