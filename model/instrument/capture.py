"""The instrument: permanent forward hooks on named submodules, which capture and edit what passes through.

`install(model)` registers the hooks once. They write to the Recorder that a context variable holds; without one they do
nothing. So threads that share a model never see each other, and the transformer itself knows nothing of all this.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.trace.anatomy import Anatomy, Kind
from model.trace.anatomy import Stack as Layers
from model.trace.intervention import Intervention, Link
from model.trace.tokens import Tokens
from model.trace.trace import Attention, Axis, Residual, Trace
from model.transformer.attention import MultiHeadAttention, explicit_attention
from model.transformer.config import CROSS, DECODER, ENCODER
from model.transformer.masks import window_mask
from model.transformer.transformer import Stack, Transformer

_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


class Recorder:
    """Applies Interventions to one pass and, if it captures, keeps what every site returned, in the order of the pass.

    intervention: one for the whole batch, or one for each batch row. Sites are (what, where): ("weights", "cross"),
    ("written", "encoder"), ... One entry is appended per layer or sublayer.
    """

    def __init__(self, anatomy: Anatomy, intervention: Intervention | Sequence[Intervention], captures: bool = True) -> None:
        self.anatomy, self.captures = anatomy, captures
        self.changes = (intervention,) if isinstance(intervention, Intervention) else tuple(intervention)
        if not self.changes or not all(isinstance(change, Intervention) for change in self.changes):
            raise ValueError("A Recorder needs one Intervention, or one for each row of the batch.")
        self.captured: dict[tuple[str, str], list[Tensor]] = defaultdict(list)
        self.offset = 0  # positions of the stack that predicts that a key/value cache already holds

    def keep(self, what: str, where: str, tensor: Tensor) -> None:
        """Remember what a site returned; batch row 0, since a Trace is of one pair."""
        if self.captures:
            self.captured[what, where].append(tensor[0])

    def edit(
        self, x: Tensor, affects: Callable[[Intervention], bool], change_one: Callable[[Intervention, Tensor], Tensor]
    ) -> Tensor:
        """x (batch, ...) with `change_one(intervention, x or one row of it)` applied wherever `affects(intervention)`."""
        if len(self.changes) == 1:
            return change_one(self.changes[0], x) if affects(self.changes[0]) else x
        rows = [row for row, change in enumerate(self.changes) if affects(change)]
        if rows:
            x = x.expand(len(self.changes), *x.shape[1:]).clone()
            for row in rows:
                x[row] = change_one(self.changes[row], x[row])
        return x

    # -- edits: each returns what goes on from the site -----------------------------------------------------------------

    def edit_positions(self, side: str, encoding: Tensor, offset: int) -> Tensor:
        """The encoding (length, d_model) of positions offset, offset + 1, ... as wanted; where rows differ, with a batch axis."""
        stack = self.anatomy.stack(side)
        if stack.predicts == "next":
            self.offset = offset
        wanted = lambda change: change.positions_on(stack)  # noqa: E731

        def moved(change: Intervention, x: Tensor) -> Tensor:
            if wanted(change) == "none":
                return torch.zeros_like(x)
            if wanted(change) == "reversed":
                x = x.flip(-2)
            elif wanted(change) == "shuffled":
                x = x[..., shuffled_order(x.size(-2)).to(x.device), :]
            return x * change.position_scale

        edited = self.edit(encoding[None], lambda change: wanted(change) != "trained" or change.position_scale != 1.0, moved)
        return edited[0] if len(edited) == 1 else edited

    def edit_mask(self, kind: str, layer: int, mask: Tensor) -> Tensor:
        """The mask (batch, 1, query, key) of one attention module, without what is taken away."""
        queries, keys = mask.shape[-2:]
        is_self, asks = self.anatomy.kind(kind).is_self, self.anatomy.asking(kind)
        first = self.offset if asks.predicts == "next" else 0
        rows = torch.arange(first, first + queries, device=mask.device)
        columns = torch.arange(keys, device=mask.device)

        def links(change: Intervention) -> list[Link]:
            return [link for link in change.cut if link[0] == kind and link[1] in (None, layer)]

        def sees_all(change: Intervention) -> bool:
            return is_self and asks.predicts == "next" and not change.causal

        def affects(change: Intervention) -> bool:
            return sees_all(change) or (change.window is not None and is_self) or bool(links(change))

        def without(change: Intervention, mask: Tensor) -> Tensor:
            if sees_all(change):
                mask = torch.ones_like(mask)
            if change.window is not None and is_self:
                mask = mask & window_mask(rows, columns, change.window)
            cut = torch.zeros(queries, keys, dtype=torch.bool, device=mask.device)
            for _, _, query, key in links(change):
                row = slice(None) if query is None else query - first
                if query is None or 0 <= query - first < queries:
                    cut[row, slice(None) if key is None else slice(key, key + 1)] = True
            return mask & ~cut

        return self.edit(mask, affects, without)

    def edit_scores(self, kind: str, scores: Tensor) -> Tensor:
        """Scores (batch, head, query, key) with or without 1 / sqrt(d_head)."""
        root = math.sqrt(self.anatomy.kind(kind).d_head)
        return self.edit(scores, lambda change: not change.scaled, lambda _, x: x * root)

    def edit_temperature(self, scores: Tensor) -> Tensor:
        """Scores as softmax gets them: divided by the temperature."""
        return self.edit(scores, lambda change: change.temperature != 1.0, lambda change, x: x / change.temperature)

    def edit_heads(self, kind: str, layer: int, joined: Tensor) -> Tensor:
        """Concatenated head outputs (batch, query, heads * d_head), zero for heads that are off."""
        shape = self.anatomy.kind(kind)

        def off(change: Intervention) -> list[int]:
            return [head for name, at, head in change.heads_off if (name, at) == (kind, layer)]

        def silenced(change: Intervention, x: Tensor) -> Tensor:
            heads = x.unflatten(-1, (shape.heads, shape.d_head)).clone()
            heads[..., off(change), :] = 0.0
            return heads.flatten(-2)

        return self.edit(joined, lambda change: bool(off(change)), silenced)


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Everything that this thread runs inside goes past `recorder`, on the explicit path of attention."""
    hooks, path = _recorder.set(recorder), explicit_attention.set(True)
    try:
        yield recorder
    finally:
        explicit_attention.reset(path)
        _recorder.reset(hooks)


