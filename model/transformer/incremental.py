"""The decoder of an unchanged model, one token at a time: the arithmetic of `Decoder.forward`, prepared for a search.

No module is called inside a layer, so no hook sees this. Self-attention gets query, key and value from one product, keys and values
are written into one buffer for all layers, those of cross-attention are computed once, and the only mask is that of padding in the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.transformer.transformer import DecoderLayer, Transformer

FIRST_ROOM = 32  # positions that the first buffer of keys and values has room for; it doubles when full

Function = Callable[[Tensor], Tensor]
Pair = tuple[Tensor, ...]  # keys and values, (row, head, key, d_head) each


def linear(*modules: nn.Linear) -> Function:
    """What projections of the same input compute, side by side, from a copy of their weights as (in, out).

    A product with one row is bound by reading the weights, and reads them faster along `out`, where that is the longer side.
    """
    weight, bias = (torch.cat([getattr(module, name).detach() for module in modules]) for name in ("weight", "bias"))
    columns = weight.t().contiguous()
    return lambda x: torch.addmm(bias, x, columns)


def layer_norm(module: nn.LayerNorm) -> Function:
    """What the module computes, without its call."""
    shape = tuple(module.normalized_shape)
    return partial(torch.layer_norm, normalized_shape=shape, weight=module.weight, bias=module.bias, eps=module.eps)


class _Layer:
    """One decoder layer as functions of rows (row, width)."""

    def __init__(self, layer: DecoderLayer, norm_first: bool) -> None:
        own, cross, feed_forward = layer.attention, layer.cross_attention, layer.feed_forward
        self.heads, self.d_head, self.norm_first = own.heads, own.d_head, norm_first
        residuals = (layer.attention_residual, layer.cross_attention_residual, layer.feed_forward_residual)
        self.norms = [layer_norm(residual.norm) for residual in residuals]
        self.project, self.output = linear(own.query, own.key, own.value), linear(own.output)
        self.cross_query, self.cross_output = linear(cross.query), linear(cross.output)
        self.cross_project = linear(cross.key, cross.value)
        self.expand = linear(feed_forward.expand)
        self.contract = partial(F.linear, weight=feed_forward.contract.weight, bias=feed_forward.contract.bias)

    def answers(self, memory: Tensor) -> Pair:
        """Keys and values of the encoder's states (sentence, source, d_model): (sentence, head, source, d_head) each."""
        projected = self.cross_project(memory.flatten(0, 1)).view(*memory.shape[:2], 2, self.heads, self.d_head)
        return projected.permute(2, 0, 3, 1, 4).contiguous().unbind()

    def advance(self, x: Tensor, held: Pair, newest: Pair, answers: Pair, mask: Tensor | None) -> Tensor:
        """x (row, d_model) -> the same after the three sublayers. held: of all positions; newest: of the last, to be written."""
        x = self.residual(0, x, lambda h: self.attend(h, held, newest))
        x = self.residual(1, x, lambda h: self.attend_to_source(h, answers, mask))
        return self.residual(2, x, lambda h: self.contract(F.relu(self.expand(h))))

    def residual(self, index: int, x: Tensor, sublayer: Function) -> Tensor:
        """As `Residual.forward`, outside training."""
        norm = self.norms[index]
        return x + sublayer(norm(x)) if self.norm_first else norm(x + sublayer(x))

    def attend(self, x: Tensor, held: Pair, newest: Pair) -> Tensor:
        """Self-attention of the newest position to all so far, (row, d_model) -> (row, d_model)."""
        query, key, value = self.project(x).view(-1, 3, self.heads, 1, self.d_head).unbind(1)  # (row, head, 1, d_head)
        newest[0].copy_(key)
        newest[1].copy_(value)
        return self.output(F.scaled_dot_product_attention(query, held[0], held[1]).reshape(x.shape))

    def attend_to_source(self, x: Tensor, answers: Pair, mask: Tensor | None) -> Tensor:
        """Cross-attention: the hypotheses of a sentence are its queries, (row, d_model) -> (row, d_model)."""
        sentences = len(answers[0])
        queries = (
            self.cross_query(x).view(sentences, -1, self.heads, self.d_head).transpose(1, 2)
        )  # (…, head, hypothesis, d_head)
        heads = F.scaled_dot_product_attention(queries, answers[0], answers[1], attn_mask=mask)
        return self.cross_output(heads.transpose(1, 2).reshape(x.shape))


