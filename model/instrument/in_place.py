"""One pass of our transformer, unchanged, that writes all it computes where a Trace keeps it.

It is the arithmetic of `Transformer.forward` and of `Alone.forward`, without a module's call inside a layer and without a copy: what `sites.capture` does
where no Intervention asks for hooks. Shapes: (head, query, key) and so on, for a Trace is of one pair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.instrument.assembly import cross_entropy
from model.trace.anatomy import Anatomy, Kind
from model.trace.anatomy import Stack as StackOfTokens
from model.trace.intervention import Intervention
from model.trace.trace import Attention, Axis, Residual, Trace
from model.transformer.alone import Alone
from model.transformer.attention import MultiHeadAttention
from model.transformer.transformer import DecoderLayer, EncoderLayer, FeedForward, Stack, Transformer
from model.transformer.transformer import Residual as ResidualModule

Sublayer = Callable[[Tensor, Tensor], object]  # what it reads and where it writes, (position, d_model) each


class Maps:
    """Memory for what one kind of attention computes, and how it does."""

    def __init__(self, kind: Kind, queries: int, keys: int, mask: Tensor, dtype: torch.dtype) -> None:
        """mask: bool, broadcastable to (query, key); every query reaches a key."""

        def empty(*shape: int) -> Tensor:
            return torch.empty(kind.layers, kind.heads, *shape, dtype=dtype, device=mask.device)

        self.scores, self.weights = empty(queries, keys), empty(queries, keys)
        self.queries, self.outputs = empty(queries, kind.d_head), empty(queries, kind.d_head)
        self.keys, self.values = empty(keys, kind.d_head), empty(keys, kind.d_head)
        self.mask = mask.expand(kind.layers, 1, queries, keys).contiguous()
        closed = torch.zeros(queries, keys, dtype=dtype, device=mask.device).masked_fill_(~mask, float("-inf"))
        self.bias = None if bool(mask.all()) else closed
        self.is_self, self.factor = kind.is_self, 1 / math.sqrt(kind.d_head)

    def attend(self, layer: int, module: MultiHeadAttention, memory: Tensor | None, x: Tensor, out: Tensor) -> None:
        """x (query, d_model) asks; x itself answers, or the memory (key, d_model). Writes W_O of the heads, (query, d_model), to `out`."""
        answers = x if self.is_self or memory is None else memory
        queries, keys, values = self.queries[layer], self.keys[layer], self.values[layer]
        for projection, read, heads in ((module.query, x, queries), (module.key, answers, keys), (module.value, answers, values)):
            projected = F.linear(read, projection.weight, projection.bias)
            heads.copy_(projected.unflatten(-1, (module.heads, -1)).transpose(0, 1))
        scores, weights, outputs = self.scores[layer], self.weights[layer], self.outputs[layer]
        torch.matmul(queries * self.factor, keys.transpose(1, 2), out=scores)
        torch.softmax(scores if self.bias is None else scores + self.bias, -1, out=weights)
        torch.matmul(weights, values, out=outputs)
        linear_into(module.output, outputs.transpose(0, 1).flatten(1), out)

    @property
    def attention(self) -> Attention:
        """What was written, as a Trace holds it."""
        return Attention(self.weights, self.mask, self.scores, self.queries, self.keys, self.values, self.outputs)


class Stream:
    """Memory for what one stack writes into its residual stream, point by point."""

    def __init__(self, stack: StackOfTokens, module: Stack, ids: Tensor) -> None:
        """Embeds the ids (position,): token part, positional part and their sum, the first point."""
        self.point, layers, labels = 0, module.blocks, stack.points
        self.embeddings = module.embedding(ids)
        self.positions = module.positions(len(ids), 0).detach().clone(memory_format=torch.contiguous_format)
        empty = partial(torch.empty, dtype=self.embeddings.dtype, device=ids.device)
        width = self.embeddings.size(-1)
        states, written = empty(len(labels), len(ids), width), empty(len(labels) - 1, len(ids), width)
        self.residual = Residual(states, written, labels)
        self.units = empty(len(layers), len(ids), layers[0].feed_forward.expand.out_features)
        torch.add(self.embeddings, self.positions, out=states[0])

    @property
    def newest(self) -> Tensor:
        """The point that was written last, (position, d_model)."""
        return self.residual.states[self.point]

    def add(self, around: ResidualModule, sublayer: Sublayer) -> None:
        """As `Residual.forward` of the transformer, outside training."""
        x, written, norm = self.newest, self.residual.written[self.point], around.norm
        self.point += 1
        if around.norm_first:
            sublayer(normed(norm, x), written)
            torch.add(x, written, out=self.newest)
        else:
            sublayer(x, written)
            self.newest.copy_(normed(norm, x + written))

    def feed_forward(self, layer: int, module: FeedForward, x: Tensor, out: Tensor) -> None:
        """x (position, d_model) through the units, which are kept, to `out`."""
        units = self.units[layer]
        linear_into(module.expand, x, units)
        linear_into(module.contract, units.relu_(), out)


def linear_into(module: nn.Linear, x: Tensor, out: Tensor) -> None:
    """What the module returns for x (position, in), written to `out` (position, out)."""
    torch.addmm(module.bias, x, module.weight.t(), out=out)


def normed(module: nn.Module, x: Tensor) -> Tensor:
    """What a LayerNorm returns, without its call; a module that norms nothing (post-norm has no closing one) gives x back."""
    if not isinstance(module, nn.LayerNorm):
        return x
    return F.layer_norm(x, module.normalized_shape, module.weight, module.bias, module.eps)


@torch.no_grad()
def trace_in_place(model: Transformer | Alone, anatomy: Anatomy, axes: Mapping[str, Axis], masks: Mapping[str, Tensor]) -> Trace:
    """The Trace of one pass over what the axes read, by stack; the last of them predicts.

    masks: by kind, bool, broadcastable to (query, key); every query reaches a key.
    """
    ids = {stack: torch.tensor(axis.read.ids, device=model.device) for stack, axis in axes.items()}
    dtype = next(model.parameters()).dtype
    maps = {kind.name: Maps(kind, len(ids[kind.asks]), len(ids[kind.answers]), masks[kind.name], dtype) for kind in anatomy.kinds}
    streams: dict[str, Stream] = {}
    ended: list[Tensor] = []  # what the stacks so far have ended with, (position, d_model) each
    for stack, module in zip(anatomy.stacks, model.stacks.values(), strict=True):
        memory, stream = ended[-1] if ended else None, Stream(stack, module, ids[stack.name])
        for index, layer in enumerate(module.blocks):
            for name, (around, sublayer) in zip(stack.sublayers, _sublayers(layer), strict=True):
                if isinstance(sublayer, FeedForward):
                    stream.add(around, partial(stream.feed_forward, index, sublayer))
                else:
                    stream.add(around, partial(maps[name].attend, index, sublayer, memory))
        ended.append(normed(module.norm, stream.newest))
        streams[stack.name] = stream
    logits = model.logits(ended[-1])
    made = axes[anatomy.stacks[-1].name].made
    return Trace(
        axes=axes,
        intervention=Intervention(),
        anatomy=anatomy,
        attention={name: each.attention for name, each in maps.items()},
        residual={name: stream.residual for name, stream in streams.items()},
        embeddings={name: stream.embeddings for name, stream in streams.items()},
        positions={name: stream.positions for name, stream in streams.items()},
        feed_forward={name: stream.units for name, stream in streams.items()},
        logits=logits,
        loss=None if made is None else cross_entropy(logits, torch.tensor(made.ids, device=logits.device)),
    )


def _sublayers(layer: EncoderLayer | DecoderLayer) -> list[tuple[ResidualModule, MultiHeadAttention | FeedForward]]:
    """The sublayers in the order in which they write, each with the residual connection around it."""
    across = [(layer.cross_attention_residual, layer.cross_attention)] if isinstance(layer, DecoderLayer) else []
    return [(layer.attention_residual, layer.attention), *across, (layer.feed_forward_residual, layer.feed_forward)]
