"""The recorder: edits and captures what passes the sites of a model. Shared by every model that can be looked into.

A site is a place where a model's hook asks for the recorder of the running thread (a context variable) and, where there is one,
hands it what passes by. Without one, nothing happens. So threads that share a model never see each other, and no model knows of
all this. Where the hooks of our own transformer sit: `sites`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from model.instrument.donors import NO_DONORS, Donors, put
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.transformer.attention import explicit_attention
from model.transformer.masks import window_mask

_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


class Recorder:
    """Applies Interventions to one pass and, if it captures, keeps what every site returned, in the order of the pass.

    intervention: one for the whole batch, or one for each batch row. donors: what their patches are taken from. Sites are (what, where): ("weights", "cross"),
    ("written", "encoder"), ... One entry is appended per layer or sublayer.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        intervention: Intervention | Sequence[Intervention],
        captures: bool = True,
        donors: Donors = NO_DONORS,
    ) -> None:
        self.anatomy, self.captures, self.donors = anatomy, captures, donors
        self.changes = (intervention,) if isinstance(intervention, Intervention) else tuple(intervention)
        if not self.changes or not all(isinstance(change, Intervention) for change in self.changes):
            raise ValueError("A Recorder needs one Intervention, or one for each row of the batch.")
        self.captured: dict[tuple[str, str], list[Tensor]] = defaultdict(list)
        self.offset = 0  # positions of the stack that predicts that a key/value cache already holds

    def keep(self, what: str, where: str, tensor: Tensor) -> None:
        """Remember what a site returned, (batch, ...); batch row 0, since a Trace is of one pair."""
        if self.captures:
            self.captured[what, where].append(tensor[0])

    def edit(
        self, x: Tensor, affects: Callable[[Intervention], bool], change_one: Callable[[Intervention, Tensor], Tensor]
    ) -> Tensor:
        """x (batch, ...) with `change_one` applied wherever `affects` is true of an Intervention.

        one for the batch      x            ->  change_one(change, x)
        one for each row       x[0]  x[1]   ->  x[0], which its change leaves alone;  change_one(changes[1], x[1]);  ...
                               where x has one row for all, it is first repeated for each of them
        """
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

        def affects(change: Intervention) -> bool:
            return change.positions_on(stack) != "trained" or change.position_scale != 1.0

        def moved(change: Intervention, x: Tensor) -> Tensor:
            edit = change.positions_on(stack)
            return torch.zeros_like(x) if edit == "none" else reordered(edit, x, -2) * change.position_scale

        edited = self.edit(encoding[None], affects, moved)
        return edited[0] if len(edited) == 1 else edited

    def edit_rotation(self, side: str, turns: Tensor) -> Tensor:
        """Rotary positions (Su et al. 2021) as wanted: cosines and sines that turn queries and keys, (batch, 2, position, angle)."""
        stack = self.anatomy.stack(side)

        def moved(change: Intervention, x: Tensor) -> Tensor:
            edit = change.positions_on(stack)
            if edit == "none":  # no angle, and the length of a turn as it was: some models scale both
                length = torch.hypot(*x.unbind(-3))
                return torch.stack([length, torch.zeros_like(length)], -3)
            return reordered(edit, x, -2)

        return self.edit(turns, lambda change: change.positions_on(stack) != "trained", moved)

    def edit_bias(self, kind: str, bias: Tensor) -> Tensor:
        """The bias (batch, head, query, key) that relative positions add to the scores of self-attention (Raffel et al. 2020), as wanted."""
        stack = self.anatomy.asking(kind)

        def affects(change: Intervention) -> bool:
            return change.positions_on(stack) != "trained" or change.position_scale != 1.0

        def moved(change: Intervention, x: Tensor) -> Tensor:
            edit = change.positions_on(stack)
            return torch.zeros_like(x) if edit == "none" else reordered(edit, x, -2, -1) * change.position_scale

        return self.edit(bias, affects, moved) if self.anatomy.kind(kind).is_self else bias

    def edit_mask(self, kind: str, layer: int, mask: Tensor) -> Tensor:
        """The mask (batch, 1, query, key) of one attention module, without what is taken away."""
        queries, keys = mask.shape[-2:]
        shape, asks = self.anatomy.kind(kind), self.anatomy.asking(kind)
        is_self = shape.is_self
        first = self.offset if asks.predicts == "next" else 0

        def links(change: Intervention) -> list[Link]:
            return [link for link in change.cut if link[0] == kind and link[1] in (None, layer)]

        def sees_all(change: Intervention) -> bool:
            return is_self and (shape.masked or asks.predicts == "next") and not change.causal

        def affects(change: Intervention) -> bool:
            return sees_all(change) or (change.window is not None and is_self) or bool(links(change))

        def without(change: Intervention, mask: Tensor) -> Tensor:
            if sees_all(change):
                mask = torch.ones_like(mask)
            if change.window is not None and is_self:
                rows, columns = (torch.arange(end, device=mask.device) for end in (first + queries, keys))
                mask = mask & window_mask(rows[first:], columns, change.window)
            cut = torch.zeros(queries, keys, dtype=torch.bool, device=mask.device)
            for _, _, query, key in links(change):
                row = slice(None) if query is None else query - first
                if query is None or 0 <= query - first < queries:
                    cut[row, slice(None) if key is None else slice(key, key + 1)] = True
            return mask & ~cut

        return self.edit(mask, affects, without)

    def edit_scores(self, kind: str, scores: Tensor) -> Tensor:
        """Scores (batch, head, query, key) with or without their division by sqrt(d_head); what else a model multiplies with is its query's."""
        root = math.sqrt(self.anatomy.kind(kind).d_head)
        return self.edit(scores, lambda change: not change.scaled, lambda _, x: x * root)

    def edit_temperature(self, scores: Tensor) -> Tensor:
        """Scores (batch, head, query, key) as softmax gets them: divided by the temperature."""
        return self.edit(scores, lambda change: change.temperature != 1.0, lambda change, x: x / change.temperature)

    def edit_states(self, stack: str, part: str, layer: int | None, x: Tensor) -> Tensor:
        """What a sublayer writes, or the stream behind a layer, (batch, position, d_model), with what is taken from a donor."""
        place = (stack, part, layer, None)
        return self.edit(x, lambda change: bool(change.patch and change.patch.at(*place)), partial(self._patched, place=place))

    def _patched(self, change: Intervention, x: Tensor, place: tuple[str, str, int | None, int | None]) -> Tensor:
        """x (..., position, width) with what the donor has at a place."""
        if change.patch is None:
            return x
        x, first = x.clone(), self.offset if self.anatomy.stack(place[0]).predicts == "next" else None
        for site in change.patch.at(*place):
            put(x, change.patch, site, self.donors, first)
        return x

    def edit_heads(self, kind: str, layer: int, joined: Tensor) -> Tensor:
        """Concatenated head outputs (batch, query, heads * d_head), taken from a donor where patched, zero for heads that are off."""
        shape, stack = self.anatomy.kind(kind), self.anatomy.asking(kind).name

        def patched_heads(change: Intervention) -> set[int]:
            return (
                set()
                if change.patch is None
                else {site[3] for site in change.patch.at(stack, kind, layer) if site[3] is not None}
            )

        def patched(change: Intervention, x: Tensor) -> Tensor:
            heads = list(x.unflatten(-1, (shape.heads, shape.d_head)).unbind(-2))  # (..., query, d_head) each
            for head in patched_heads(change):
                heads[head] = self._patched(change, heads[head], (stack, kind, layer, head))
            return torch.stack(heads, -2).flatten(-2)

        joined = self.edit(joined, lambda change: bool(patched_heads(change)), patched)

        def off(change: Intervention) -> list[int]:
            return [head for name, at, head in change.heads_off if (name, at) == (kind, layer)]

        def silenced(change: Intervention, x: Tensor) -> Tensor:
            heads = x.unflatten(-1, (shape.heads, shape.d_head)).clone()
            heads[..., off(change), :] = 0.0
            return heads.flatten(-2)

        return self.edit(joined, lambda change: bool(off(change)), silenced)


