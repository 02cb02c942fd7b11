"""The hooks of a model that a probe has looked into: they keep what there is to see, and let positions and the stream be edited."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from model.instrument.description import Findings
from model.instrument.module_pass import Pass
from model.instrument.probe import Site
from model.instrument.recorder import Arguments, Recorder, on_input, on_output
from model.trace.anatomy import Anatomy
from model.trace.patch import EMBEDDING, RESIDUAL


class Tap(NamedTuple):
    """What is seen somewhere."""

    what: str  # "states", "written", "units", "middle"
    stack: str
    part: str = ""  # as a patch names it: values can be put in; "": never
    layer: int | None = None


def install(found: Findings, calls: Counter[tuple[nn.Module, str]], anatomy: Anatomy) -> None:
    """Keep what there is to see, and let positions and the stream be edited. calls: of each module, in one pass."""
    taps = defaultdict[tuple[nn.Module, str], dict[int, list[Tap]]](lambda: defaultdict(list))
    for name in found.streams:
        for (module, arrow, at), tap in _taps(found, name, anatomy.stack(name).sublayers):
            taps[module, arrow][at].append(tap)
    for (module, arrow), wanted in taps.items():
        _visit(module, arrow, wanted, calls[module, arrow], any((module, arrow, at) in found.turned for at in wanted))
    for name, begin in found.beginnings.items():
        shown = begin.table.size(-1) == anatomy.d_model
        if begin.embedding and shown:
            _keep_embedding(begin.embedding, calls[begin.embedding[:2]], name, begin.scale)
        if begin.positions:
            _edit_positions(begin.positions[0], name, shown)
        for module in begin.rotations:
            _edit_rotation(module, name)


def _taps(found: Findings, stack: str, sublayers: tuple[str, ...]) -> Iterator[tuple[Site, Tap]]:
    """All that is seen of a stream, each where it is; points that have a handle, there."""
    handles, points, writers = found.handles[stack] or {}, 0, 0
    for what, site in found.streams[stack].taps:
        if what == "written":
            yield site, Tap(what, stack, sublayers[writers % len(sublayers)], writers // len(sublayers))
            writers += 1
        elif what == "units":
            yield site, Tap(what, stack)
        else:
            part = "" if points not in handles else RESIDUAL if points else EMBEDDING
            yield handles.get(points, site), Tap(what, stack, part, points // len(sublayers) - 1 if points else None)
            points += 1


def _visit(module: nn.Module, arrow: str, wanted: dict[int, list[Tap]], total: int, turned: bool) -> None:
    """Edit and keep what goes into a module, or comes out, at each call of a pass, of which there are `total`.

    turned: its positions stand before the batch.
    """

    def visit(recorder: Recorder, value: Any) -> Any:
        if not isinstance(recorder, Pass) or not (recorder.captures or recorder.patches):
            return value
        taps = wanted.get(recorder.call(module, arrow) % total, ())
        given = value[0] if isinstance(value, tuple) else value
        x = before = _by_row(given, len(recorder.changes), turned) if taps else given
        for tap in taps:
            x = recorder.edit_states(tap.stack, tap.part, tap.layer, x) if tap.part else x
            if tap.what != "middle":
                recorder.keep(tap.what, tap.stack, x)
            elif recorder.captures:  # of a parallel layer: there is what attention has written, nothing else
                recorder.keep("states", tap.stack, recorder.captured["states", tap.stack][-1] + x)
        if x is before:
            return value
        x = (x.transpose(0, 1) if turned else x) if given.dim() == 3 else x.reshape(given.shape)
        return (x, *value[1:]) if isinstance(value, tuple) else x

    if arrow == "in":
        on_input(module, visit)
    else:
        on_output(module, lambda recorder, _, output: visit(recorder, output))


def _by_row(x: Tensor, batch: int, turned: bool) -> Tensor:
    """Whatever a module passes on, as (batch, position, width)."""
    if x.dim() == 3:
        return x.transpose(0, 1) if turned else x
    return x.flatten(0, -2).unflatten(0, (batch, -1))


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
