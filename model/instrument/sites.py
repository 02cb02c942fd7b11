"""The sites of our transformer: where the hooks sit on its named submodules, and how a Trace is put together from them.

`install(model)` registers the hooks, once for the life of the model; what passes them is edited and captured by a `Recorder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.instrument.recorder import Arguments, Recorder, keep_output, on_input, on_output, recording
from model.trace.anatomy import Anatomy, Kind
from model.trace.anatomy import Stack as Layers
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import Attention, Axis, Residual, Trace
from model.transformer.attention import MultiHeadAttention, destinations
from model.transformer.config import CROSS, DECODER, ENCODER
from model.transformer.transformer import DecoderLayer, Stack, Transformer

LOSS_ROWS = 64  # rows of logits whose cross-entropy is computed at a time

# -- the sites ----------------------------------------------------------------------------------------------------------


def install(model: Transformer) -> Transformer:
    """Register the hooks, once for the life of the model. Returns the model."""
    for side, stack in ((ENCODER, model.encoder), (DECODER, model.decoder)):
        _install_stack(stack, side)
        for layer in stack.blocks:
            keep_output(layer.attention, "written", side)
            keep_output(layer.attention_residual, "states", side)
            if isinstance(layer, DecoderLayer):
                keep_output(layer.cross_attention, "written", side)
                keep_output(layer.cross_attention_residual, "states", side)
            keep_output(layer.feed_forward.relu, "units", side)
            keep_output(layer.feed_forward, "written", side)
            keep_output(layer.feed_forward_residual, "states", side)
    for kind, modules in _attention_modules(model).items():
        for index, module in enumerate(modules):
            _install_attention(module, kind, index)
    return model


def _attention_modules(model: Transformer) -> dict[str, list[MultiHeadAttention]]:
    """By kind, its modules, a layer each."""
    decoder = [layer for layer in model.decoder.blocks if isinstance(layer, DecoderLayer)]
    return {
        ENCODER: [layer.attention for layer in model.encoder.blocks],
        DECODER: [layer.attention for layer in decoder],
        CROSS: [layer.cross_attention for layer in decoder],
    }


def _install_stack(stack: Stack, side: str) -> None:
    """Token part, positional part and their sum, the first point of the residual stream."""

    def positions(recorder: Recorder, arguments: Arguments, encoding: Tensor) -> Tensor:
        encoding = recorder.edit_positions(side, encoding, arguments[1])
        recorder.keep("positions", side, encoding[None])
        return encoding

    keep_output(stack.embedding, "embeddings", side)
    on_output(stack.positions, positions)
    keep_output(stack.dropout, "states", side)


def _install_attention(module: MultiHeadAttention, kind: str, layer: int) -> None:
    """Query, key, value, scores, mask, weights and outputs of one attention module."""

    def scores(recorder: Recorder, arguments: Arguments) -> Arguments:
        scores = recorder.edit_scores(kind, arguments[0])
        mask = recorder.edit_mask(kind, layer, arguments[1].expand(len(scores), 1, *scores.shape[-2:]))
        recorder.keep("scores", kind, scores)
        recorder.keep("mask", kind, mask)
        return recorder.edit_temperature(scores), mask

    def outputs(recorder: Recorder, arguments: Arguments) -> Arguments:
        joined = recorder.edit_heads(kind, layer, arguments[0])
        recorder.keep("outputs", kind, joined)
        return (joined,)

    for name in ("query", "key", "value"):
        keep_output(getattr(module, name), name, kind)
    on_input(module.softmax, scores)
    keep_output(module.softmax, "weights", kind)
    on_input(module.output, outputs)


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
    maps = _empty_maps(anatomy, {ENCODER: source_ids, DECODER: target_ids}) if intervention.changes_nothing else {}
    with torch.no_grad(), recording(Recorder(anatomy, intervention)) as recorder, _writing(model, maps):
        logits = model(source_ids, target_ids)[0]
    got = recorder.captured
    sides = anatomy.stack_names
    return Trace(
        axes=dict(zip(sides, (Axis(source), Axis(target, labels)), strict=True)),
        intervention=intervention,
        anatomy=anatomy,
        attention={kind.name: _attention(got, kind, maps.get(kind.name)) for kind in anatomy.kinds},
        residual={stack.name: _residual(got, stack) for stack in anatomy.stacks},
        embeddings={side: _own(got["embeddings", side][0]) for side in sides},
        positions={side: _own(got["positions", side][0]) for side in sides},  # as trained, it is a view of the model's table
        feed_forward={side: torch.stack(got["units", side]) for side in sides},
        logits=logits,
        loss=_loss(logits, label_ids[0]),
    )


Maps = tuple[Tensor, Tensor]  # scores and weights of one kind, (layer, head, query, key) each


def _empty_maps(anatomy: Anatomy, ids: Mapping[str, Tensor]) -> dict[str, Maps]:
    """By kind, memory for what a pass over these ids (1, position), by stack, writes."""
    found = {}
    for kind in anatomy.kinds:
        asking, answering = ids[kind.asks], ids[kind.answers]
        shape = (kind.layers, kind.heads, asking.size(1), answering.size(1))
        found[kind.name] = torch.empty(shape, device=asking.device), torch.empty(shape, device=asking.device)
    return found


@contextmanager
def _writing(model: Transformer, maps: Mapping[str, Maps]) -> Iterator[None]:
    """Scores and weights of a batch of one are written here, where a kind is in `maps`: only for a model that nothing edits."""
    modules = _attention_modules(model)
    places: dict[nn.Module, Maps] = {
        module: (scores[None], weights[None])
        for name, parts in maps.items()
        for module, scores, weights in zip(modules[name], *parts, strict=True)
    }
    token = destinations.set(places)
    try:
        yield
    finally:
        destinations.reset(token)


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each label (row,), nats; a few rows at a time, so that no second matrix of the size of the logits is needed."""
    rows = zip(logits.split(LOSS_ROWS), labels.split(LOSS_ROWS), strict=True)
    return torch.cat([F.cross_entropy(some, wanted, reduction="none") for some, wanted in rows])


def _own(tensor: Tensor) -> Tensor:
    """The tensor in contiguous memory of its own, without a graph."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _attention(got: dict[tuple[str, str], list[Tensor]], kind: Kind, maps: Maps | None) -> Attention:
    """The captured tensors of one kind, layer by layer, with the heads apart. maps: scores and weights, written there already."""

    def heads(what: str, count: int) -> Tensor:  # (position, count * d_head) of each layer -> (layer, head, position, d_head)
        return torch.stack([x.unflatten(-1, (count, kind.d_head)).transpose(0, 1) for x in got[what, kind.name]])

    scores, weights = maps or (torch.stack(got[what, kind.name]) for what in ("scores", "weights"))
    return Attention(
        weights=weights,
        scores=scores,
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
