"""What the step-by-step component is sent: every tensor of the calculation, and stages that name only what is there."""

from __future__ import annotations

import re
from dataclasses import replace

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


def header_without_weights(trace, kind: str = "encoder", bias=None, **anatomy):
    """What is sent of a calculation without matrices; bias, and more of the anatomy: as of another model."""
    got = replace(trace.attention[kind], bias=bias)
    trace = replace(trace, attention={**trace.attention, kind: got}, anatomy=replace(trace.anatomy, **anatomy))
    header, _ = split(pack_steps(trace, calculate(trace, None, kind, 1, 2, 3), kind, 1, 2, 3))
    assert_names_exist(header)
    return header


def assert_names_exist(header) -> None:
    """Arrays, checks and places in words of all stages."""
    assert header["checked"].keys() == header["differences"].keys()
    for stage in header["stages"]:
        assert set(stage["checks"]) <= set(header["differences"])
        for block in stage["blocks"]:
            names = [block["array"]] if "array" in block else [column["array"] for column in block["columns"]]
            assert set(names) <= set(header["arrays"])
        texts = [stage["words"], *(block.get("label", "") + block.get("total", "") for block in stage["blocks"])]
        assert set(re.findall(r"{(\w+)}", "".join(texts))) <= {*header["arrays"], "key"}


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
    assert_names_exist(header)
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


def test_without_matrices_there_are_fewer_stages(tiny_translator):
    """Query, key and value are said to be captured and what all heads wrote stands for W_O; only what is computed is called compared."""
    trace, why = tiny_translator.trace(SENTENCES[0], SENTENCES[1]), "They are not taken apart."
    header = header_without_weights(trace, missing={"parameters": why})
    stages = {stage["title"]: stage for stage in header["stages"]}
    assert [*stages] == [
        "What the head reads", "Query, key, value", "Multiply and add up", "Scale", "Mask", "Exponentials", "Weights", "Mix the values",
        "What attention writes", "Add to the residual stream",
    ]  # fmt: skip
    assert "captured" in stages["Query, key, value"]["words"] and why in stages["Query, key, value"]["words"]
    assert [stage["checks"] for stage in stages.values() if stage["checks"]] == [["scores"], ["weights"], ["output"], ["after"]]
    assert [block["array"] for block in stages["What attention writes"]["blocks"]] == ["output", "written"]
    lone = replace(trace, residual={})
    ends = header_without_weights(lone, missing={"residual": "It has no stream."})["stages"]
    assert [ends[0]["title"], ends[-1]["title"]] == ["Query, key, value", "Mix the values"] and "It has no stream." in ends[-1][
        "words"
    ]


@pytest.mark.parametrize("norm", ["post", "parallel", "sandwich"])
def test_what_is_behind_a_norm_is_not_called_compared(tiny_translator, norm):
    """Only a sum is; what a norm made of it was captured."""
    header = header_without_weights(tiny_translator.trace(SENTENCES[0], SENTENCES[1]), norm=norm)
    writes, adds = header["stages"][-2:]
    assert adds["checks"] == (["after"] if norm == "sandwich" else [])
    assert ("norm(x" in adds["formula"], "norm" in writes["words"]) == (norm == "post", norm == "sandwich")
    assert ("feed-forward" in adds["words"]) == (norm == "parallel")


@pytest.mark.parametrize("scores", ["scaled dot", "dot + bias"])
def test_a_bias_has_its_column(tiny_translator, scores):
    """From the scores on, with the sum that the exponentials are of; without one no formula speaks of it."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    bias = torch.randn(trace.attention["encoder"].scores.shape, generator=torch.Generator().manual_seed(0))
    kinds = tuple(replace(kind, scores=scores) for kind in trace.anatomy.kinds)
    stages = header_without_weights(trace, bias=bias, kinds=kinds)["stages"]
    tables = [stage for stage in stages if stage["blocks"][0]["type"] == "table"]
    begin = ["dots", "scores"] if scores == "scaled dot" else ["scores"]
    columns = [[column["array"] for column in stage["blocks"][0]["columns"]] for stage in tables]
    further = ["score_bias", "biased", "allowed", "exponents", "weights"]
    assert columns == [[*begin, *further[:count]] for count in (2, 3, 4, 5)]
    assert ["+ bias" in stage["formula"] for stage in tables] == [True, False, True, True]
    assert tables[0]["formula"] == ("q · k / √d_head + bias" if scores == "scaled dot" else "q · k + bias")
    plain = header_without_weights(trace, kinds=kinds)["stages"]
    assert not any("bias" in stage["formula"] + stage["words"] for stage in plain)
