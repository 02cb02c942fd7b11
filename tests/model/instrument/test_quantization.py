"""Weights in 8 bits: how far a weight may move, and checkpoints that are stored so."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save
from support.tiny import tiny_model

from model.instrument.checkpoint import write_config
from model.instrument.pretrained import WeightsMismatchError, load_pretrained, save_pretrained
from model.instrument.quantization import SCALE, dequantize, kind_of_numbers, quantize
from model.measuring import quantize as command

ABOUT = {"training": {"steps": 12}, "languages": {"source": "English", "target": "French"}}
NAME = "encoder.layers.0.feed_forward.expand.weight"


@given(seed=st.integers(0, 999), rows=st.integers(1, 6), size=st.floats(1e-3, 1e3))
def test_a_quantized_matrix_is_half_a_scale_away_at_most(seed, rows, size):
    """Row by row; vectors keep float16; quantizing again changes nothing."""
    torch.manual_seed(seed)
    weights = {"matrix": size * torch.randn(rows, 7), "vector": torch.randn(5), "zero": torch.zeros(2, 3)}
    stored = quantize(weights)
    again = dequantize(stored)
    assert stored["matrix"].dtype == torch.int8 and set(again) == set(weights)
    assert bool(((again["matrix"] - weights["matrix"]).abs() <= 0.51 * stored["matrix.scale"]).all())
    assert torch.equal(again["vector"], weights["vector"].to(torch.float16).float())
    assert torch.equal(again["zero"], weights["zero"])
    assert torch.equal(quantize(again)["matrix"], stored["matrix"])


def test_weights_that_were_never_quantized_stay_as_they_are():
    weights = {"matrix": torch.randn(2, 3).half(), "vector": torch.randn(3)}
    assert all(dequantize(weights)[name] is weights[name] for name in weights)
    assert kind_of_numbers(weights) == "float16 and float32" and kind_of_numbers(quantize(weights)) == "int8, a scale a row"


@pytest.fixture
def folder(tokenizer, tmp_path):
    """A checkpoint in float16."""
    model = tiny_model(tokenizer)
    save_pretrained(tmp_path / "tiny", model.config, dict(model.named_parameters()), tokenizer, ABOUT)
    return tmp_path / "tiny"


def test_a_checkpoint_is_halved_by_one_command(folder, capsys):
    """The same model but for the rounding; everything else in config.json stays."""
    before, content = load_pretrained(folder, "cpu"), (folder / "weights.safetensors").read_bytes()
    command.main(["--model", str(folder)])
    after, stored = load_pretrained(folder, "cpu"), load((folder / "weights.safetensors").read_bytes())
    assert "Measure again" in capsys.readouterr().out and len((folder / "weights.safetensors").read_bytes()) < len(content)
    assert {name: after.about[name] for name in ABOUT} == ABOUT and after.model.config == before.model.config
    assert after.about["weights_sha256"] != before.about["weights_sha256"]
    exact = dict(before.model.named_parameters())
    for name, weight in after.model.named_parameters():
        most = 0.51 * stored[name + SCALE] if weight.dim() == 2 else 0.0
        assert bool(((weight - exact[name]).abs() <= most).all()), name


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda stored: {name: value for name, value in stored.items() if name != NAME + SCALE}, "without a scale"),
        (lambda stored: {name: value for name, value in stored.items() if name != NAME}, "Scales that fit no tensor"),
        (lambda stored: {**stored, NAME + SCALE: stored[NAME + SCALE][:-1]}, "Scales that fit no tensor"),
        (lambda stored: {**stored, NAME + SCALE: stored[NAME + SCALE] * torch.inf}, "not finite"),
    ],
    ids=["no scale", "no tensor", "other shape", "infinite"],
)
def test_damaged_scales_are_named(folder, damage, message):
    """As any other damage of weights: in words, with the file."""
    command.main(["--model", str(folder)])
    path = folder / "weights.safetensors"
    content = save(damage(load(path.read_bytes())))
    path.write_bytes(content)
    about = json.loads((folder / "config.json").read_text())
    rehashed = {**about, "weights_sha256": hashlib.sha256(content).hexdigest()}
    write_config(folder, {name: value for name, value in rehashed.items() if name != "config_sha256"})
    with pytest.raises(WeightsMismatchError, match=message):
        load_pretrained(folder, "cpu")


def test_a_folder_without_a_checkpoint_is_said(tmp_path):
    with pytest.raises(SystemExit, match=r"error: .*no such checkpoint"):
        command.main(["--model", str(tmp_path / "nothing")])