@dataclass(frozen=True, eq=False)
class _Prepared:
    """The layers of one decoder and the matrix of its logits, (d_model, vocabulary), with the weights that they are copied from."""

    layers: list[_Layer]
    output: Tensor
    weights: list[Tensor]  # held, so that no others get their memory
    versions: list[int]  # how often each had been written to in place


_prepared: WeakKeyDictionary[Transformer, _Prepared] = WeakKeyDictionary()


def _prepare(model: Transformer) -> _Prepared:
    """Made once for a model, and again after its weights have changed; no part of the model or of its checkpoint."""
    layers = [layer for layer in model.decoder.blocks if isinstance(layer, DecoderLayer)]
    weights = [model.decoder.embedding.weight.detach(), *(weight for layer in layers for weight in _copied(layer))]
    counted = not any(weight.is_inference() for weight in weights)  # such tensors do not count their changes
    found = _prepared.get(model) if counted else None
    if found is None or not _same(found, weights):
        versions = [weight._version if counted else 0 for weight in weights]
        found = _Prepared(
            [_Layer(layer, model.config.norm_first) for layer in layers], weights[0].t().contiguous(), weights, versions
        )
        if counted:
            _prepared[model] = found
    return found


def _copied(layer: DecoderLayer) -> list[Tensor]:
    """Weights and biases of a layer's projections."""
    own, cross, feed_forward = layer.attention, layer.cross_attention, layer.feed_forward
    attention = [module for each in (own, cross) for module in (each.query, each.key, each.value, each.output)]
    modules = [*attention, feed_forward.expand, feed_forward.contract]
    return [parameter.detach() for module in modules for parameter in (module.weight, module.bias)]


def _same(found: _Prepared, weights: Sequence[Tensor]) -> bool:
    """Whether these are the weights that were copied, unchanged since."""
    unchanged = [weight._version for weight in weights] == found.versions
    return unchanged and all(one.data_ptr() == other.data_ptr() for one, other in zip(found.weights, weights, strict=True))


class IncrementalDecoder:
    """Logits of hypotheses that grow by a token a step, `beam` of them for every sentence; a row is one of them.

    model: with the look-ahead mask, in evaluation mode. memory (sentence, source, d_model) and its mask (sentence, 1, 1, source)
    are what the encoder returned: the hypotheses of a sentence share its keys and values.
    """

    def __init__(self, model: Transformer, memory: Tensor, memory_mask: Tensor, beam: int = 1) -> None:
        self.decoder, self.prepared, self.length = model.decoder, _prepare(model), 0
        self.mask = None if bool(memory_mask.all()) else memory_mask
        self.answers = [layer.answers(memory) for layer in self.prepared.layers]
        shape = (2 * len(self.answers), len(memory) * beam, model.config.heads, FIRST_ROOM, model.config.d_head)
        self.buffer = memory.new_empty(shape)  # (2 * layer, row, head, room, d_head): keys, values, keys of the next layer, ...

    def advance(self, tokens: Tensor) -> Tensor:
        """Read the next token of every row, ids (row,) -> logits of what follows it (row, vocabulary)."""
        at, self.length = self.length, self.length + 1
        if at == self.buffer.size(3):
            self.buffer = torch.cat([self.buffer, torch.empty_like(self.buffer)], dim=3)
        held, newest = self.buffer[..., : self.length, :].unbind(), self.buffer[..., at : self.length, :].unbind()
        x = self.decoder.embed(tokens[:, None], at)[:, 0]
        for index, (layer, answers) in enumerate(zip(self.prepared.layers, self.answers, strict=True)):
            own = slice(2 * index, 2 * index + 2)
            x = layer.advance(x, held[own], newest[own], answers, self.mask)
        return self.decoder.norm(x) @ self.prepared.output

    def select(self, sentences: Tensor | None, rows: Tensor) -> None:
        """Keep these sentences (None: all) and these rows, in this order."""
        self.buffer = self.buffer[:, rows]
        if sentences is not None:
            self.mask = None if self.mask is None else self.mask[sentences]
            self.answers = [(keys[sentences], values[sentences]) for keys, values in self.answers]
