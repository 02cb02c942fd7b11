"""One head's calculation for one query, step by step: packing and mounting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import streamlit
import torch
from torch import Tensor

from model.analysis.steps import Calculation
from model.trace.trace import Trace
from viz import reading
from viz.canvas.shared import packing
from viz.canvas.shared.files import drawn_by, style
from viz.canvas.shared.mounting import note_picture
from viz.canvas.steps.numbers import steps_numbers as steps_numbers
from viz.canvas.steps.stages import CHECKED, KEYED, stages
from viz.theme import word_labels


def pack_steps(trace: Trace, calculation: Calculation, kind: str, layer: int, head: int, query: int) -> bytes:
    """The calculation as bytes for `attention_steps`; the same calculation gives the same bytes.

    The array is float32: every tensor of the calculation, one behind the other; header["arrays"] gives name, start and shape.
    """
    tensors = {field.name: getattr(calculation, field.name) for field in fields(Calculation)}
    tensors = {name: value for name, value in tensors.items() if isinstance(value, Tensor)}
    arrays, start = {}, 0
    for name, tensor in tensors.items():
        arrays[name] = {"start": start, "shape": list(tensor.shape), "keyed": name in KEYED}
        start += tensor.numel()
    title = trace.anatomy.kind(kind).title
    header = {
        "bits": 32,
        "kind": kind,
        "title": f"{title}, layer {layer + 1}, head {head + 1}{reading.off_mark(trace, kind, layer, head)}",
        "arrays": arrays,
        "stages": stages(trace, calculation, kind, layer, head, query),
        "differences": calculation.differences,
        "checked": {name: words for name, words in CHECKED.items() if name in calculation.differences},
        "difference": calculation.difference,
        "queries": word_labels(trace.queries(kind)),
        "outputs": word_labels(trace.rows(kind).labels),
        "keys": word_labels(trace.keys(kind)),
        "query": query,
        **packing.style(trace, kind),
    }
    flat = torch.cat([tensor.to(torch.float32).flatten() for tensor in tensors.values()])
    return packing.join(header, flat)


_mount = streamlit.components.v2.component(
    "headlight_attention_steps",
    js=drawn_by("steps/index.js"),
    css=style("shared/shared.css", "steps/style.css"),
)


def attention_steps(packed: bytes, *, key: str, step: int, focus: int, on_view: Callable[[int, int, int], None]) -> None:
    """Mount the calculation of `pack_steps` at a step, looking at one key; all from 0.

    Walking is done in the browser. What the reader chose calls `on_view(query, key, step)` at the start of the run that it
    causes.
    """

    def viewed() -> None:
        view = streamlit.session_state[key].view
        on_view(view["query"], view["key"], view["step"])

    data = packing.with_fields(packed, step=step, key=focus)
    note_picture("steps", key, data, packed)
    _mount(key=key, data=data, on_view_change=viewed)
