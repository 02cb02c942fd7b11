"""The sites of our transformer: where the hooks sit on its named submodules, and how a Trace is put together from them.

`install(model)` registers the hooks, once for the life of the model; what passes them is edited and captured by a `Recorder`.
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from model.instrument.recorder import Recorder, Site, keep_output, on_input, on_output, recording
from model.instrument.tokenizer import Tokens
from model.trace.intervention import ATTENTION_KINDS, Intervention
from model.trace.trace import SIDES, Attention, Residual, Trace
from model.transformer.attention import MultiHeadAttention
from model.transformer.config import Config
from model.transformer.transformer import Stack, Transformer

POSITIONS = {"encoder": "source_positions", "decoder": "target_positions"}  # the field of an Intervention for each stack's


# -- the sites ----------------------------------------------------------------------------------------------------------


def install(model: Transformer) -> Transformer:
    """Register the hooks, once for the life of the model. Returns the model."""
    for side in SIDES:
        stack = getattr(model, side)
        _install_stack(stack, side)
        for index, layer in enumerate(stack.layers):
            _install_attention(layer.attention, _site(model.config, side, index))
            keep_output(layer.attention, "written", side)
            keep_output(layer.attention_residual, "states", side)
            if side == "decoder":
                _install_attention(layer.cross_attention, _site(model.config, "cross", index))
                keep_output(layer.cross_attention, "written", side)
                keep_output(layer.cross_attention_residual, "states", side)
            keep_output(layer.feed_forward.relu, "units", side)
            keep_output(layer.feed_forward, "written", side)
            keep_output(layer.feed_forward_residual, "states", side)
    return model


def _install_stack(stack: Stack, side: str) -> None:
    """Token part, positional part and their sum, the first point of the residual stream."""

    def positions(recorder: Recorder, arguments: tuple, encoding: Tensor) -> Tensor:
        encoding = recorder.edit_positions(side, encoding, arguments[1], POSITIONS[side])
        recorder.keep("positions", side, encoding[None])
        return encoding

    keep_output(stack.embedding, "embeddings", side)
    on_output(stack.positions, positions)
    keep_output(stack.dropout, "states", side)


def _site(config: Config, kind: str, layer: int) -> Site:
    """What an edit has to know of the attention module of a kind in a layer."""
    asks = "encoder" if kind == "encoder" else "decoder"
    answers = "decoder" if kind == "decoder" else "encoder"
    return Site(kind, layer, asks, answers, config.heads, config.d_head, masked=kind == "decoder" and config.masked)


def _install_attention(module: MultiHeadAttention, site: Site) -> None:
    """Query, key, value, scores, mask, weights and outputs of one attention module."""

    def scores(recorder: Recorder, arguments: tuple) -> tuple:
        scores = recorder.edit_scores(site, arguments[0])
        mask = recorder.edit_mask(site, arguments[1].expand(len(scores), 1, *scores.shape[-2:]))
        recorder.keep("scores", site.kind, scores)
        recorder.keep("mask", site.kind, mask)
        return recorder.edit_temperature(scores), mask

    def outputs(recorder: Recorder, arguments: tuple) -> tuple:
        joined = recorder.edit_heads(site, arguments[0])
        recorder.keep("outputs", site.kind, joined)
        return (joined,)

    for name in ("query", "key", "value"):
        keep_output(getattr(module, name), name, site.kind)
    on_input(module.softmax, scores)
    keep_output(module.softmax, "weights", site.kind)
    on_input(module.output, outputs)


# -- from sites to a Trace ----------------------------------------------------------------------------------------------


def capture(model: Transformer, source: Tokens, target: Tokens, labels: Tokens, intervention: Intervention) -> Trace:
    """One teacher-forced pass over (source, target) under the hooks: everything that it computed, as a Trace.

    A model without the look-ahead mask is read as one whose mask is off: that is what its Trace says.
    """
    intervention = replace(intervention, causal=intervention.causal and model.config.masked)
    source_ids, target_ids, label_ids = (torch.tensor([part.ids], device=model.device) for part in (source, target, labels))
    with torch.no_grad(), recording(Recorder(intervention)) as recorder:
        logits = model(source_ids, target_ids)[0]
    got = recorder.captured
    return Trace(
        source=source,
        target=target,
        labels=labels,
        intervention=intervention,
        config=model.config,
        attention={kind: _attention(got, kind, model.config) for kind in ATTENTION_KINDS},
        residual={side: _residual(got, side) for side in SIDES},
        embeddings={side: _own(got["embeddings", side][0]) for side in SIDES},
        positions={side: _own(got["positions", side][0]) for side in SIDES},  # as trained, it is a view of the model's table
        feed_forward={side: torch.stack(got["units", side]) for side in SIDES},
        logits=_own(logits),
        loss=F.cross_entropy(logits, label_ids[0], reduction="none"),
    )


def _own(tensor: Tensor) -> Tensor:
    """The tensor in contiguous memory of its own, without a graph."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _attention(got: dict[tuple[str, str], list[Tensor]], kind: str, config: Config) -> Attention:
    """The captured tensors of one kind, layer by layer, with the heads apart."""

    def heads(what: str) -> Tensor:  # (layer, position, d_model) -> (layer, head, position, d_head)
        return torch.stack(got[what, kind]).unflatten(-1, (config.heads, config.d_head)).transpose(1, 2).contiguous()

    return Attention(
        weights=torch.stack(got["weights", kind]),
        scores=torch.stack(got["scores", kind]),
        mask=torch.stack(got["mask", kind]),
        queries=heads("query"),
        keys=heads("key"),
        values=heads("value"),
        outputs=heads("outputs"),
    )


def _residual(got: dict[tuple[str, str], list[Tensor]], side: str) -> Residual:
    """The residual stream of one side, with a label for every point."""
    sublayers = ("attention", "feed-forward") if side == "encoder" else ("attention", "cross-attention", "feed-forward")
    states, written = torch.stack(got["states", side]), torch.stack(got["written", side])
    layers = len(written) // len(sublayers)
    labels = [f"layer {layer} {sublayer}" for layer in range(1, layers + 1) for sublayer in sublayers]
    return Residual(states, written, ["embedding", *labels])
