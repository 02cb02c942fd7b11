"""A probe finds what there is to look at in a model by numbers, not by names: a pass over a few tokens that writes down every tensor.

A point of the residual stream is a tensor that is an earlier one plus what some module wrote; feed-forward units are what the last
matrix of a sublayer reads; positions are what is the same for other tokens. What cannot be found so is missing, and said to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.instrument.module_pass import Pass
from model.instrument.recorder import recording
from model.trace.anatomy import QUERY_STREAM, Anatomy, Kind, Norm, Scores, Stack
from model.trace.intervention import Intervention
from model.transformer.config import CROSS, DECODER, ENCODER

TITLES = {ENCODER: "Encoder", DECODER: "Decoder"}
CONTENT_STREAM = "Content stream"  # what the other one is called where there are two
CLOSE = 1e-5  # of the larger of two numbers: what rounding may be
UNKNOWN = Anatomy((Stack(DECODER, "", "", 0, (), "nothing"),), (), 1, 1, "none", "pre")  # while nothing is known yet
Site = tuple[nn.Module, str, int]  # a module, "in" or "out", and which of its calls in a pass


class QueryStream(nn.Module):
    """Under which attention of a second stream passes, where one module serves both."""


class Event(NamedTuple):
    """What went into a module, or came out."""

    site: Site
    tensor: Tensor  # the first of it, (row, width)
    parts: tuple[Any, ...]


class Call(NamedTuple):
    """A call of attention; (batch, head, position, d_head) each."""

    at: int  # events before it
    module: nn.Module
    query: torch.Size
    key: torch.Size
    value: torch.Size
    causal: bool
    scaling: float
    biased: bool


class Log(Pass):
    """Everything that passes, edited by nothing."""

    def __init__(self) -> None:
        super().__init__({}, UNKNOWN, Intervention(), captures=False)
        self.events: list[Event] = []
        self.attention: list[Call] = []

    def attend(
        self,
        module: nn.Module,
        qkv: tuple[Tensor, ...],
        mask: Tensor | None,
        scaling: float,
        bias: Tensor | None,
        relative: bool = True,
    ) -> Tensor:
        """Write down what the call is like."""
        query, key, value = qkv
        allowed = torch.ones(query.size(2), key.size(2), dtype=torch.bool, device=key.device) if mask is None else mask
        causal, biased = not bool(allowed.triu(1).any()), bias is not None and bool(bias.any())
        self.attention.append(Call(len(self.events), module, query.shape, key.shape, value.shape, causal, scaling, biased))
        keys, values = (x.repeat_interleave(query.size(1) // x.size(1), 1) for x in (key, value))
        seen = allowed if bias is None else bias.masked_fill(~allowed, float("-inf"))
        return F.scaled_dot_product_attention(query, keys, values, seen, scale=scaling).transpose(1, 2)

    def note(self, module: nn.Module, arrow: str, value: Any) -> None:
        """Write down what goes into a module, or comes out."""
        parts = value if isinstance(value, tuple) else (value,)
        at = self.call(module, arrow)
        if parts and isinstance(parts[0], Tensor) and parts[0].dim():
            self.events.append(Event((module, arrow, at), parts[0].detach().flatten(0, -2), parts))


@contextmanager
def watching(model: nn.Module) -> Iterator[Log]:
    """Everything that the model runs inside is written down."""
    log = Log()
    hooks = [module.register_forward_pre_hook(lambda module, given: log.note(module, "in", given)) for module in model.modules()]
    hooks += [module.register_forward_hook(lambda module, _, got: log.note(module, "out", got)) for module in model.modules()]
    try:
        with torch.no_grad(), recording(log):
            yield log
    finally:
        for hook in hooks:
            hook.remove()


class Stream(NamedTuple):
    """Where the residual stream of a stack can be seen: what a Recorder keeps ("states", "written", "units", "middle") and where."""

    norm: Norm
    taps: list[tuple[str, Site]]


def find_stream(events: list[Event], calls: list[Call], width: int, per_layer: int) -> Stream | None:
    """The points of a stack from the attention calls of its rows, `per_layer` in each layer; None where they do not add up."""
    rows, starts = calls[0].query[2], [call.at for call in calls]
    own = [at for at, event in enumerate(events) if event.tensor.shape == (rows, width)]
    windows = [[at for at in own if low <= at < high] for low, high in zip(starts, [*starts[1:], len(events)], strict=True)]
    norms: tuple[Norm, ...] = ("pre", "post", "parallel")
    for norm in norms:
        for first in (at for at in reversed(own) if at < starts[0]):
            taps = _walk(events, first, windows, per_layer, norm)
            if taps is not None:
                sandwich = norm == "pre" and all(getattr(site[0], "weight", events[0].tensor).dim() == 1 for what, site in taps if what == "written")  # fmt: skip
                return Stream("sandwich" if sandwich else norm, taps)
    return None


def _walk(events: list[Event], first: int, windows: list[list[int]], per_layer: int, norm: Norm) -> list[tuple[str, Site]] | None:
    """What can be seen of a stream that begins at event `first`, if every sublayer adds to it as this norm says; None else."""
    state = at = first
    taps = [("states", events[first].site)]
    for number, window in enumerate(windows, start=1):
        last = number % per_layer == 0  # a feed-forward sublayer follows, or stands beside
        for sublayer in range(1 if norm == "parallel" or not last else 2):
            left = [event for event in window if event > at]
            found = _step(events, left, events[state].tensor, writers=2 if norm == "parallel" else 1)
            if found is None:
                return None
            *writers, at = found
            outer = behind(events, at) if norm == "post" else at
            if outer is None:
                return None
            state = outer
            if last and (sublayer or norm == "parallel"):
                taps += _units(events, left[0], at, events[state].tensor.shape)
            taps += [("written", events[writer].site) for writer in writers]
            taps += [("middle", events[writers[0]].site)] * (len(writers) - 1) + [("states", events[state].site)]
    return taps


def _step(events: list[Event], window: list[int], state: Tensor, writers: int) -> tuple[int, ...] | None:
    """The first event that is `state` plus what one module has written before it (or two); (writer, ..., event), None where none is."""
    if not window:
        return None
    x = torch.stack([events[at].tensor for at in window])  # (event, row, width)
    out = torch.tensor([events[at].site[1] == "out" for at in window], device=x.device)
    for j in range(1, len(window)):
        near = CLOSE * torch.maximum(state.abs().amax(-1), x[j].abs().amax(-1))  # (row,)
        can = [k for k in range(j) if out[k] and bool((x[k].abs().amax(-1) > 30 * near).any())]
        for first in [None] if writers == 1 else can:
            rest = x[j] - state - (0 if first is None else x[first])
            for k in can:
                if (first is None or k > first) and bool(((rest - x[k]).abs().amax(-1) <= near).all()):
                    return (window[k], window[j]) if first is None else (window[first], window[k], window[j])
    return None


def behind(events: list[Event], at: int) -> int | None:
    """The event that comes out where event `at` went in: the other side of a norm."""
    module, _, call = events[at].site
    return next((later for later in range(at, len(events)) if events[later].site == (module, "out", call)), None)


def _units(events: list[Event], low: int, high: int, shape: torch.Size) -> list[tuple[str, Site]]:
    """What goes into the last matrix between two events that maps to the stream: feed-forward units; none where there is no such."""
    for at in reversed(range(low, high)):
        (module, arrow, _), tensor = events[at].site, events[at].tensor
        weight, out = getattr(module, "weight", None), behind(events, at) if arrow == "in" else None
        if out is None or not isinstance(weight, Tensor) or weight.dim() != 2 or events[out].tensor.shape != shape:
            continue
        if len(tensor) == shape[0] and {*weight.shape} == {tensor.size(-1), shape[1]}:
            return [("units", events[at].site)]
    return []


class Beginning(NamedTuple):
    """What a stack begins with."""

    embedding: Site | None  # of the tokens, before any position
    scale: float  # on it, as it is added
    positions: Site | None  # a vector for each position, which is added
    rotations: list[nn.Module]  # modules whose cosines and sines turn queries and keys
    table: Tensor  # what is added for the first positions, (position, width)
    longest: int | None  # positions that a table has


def find_beginning(events: list[Event], others: dict[Site, Event], start: int, ids: Tensor, first: Tensor | None) -> Beginning:
    """Embeddings and positions of a stack that reads ids (position,). others: the events of a pass over other ids.

    start: events before its first attention; first: the first point of its stream.
    """
    rows = len(ids)
    before = [event for event in events[:start] if event.site[1] == "out" and len(event.tensor) == rows]
    reads = [e.site for e in events[:start] if e.site[1] == "in" and not e.parts[0].is_floating_point() and torch.equal(e.parts[0].flatten(), ids)]  # fmt: skip
    embedding = next((event for event in before if any(event.site[::2] == site[::2] for site in reads) and event.tensor.size(-1) > 1), None)  # fmt: skip
    same = [event for event in before if event.site in others and torch.equal(event.tensor, others[event.site].tensor)]
    rotations = [event for event in same if len(event.parts) == 2 and isinstance(event.parts[1], Tensor)]
    width = 0 if embedding is None else embedding.tensor.size(-1)
    added = [e for e in same if len(e.parts) == 1 and e.tensor.size(-1) == width and not bool((e.tensor == e.tensor[0]).all())]
    table = added[0].tensor if added else torch.zeros(rows, width, device=ids.device)
    scale = 1.0
    if embedding is not None and first is not None and first.shape == table.shape:
        rest, vectors = first - table, embedding.tensor
        factor = float((rest * vectors).sum() / (vectors * vectors).sum())
        scale = factor if bool(((rest - factor * vectors).abs() <= CLOSE * rest.abs().max()).all()) else 1.0
    longest = None
    if added and isinstance(added[0].site[0], nn.Embedding):
        weights = added[0].site[0].weight
        longest = len(weights) - int((weights == table[0]).all(-1).nonzero()[0])
    return Beginning(
        embedding and embedding.site,
        scale,
        added[0].site if added else None,
        list(dict.fromkeys(e.site[0] for e in rotations)),
        table,
        longest,
    )


def find_kinds(calls: list[Call], lengths: list[int]) -> tuple[list[Kind], dict[nn.Module, list[tuple[str, int]]]]:
    """The kinds of attention, told by how many tokens ask and answer, and the kind and layer of every call of a module.

    lengths: tokens that each stack reads, all different. Raises ValueError, in words, for layers that are not alike.
    """
    names = [ENCODER, DECODER] if len(lengths) > 1 else [DECODER if all(call.causal for call in calls) else ENCODER]
    stack = dict(zip(lengths, names, strict=True))
    found, places = defaultdict[str, list[Call]](list), defaultdict[nn.Module, list[tuple[str, int]]](list)
    for call in calls:
        asks, answers = stack[call.query[2]], stack[call.key[2]]
        name = QUERY_STREAM if isinstance(call.module, QueryStream) else asks if asks == answers else CROSS
        places[call.module].append((name, len(found[name])))
        found[name].append(call)
    kinds = []
    for name in sorted(found, key=[ENCODER, DECODER, CROSS, QUERY_STREAM].index):
        own = found[name]
        asks, answers = stack[own[0].query[2]], stack[own[0].key[2]]
        if len({(*call.query, *call.key, *call.value) for call in own}) > 1 or own[0].key[3] != own[0].value[3]:
            raise ValueError("its heads are not alike in all layers, or their values are of another size than their keys")
        scores: Scores = "dot + bias" if any(call.biased for call in own) else "dot" if all(call.scaling == 1 for call in own) else "scaled dot"  # fmt: skip
        title = "Cross-attention" if name == CROSS else f"{TITLES[asks]} self-attention"
        if QUERY_STREAM in found:
            title = "Query stream" if name == QUERY_STREAM else CONTENT_STREAM
        heads, key_heads, d_head = own[0].query[1], own[0].key[1], own[0].query[3]
        masked = asks == answers and all(call.causal for call in own)
        kinds.append(Kind(name, title, asks, answers, len(own), heads, key_heads, d_head, masked, scores))
    return kinds, dict(places)
