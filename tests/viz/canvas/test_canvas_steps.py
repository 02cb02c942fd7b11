"""What the step-by-step component is sent: every tensor of the calculation, and stages that name only what is there."""

from __future__ import annotations

import re

import numpy
import pytest
import torch
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.steps import calculate
from model.trace.intervention import Intervention
from viz.canvas import pack_steps, steps_numbers
from viz.canvas.shared.packing import split

KINDS = pytest.mark.parametrize("kind", ATTENTION_KINDS)
ALL = frozenset(("cross", None, 3, key) for key in range(32))
CHANGES = [
    Intervention(),
    Intervention(causal=False, scaled=False, temperature=2.0, source_positions="none", target_positions="none", window=1),
    Intervention(heads_off=frozenset({(kind, 1, 2) for kind in ATTENTION_KINDS}), cut=ALL),
]


def packed(translator, kind: str, change: Intervention = Intervention()):
    """A calculation, and its header and arrays as they arrive."""
    trace = translator.trace(SENTENCES[0], SENTENCES[1], change)
    calculation = calculate(trace, translator.weights, kind, 1, 2, 3)
    return calculation, *split(pack_steps(trace, calculation, kind, 1, 2, 3))


@KINDS
@pytest.mark.parametrize("change", CHANGES, ids=["as trained", "changed", "off and cut"])
def test_every_array_arrives_in_full(tiny_translator, kind, change):
    """float32, where the header says."""
    calculation, header, values = packed(tiny_translator, kind, change)
    assert values.dtype == numpy.float32
    for name, place in header["arrays"].items():
        tensor = getattr(calculation, name)
        assert place["shape"] == list(tensor.shape)
        arrived = values[place["start"] : place["start"] + tensor.numel()]
        assert numpy.array_equal(arrived, tensor.to(torch.float32).flatten().numpy())
    assert header["difference"] == calculation.difference


@KINDS
@pytest.mark.parametrize("change", CHANGES, ids=["as trained", "changed", "off and cut"])
def test_stages_name_only_what_is_there(tiny_translator, kind, change):
    """Arrays, checks and places in words exist; what a change did is said."""
    _, header, _ = packed(tiny_translator, kind, change)
    stages = header["stages"]
    assert len(stages) == 11
    for stage in stages:
        assert set(stage["checks"]) <= set(header["differences"]) & set(header["checked"])
        for block in stage["blocks"]:
            names = [block["array"]] if "array" in block else [column["array"] for column in block["columns"]]
            assert set(names) <= set(header["arrays"])
        texts = [stage["words"], *(block.get("label", "") + block.get("total", "") for block in stage["blocks"])]
        assert set(re.findall(r"{(\w+)}", "".join(texts))) <= {*header["arrays"], "key"}
    words = " ".join(stage["words"] for stage in stages)
    assert ("switched off: its output" in words) == bool(change.heads_off)
    assert ("division by √d_head is switched off" in words) == (not change.scaled)
    assert ("Every key is masked" in words) == (kind == "cross" and bool(change.cut))


def test_the_same_calculation_gives_the_same_bytes(tiny_translator):
    """So nothing is sent twice."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    sent = [pack_steps(trace, calculate(trace, tiny_translator.weights, "cross", 1, 2, 3), "cross", 1, 2, 3) for _ in range(2)]
    assert sent[0] == sent[1]


@KINDS
def test_every_number_stands_in_a_table(tiny_translator, kind):
    """Each array that a stage names, whole; the weights of the table are those of the pass."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    calculation = calculate(trace, tiny_translator.weights, kind, 1, 2, 3)
    tables = list(steps_numbers(pack_steps(trace, calculation, kind, 1, 2, 3)))
    assert all(len(cells) == len(rows) and {len(line) for line in cells} == {len(columns)} for _, rows, columns, cells in tables)
    numbers = {round(float(value), 4) for _, _, _, cells in tables for line in cells for value in line}
    for name in ("token", "normed", "query", "keys", "values", "products", "weights", "weighted", "output", "written", "after"):
        assert {round(value, 4) for value in getattr(calculation, name).float().flatten().tolist()} <= numbers, name
    (weights,) = [cells for title, _, _, cells in tables if title.endswith("Weights")]
    assert numpy.allclose([line[-1] for line in weights], trace.attention[kind].weights[1, 2, 3], atol=1e-6)