@contextmanager
def running(anatomy: Anatomy, intervention: Intervention = Intervention()) -> Iterator[None]:
    """Everything that this thread runs inside runs with the model as changed, or as it is; nothing is captured.

    A recorder that is active outside sees and changes nothing of it.
    """
    if not intervention.changes_nothing:
        with recording(Recorder(anatomy, intervention, captures=False)):
            yield
        return
    outer = _recorder.get()
    hooks, path = _recorder.set(None), explicit_attention.set(explicit_attention.get() and outer is None)
    try:
        yield
    finally:
        explicit_attention.reset(path)
        _recorder.reset(hooks)


def shuffled_order(length: int) -> Tensor:
    """One fixed order (length,) of the positions for each length; never the trained order where there is another."""
    order = torch.randperm(length, generator=torch.Generator().manual_seed(length))
    return order.roll(1) if torch.equal(order, torch.arange(length)) else order


# -- the sites ----------------------------------------------------------------------------------------------------------


def install(model: Transformer) -> Transformer:
    """Register the hooks, once for the life of the model. Returns the model."""
    for side, stack in ((ENCODER, model.encoder), (DECODER, model.decoder)):
        _install_stack(stack, side)
        for index, layer in enumerate(stack.layers):
            _install_attention(layer.attention, side, index)
            _keep(layer.attention, "written", side)
            _keep(layer.attention_residual, "states", side)
            if side == DECODER:
                _install_attention(layer.cross_attention, CROSS, index)
                _keep(layer.cross_attention, "written", side)
                _keep(layer.cross_attention_residual, "states", side)
            _keep(layer.feed_forward.relu, "units", side)
            _keep(layer.feed_forward, "written", side)
            _keep(layer.feed_forward_residual, "states", side)
    return model


def _on_output(module: nn.Module, visit: Callable[[Recorder, tuple, Tensor], Tensor | None]) -> None:
    """Hook what a module returns: `visit` may return a replacement."""

    def hook(_module: nn.Module, arguments: tuple, output: Tensor) -> Tensor | None:
        recorder = _recorder.get()
        return None if recorder is None else visit(recorder, arguments, output)

    module.register_forward_hook(hook)


def _on_input(module: nn.Module, visit: Callable[[Recorder, tuple], tuple]) -> None:
    """Hook what a module is given: `visit` returns the arguments that it gets instead."""

    def hook(_module: nn.Module, arguments: tuple) -> tuple | None:
        recorder = _recorder.get()
        return None if recorder is None else visit(recorder, arguments)

    module.register_forward_pre_hook(hook)


