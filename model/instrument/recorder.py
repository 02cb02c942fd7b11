"""The recorder: what applies changes to a pass and keeps what it computed, whatever model runs.

A model's hooks ask `active_recorder()` at every site. A context variable holds it, so threads that share a model never see each
other; without one the hooks do nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import torch
from torch import Tensor

from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.transformer.attention import explicit_attention
from model.transformer.masks import window_mask

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


AnyRecorder = TypeVar("AnyRecorder", bound=Recorder)


def active_recorder() -> Recorder | None:
    """The recorder that this thread runs under; None where there is none."""
    return _recorder.get()


@contextmanager
def recording(recorder: AnyRecorder) -> Iterator[AnyRecorder]:
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
