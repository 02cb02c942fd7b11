"""The sites of our transformer: where the hooks sit on its named submodules.

`install(model)` registers the hooks, once for the life of the model; what passes them is edited and captured by a `Recorder`.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from model.instrument.assembly import assemble
from model.instrument.in_place import trace_in_place
from model.instrument.recorder import Arguments, Recorder, keep_output, on_input, on_output, recording
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import Axis, Trace
from model.transformer.attention import MultiHeadAttention
from model.transformer.config import CROSS, DECODER, ENCODER
from model.transformer.transformer import DecoderLayer, Stack, Transformer

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


# -- a pass under them --------------------------------------------------------------------------------------------------


def capture(
    model: Transformer, source: Tokens, target: Tokens, labels: Tokens, intervention: Intervention, anatomy: Anatomy | None = None
) -> Trace:
    """One teacher-forced pass over (source, target) under the hooks: everything that it computed, as a Trace.

    A model without the look-ahead mask is read as one whose mask is off: that is what its Trace says.
    anatomy: the model's own, with the names of its languages; None: without them.
    """
    anatomy = anatomy or model.anatomy
    intervention = replace(intervention, causal=intervention.causal and model.config.masked)
    axes = dict(zip(anatomy.stack_names, (Axis(source), Axis(target, labels)), strict=True))
    source_ids, target_ids, label_ids = (torch.tensor([part.ids], device=model.device) for part in (source, target, labels))
    padded = bool((source_ids == model.config.pad_id).any() or (target_ids == model.config.pad_id).any())
    if intervention.changes_nothing and not padded and not model.training:
        everything = torch.ones(1, 1, dtype=torch.bool, device=model.device)
        masks = {ENCODER: everything, DECODER: model.decoder.mask(target_ids), CROSS: everything}
        return trace_in_place(model, anatomy, axes, masks)
    with torch.no_grad(), recording(Recorder(anatomy, intervention)) as recorder:
        logits = model(source_ids, target_ids)[0]
    return assemble(recorder, axes, logits, label_ids[0])