def _keep(module: nn.Module, what: str, where: str) -> None:
    """Capture what a module returns; never edit it."""
    _on_output(module, lambda recorder, _arguments, output: recorder.keep(what, where, output))


def _install_stack(stack: Stack, side: str) -> None:
    """Token part, positional part and their sum, the first point of the residual stream."""

    def positions(recorder: Recorder, arguments: tuple, encoding: Tensor) -> Tensor:
        encoding = recorder.edit_positions(side, encoding, arguments[1])
        recorder.keep("positions", side, encoding[None])
        return encoding

    _keep(stack.embedding, "embeddings", side)
    _on_output(stack.positions, positions)
    _keep(stack.dropout, "states", side)


def _install_attention(module: MultiHeadAttention, kind: str, layer: int) -> None:
    """Query, key, value, scores, mask, weights and outputs of one attention module."""

    def scores(recorder: Recorder, arguments: tuple) -> tuple:
        scores = recorder.edit_scores(kind, arguments[0])
        mask = recorder.edit_mask(kind, layer, arguments[1].expand(len(scores), 1, *scores.shape[-2:]))
        recorder.keep("scores", kind, scores)
        recorder.keep("mask", kind, mask)
        return recorder.edit_temperature(scores), mask

    def outputs(recorder: Recorder, arguments: tuple) -> tuple:
        joined = recorder.edit_heads(kind, layer, arguments[0])
        recorder.keep("outputs", kind, joined)
        return (joined,)

    for name in ("query", "key", "value"):
        _keep(getattr(module, name), name, kind)
    _on_input(module.softmax, scores)
    _keep(module.softmax, "weights", kind)
    _on_input(module.output, outputs)


# -- from sites to a Trace ----------------------------------------------------------------------------------------------


def capture(
    model: Transformer, source: Tokens, target: Tokens, labels: Tokens, intervention: Intervention, anatomy: Anatomy | None = None
) -> Trace:
    """One teacher-forced pass over (source, target) under the hooks: everything that it computed, as a Trace.

    A model without the look-ahead mask is read as one whose mask is off: that is what its Trace says.
    anatomy: the model's own, with the names of its languages; None: without them.
    """
    anatomy = anatomy or model.anatomy
    intervention = replace(intervention, causal=intervention.causal and model.config.masked)
    source_ids, target_ids, label_ids = (torch.tensor([part.ids], device=model.device) for part in (source, target, labels))
    with torch.no_grad(), recording(Recorder(anatomy, intervention)) as recorder:
        logits = model(source_ids, target_ids)[0]
    got = recorder.captured
    sides = anatomy.stack_names
    return Trace(
        axes=dict(zip(sides, (Axis(source), Axis(target, labels)), strict=True)),
        intervention=intervention,
        anatomy=anatomy,
        attention={kind.name: _attention(got, kind) for kind in anatomy.kinds},
        residual={stack.name: _residual(got, stack) for stack in anatomy.stacks},
        embeddings={side: _own(got["embeddings", side][0]) for side in sides},
        positions={side: _own(got["positions", side][0]) for side in sides},  # as trained, it is a view of the model's table
        feed_forward={side: torch.stack(got["units", side]) for side in sides},
        logits=_own(logits),
        loss=F.cross_entropy(logits, label_ids[0], reduction="none"),
    )


def _own(tensor: Tensor) -> Tensor:
    """The tensor in contiguous memory of its own, without a graph."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _attention(got: dict[tuple[str, str], list[Tensor]], kind: Kind) -> Attention:
    """The captured tensors of one kind, layer by layer, with the heads apart."""

    def heads(what: str, count: int) -> Tensor:  # (layer, position, count * d_head) -> (layer, head, position, d_head)
        return torch.stack(got[what, kind.name]).unflatten(-1, (count, kind.d_head)).transpose(1, 2).contiguous()

    return Attention(
        weights=torch.stack(got["weights", kind.name]),
        scores=torch.stack(got["scores", kind.name]),
        mask=torch.stack(got["mask", kind.name]),
        queries=heads("query", kind.heads),
        keys=heads("key", kind.key_heads),
        values=heads("value", kind.key_heads),
        outputs=heads("outputs", kind.heads),
    )


def _residual(got: dict[tuple[str, str], list[Tensor]], stack: Layers) -> Residual:
    """The residual stream of one stack, with a label for every point."""
    states, written = (torch.stack(got[what, stack.name]) for what in ("states", "written"))
    return Residual(states, written, stack.points)
