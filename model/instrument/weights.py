"""What analyses ask of the weights of our own transformer: the answers to `model.analysis.weights.Weights`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.trace.norm import Norm
from model.transformer.alone import Alone
from model.transformer.attention import MultiHeadAttention
from model.transformer.config import CROSS
from model.transformer.transformer import DecoderLayer, EncoderLayer, Residual, Stack, Transformer


@dataclass(frozen=True, eq=False)
class TransformerWeights:
    """The weights of a transformer by what they do, not by where they lie. Shapes: see `Weights`."""

    model: Transformer | Alone

    def embedding(self, stack: str) -> Tensor:
        """The embedding matrix, which all stacks and the output share: (vocabulary, d_model)."""
        return self._stack(stack).embedding.weight.detach()

    def embedding_scale(self, stack: str) -> float:
        """sqrt(d_model)."""
        return math.sqrt(self._stack(stack).embedding.embedding_dim)

    def positions(self, stack: str, length: int) -> Tensor:
        """The first rows of the table: (length, d_model)."""
        return self._stack(stack).positions(length, 0).detach()

    def projection(self, kind: str, layer: int, projected: str) -> Tensor:
        """Rows of the Linear that belong to each head: (head, d_head, d_model)."""
        module = self._attention(kind, layer)
        return self._linear(module, projected).weight.detach().unflatten(0, (module.heads, module.d_head))

    def projection_bias(self, kind: str, layer: int, projected: str) -> Tensor:
        """(head, d_head)."""
        module = self._attention(kind, layer)
        return self._linear(module, projected).bias.detach().unflatten(0, (module.heads, module.d_head))

    def output(self, kind: str, layer: int) -> Tensor:
        """Rows of W_O that each head meets: (head, d_head, d_model)."""
        module = self._attention(kind, layer)
        return module.output.weight.detach().T.unflatten(0, (module.heads, module.d_head))

    def output_bias(self, kind: str, layer: int) -> Tensor:
        """(d_model,)."""
        return self._attention(kind, layer).output.bias.detach()

    def norm(self, stack: str, site: int) -> Norm | None:
        """The LayerNorm of a residual connection, or the closing one, which only a pre-norm model has."""
        module = self._norm(stack, site)
        return Norm(module.weight.detach(), module.bias.detach(), module.eps) if isinstance(module, nn.LayerNorm) else None

    def unit(self, stack: str, layer: int, unit: int) -> Tensor:
        """(d_model,)."""
        return self._layers(stack)[layer].feed_forward.contract.weight[:, unit].detach()

    def unembedding(self) -> Tensor:
        """The tied embedding: (vocabulary, d_model)."""
        return self._last.embedding.weight.detach()

    def unembed(self, states: Tensor) -> Tensor:
        """States of the stack that predicts (..., d_model) -> logits (..., vocabulary)."""
        with torch.no_grad():
            return self.model.logits(self._last.norm(states))

    # -- where they lie -------------------------------------------------------------------------------------------------

    def _stack(self, name: str) -> Stack:
        return self.model.stacks[name]

    @property
    def _last(self) -> Stack:
        """The stack that predicts."""
        return [*self.model.stacks.values()][-1]

    def _layers(self, stack: str) -> list[EncoderLayer | DecoderLayer]:
        return self._stack(stack).blocks

    def _attention(self, kind: str, layer: int) -> MultiHeadAttention:
        block = self._layers(self.model.anatomy.kind(kind).asks)[layer]
        return block.cross_attention if kind == CROSS and isinstance(block, DecoderLayer) else block.attention

    def _linear(self, module: MultiHeadAttention, projected: str) -> nn.Linear:
        return {"query": module.query, "key": module.key, "value": module.value}[projected]

    def _norm(self, stack: str, site: int) -> nn.Module:
        layers = self._layers(stack)
        residuals: list[Residual] = [residual for layer in layers for residual in _residuals(layer)]
        return residuals[site].norm if site < len(residuals) else self._stack(stack).norm


def _residuals(layer: EncoderLayer | DecoderLayer) -> list[Residual]:
    """The residual connections of a layer, in the order of the pass."""
    if isinstance(layer, DecoderLayer):
        return [layer.attention_residual, layer.cross_attention_residual, layer.feed_forward_residual]
    return [layer.attention_residual, layer.feed_forward_residual]
