"""The sites of our models: where the hooks sit on their named submodules.

`install(model)` registers the hooks, once for the life of the model; what passes them is edited and captured by a `Recorder`.
Those of the recurrent translator: `recurrent_sites`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from model.instrument import recurrent_sites
from model.instrument.assembly import assemble
from model.instrument.donors import NO_DONORS, Donors
from model.instrument.in_place import trace_in_place
from model.instrument.recorder import Arguments, Recorder, keep_output, on_input, on_output, recording, running
from model.trace.anatomy import FEED_FORWARD, Anatomy
from model.trace.intervention import Intervention
from model.trace.patch import EMBEDDING, RESIDUAL
from model.trace.tokens import Tokens
from model.trace.trace import Axis, Trace
from model.transformer.alone import Alone
from model.transformer.architecture import AnyModel
from model.transformer.attention import MultiHeadAttention
from model.transformer.config import CROSS
from model.transformer.masks import causal_mask
from model.transformer.recurrent import Recurrent
from model.transformer.transformer import DecoderLayer, Stack, Transformer

Model = TypeVar("Model", bound=AnyModel)

# -- the sites ----------------------------------------------------------------------------------------------------------


def install(model: Model) -> Model:
    """Register the hooks, once for the life of the model. Returns the model."""
    if isinstance(model, Recurrent):
        recurrent_sites.install(model)
        return model
    for side, stack in model.stacks.items():
        _install_stack(stack, side)
        for index, layer in enumerate(stack.blocks):
            _install_output(layer.attention, "written", side, side, index)
            keep_output(layer.attention_residual, "states", side)
            if isinstance(layer, DecoderLayer):
                _install_output(layer.cross_attention, "written", side, CROSS, index)
                keep_output(layer.cross_attention_residual, "states", side)
            keep_output(layer.feed_forward.relu, "units", side)
            _install_output(layer.feed_forward, "written", side, FEED_FORWARD, index)
            _install_output(layer.feed_forward_residual, "states", side, RESIDUAL, index)
    for kind, modules in _attention_modules(model).items():
        for index, module in enumerate(modules):
            _install_attention(module, kind, index)
    return model


def _attention_modules(model: Transformer | Alone) -> dict[str, list[MultiHeadAttention]]:
    """By kind, its modules, a layer each."""
    found = {}
    for kind in model.anatomy.kinds:
        layers = model.stacks[kind.asks].blocks
        crosses = [layer.cross_attention for layer in layers if isinstance(layer, DecoderLayer)]
        found[kind.name] = [layer.attention for layer in layers] if kind.is_self else crosses
    return found


def _install_stack(stack: Stack, side: str) -> None:
    """Token part, positional part and their sum, the first point of the residual stream."""

    def positions(recorder: Recorder, arguments: Arguments, encoding: Tensor) -> Tensor:
        encoding = recorder.edit_positions(side, encoding, arguments[1])
        recorder.keep("positions", side, encoding[None])
        return encoding

    keep_output(stack.embedding, "embeddings", side)
    on_output(stack.positions, positions)
    _install_output(stack.dropout, "states", side, EMBEDDING, None)


def _install_output(module: nn.Module, what: str, side: str, part: str, layer: int | None) -> None:
    """What a module returns, a part of its layer that can be patched."""

    def visit(recorder: Recorder, _: Arguments, output: Tensor) -> Tensor:
        output = recorder.edit_states(side, part, layer, output)
        recorder.keep(what, side, output)
        return output

    on_output(module, visit)


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


# -- a pass under them --------------------------------------------------------------------------------------------------


def capture(
    model: Transformer | Recurrent, source: Tokens, target: Tokens, labels: Tokens, intervention: Intervention,
    anatomy: Anatomy | None = None, donors: Donors = NO_DONORS,
) -> Trace:  # fmt: skip
    """One teacher-forced pass over (source, target) under the hooks: everything that it computed, as a Trace.

    A model without the look-ahead mask is read as one whose mask is off: that is what its Trace says.
    anatomy: the model's own, with the names of its languages; None: without them. donors: what a patch is taken from.
    """
    return _captured(model, (source, target), labels, intervention, anatomy or model.anatomy, donors)


def capture_alone(
    model: Alone, tokens: Tokens, labels: Tokens, intervention: Intervention, anatomy: Anatomy, donors: Donors = NO_DONORS
) -> Trace:
    """The same of a model of one stack, which reads `tokens`; labels: what each row must predict."""
    return _captured(model, (tokens,), labels, intervention, anatomy, donors)


def _captured(
    model: AnyModel, read: tuple[Tokens, ...], labels: Tokens, intervention: Intervention, anatomy: Anatomy, donors: Donors
) -> Trace:
    """One pass over what the stacks read, in their order; the last one predicts `labels`."""
    intervention = replace(intervention, causal=intervention.causal and model.config.masked)
    axes = {name: Axis(part) for name, part in zip(anatomy.stack_names, read, strict=True)}
    axes[anatomy.stack_names[-1]] = Axis(read[-1], labels)
    ids = [torch.tensor([part.ids], device=model.device) for part in read]
    plain = intervention.changes_nothing and not model.training and not any((row == model.config.pad_id).any() for row in ids)
    if plain and not isinstance(model, Recurrent):
        lengths = {name: len(axis.read) for name, axis in axes.items()}
        everything = torch.ones(1, 1, dtype=torch.bool, device=model.device)
        masks = {
            kind.name: causal_mask(lengths[kind.asks], device=model.device) if kind.masked else everything
            for kind in anatomy.kinds
        }
        with running(anatomy):  # a recorder outside sees and changes nothing of it
            return trace_in_place(model, anatomy, axes, masks)
    with torch.no_grad(), recording(Recorder(anatomy, intervention, donors=donors)) as recorder:
        logits = model(*ids)[0]
    if isinstance(model, Recurrent):
        recurrent_sites.join_steps(recorder)
    return assemble(recorder, axes, logits, torch.tensor(labels.ids, device=model.device))