def active_recorder() -> Recorder | None:
    """The recorder of this thread, for sites that are no hooks; None where nothing records."""
    return _recorder.get()


def is_recording() -> bool:
    """Whether a recorder is active in this thread: what runs must then pass the sites."""
    return active_recorder() is not None


AnyRecorder = TypeVar("AnyRecorder", bound=Recorder)


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
def running(anatomy: Anatomy, intervention: Intervention = Intervention(), donors: Donors = NO_DONORS) -> Iterator[None]:
    """Everything that this thread runs inside runs with the model as changed, or as it is; nothing is captured.

    donors: what a patch is taken from. A recorder that is active outside sees and changes nothing of it.
    """
    if not intervention.changes_nothing:
        with recording(Recorder(anatomy, intervention, captures=False, donors=donors)):
            yield
        return
    outer = _recorder.get()
    hooks, path = _recorder.set(None), explicit_attention.set(explicit_attention.get() and outer is None)
    try:
        yield
    finally:
        explicit_attention.reset(path)
        _recorder.reset(hooks)


def reordered(edit: str, x: Tensor, *axes: int) -> Tensor:
    """x with the positions along some axes in another order, "reversed" or "shuffled"; as it is for any other edit."""
    for axis in axes:
        if edit == "reversed":
            x = x.flip(axis)
        elif edit == "shuffled":
            x = x.index_select(axis, shuffled_order(x.size(axis)).to(x.device))
    return x


def shuffled_order(length: int) -> Tensor:
    """One fixed order (length,) of the positions for each length; never the trained order where there is another."""
    order = torch.randperm(length, generator=torch.Generator().manual_seed(length))
    return order.roll(1) if torch.equal(order, torch.arange(length)) else order


Arguments = tuple[Any, ...]  # of a module's forward

# -- hooks: what the sites of a model are made of ------------------------------------------------------------------------


def on_output(module: nn.Module, visit: Callable[[Recorder, Arguments, Any], Any]) -> None:
    """Hook what a module returns, for the life of the module: `visit` may return a replacement."""

    def hook(_module: nn.Module, arguments: Arguments, output: Any) -> Any:
        recorder = _recorder.get()
        return None if recorder is None else visit(recorder, arguments, output)

    module.register_forward_hook(hook)


def on_input(module: nn.Module, visit: Callable[[Recorder, Arguments], Arguments]) -> None:
    """Hook what a module is given, for the life of the module: `visit` returns the arguments that it gets instead."""

    def hook(_module: nn.Module, arguments: Arguments) -> Arguments | None:
        recorder = _recorder.get()
        return None if recorder is None else visit(recorder, arguments)

    module.register_forward_pre_hook(hook)


def keep_output(module: nn.Module, what: str, where: str) -> None:
    """Capture what a module returns, as `Recorder.captured[what, where]`; never edit it."""
    on_output(module, lambda recorder, _arguments, output: recorder.keep(what, where, output))
