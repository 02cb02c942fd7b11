"""The hooks of a model that a probe has looked into: they keep what there is to see, and let positions be edited."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from model.instrument.module_pass import Pass
from model.instrument.probe import Beginning, Site, Stream
from model.instrument.recorder import Arguments, Recorder, on_input, on_output


def install(
    streams: dict[str, Stream], beginnings: dict[str, Beginning], calls: Counter[tuple[nn.Module, str]], width: int
) -> None:
    """Keep what there is to see, and let positions be edited. calls: of each module, in one pass."""
    taps = defaultdict[tuple[nn.Module, str], dict[int, list[tuple[str, str]]]](lambda: defaultdict(list))
    for name, stream in streams.items():
        for what, (module, arrow, at) in stream.taps:
            taps[module, arrow][at].append((what, name))
    for (module, arrow), wanted in taps.items():
        _keep(module, arrow, wanted, calls[module, arrow])
    for name, begin in beginnings.items():
        shown = begin.table.size(-1) == width
        if begin.embedding and shown:
            _keep_embedding(begin.embedding, calls[begin.embedding[:2]], name, begin.scale)
        if begin.positions:
            _edit_positions(begin.positions[0], name, shown)
        for module in begin.rotations:
            _edit_rotation(module, name)


def _keep(module: nn.Module, arrow: str, wanted: dict[int, list[tuple[str, str]]], total: int) -> None:
    """Keep what goes into a module, or comes out, under its names (what, stack) at each call of a pass."""

    def visit(recorder: Recorder, value: Any) -> None:
        if not isinstance(recorder, Pass) or not recorder.captures:
            return
        tensor = (value[0] if isinstance(value, tuple) else value).flatten(0, -2)[None]
        for what, stack in wanted.get(recorder.call(module, arrow) % total, ()):
            if what == "middle":  # of a parallel layer: what attention has written is there, and nothing else
                recorder.keep("states", stack, recorder.captured["states", stack][-1] + tensor)
            else:
                recorder.keep(what, stack, tensor)

    def before(recorder: Recorder, given: Arguments) -> Arguments:
        visit(recorder, given)
        return given

    if arrow == "in":
        on_input(module, before)
    else:
        on_output(module, lambda recorder, _, output: visit(recorder, output))


def _keep_embedding(site: Site, total: int, stack: str, scale: float) -> None:
    """The token part of the embeddings, as it is added."""
    module, arrow, at = site

    def visit(recorder: Recorder, _: Arguments, output: Tensor) -> None:
        if isinstance(recorder, Pass) and recorder.call(module, f"{arrow} embedding {stack}") % total == at:
            recorder.keep("embeddings", stack, (output * scale).flatten(0, -2)[None])

    on_output(module, visit)


def _edit_positions(module: nn.Module, stack: str, shown: bool) -> None:
    """A vector for each position, (position, width) or with a batch axis before it."""

    def visit(recorder: Recorder, _: Arguments, output: Tensor) -> Tensor:
        edited = recorder.edit_positions(stack, output if output.dim() == 2 else output[0], recorder.offset)
        if shown:
            recorder.keep("positions", stack, edited.reshape(-1, *edited.shape[-2:]))
        return edited.expand_as(output) if edited.dim() == 2 else edited

    on_output(module, visit)


def _edit_rotation(module: nn.Module, stack: str) -> None:
    """Cosines and sines, (batch, position, angle) each."""

    def visit(recorder: Recorder, _: Arguments, output: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        return recorder.edit_rotation(stack, torch.stack(output, 1)).unbind(1)

    on_output(module, visit)
