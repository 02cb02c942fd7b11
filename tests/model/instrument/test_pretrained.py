"""Loading a checkpoint: what is written comes back, and what is damaged is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from support.shipped import DOGS, FRENCH
from support.tiny import SENTENCES, tiny_model

from model.instrument.pretrained import (  # fmt: skip
    CheckpointError,
    DeviceError,
    TokenizerMismatchError,
    Translator,
    WeightsMismatchError,
    choose_device,
    load_pretrained,
    save_pretrained,
)
from model.instrument.tokenizer import Tokenizer


@pytest.fixture
def folder(tmp_path, tokenizer) -> Path:
    """A saved tiny checkpoint."""
    model = tiny_model(tokenizer)
    save_pretrained(tmp_path / "tiny", model.config, dict(model.named_parameters()), tokenizer, {"training": {"steps": 0}})
    return tmp_path / "tiny"


def test_what_is_saved_comes_back(folder, tokenizer):
    """The same logits up to float16, the same tokenizer, the rest of config.json."""
    loaded = load_pretrained(folder, "cpu")
    trace, original = (
        translator.trace("The cat", "Un chat") for translator in (loaded, Translator(tiny_model(tokenizer), tokenizer))
    )
    torch.testing.assert_close(trace.logits, original.logits, atol=0.02, rtol=0.02)
    assert loaded.tokenizer.hash == tokenizer.hash and loaded.about["training"] == {"steps": 0}
    assert not loaded.model.training


@pytest.mark.parametrize("name", ["weights.safetensors", "tokenizer.model", "config.json"])
def test_a_missing_file_is_named(folder, name):
    """With what to do."""
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name}.*(?s:.*)Restore"):
        load_pretrained(folder, "cpu")


def test_truncated_weights_are_named(folder):
    """Not a pickle error from below: the file and both hashes."""
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(WeightsMismatchError, match="weights.safetensors"):
        load_pretrained(folder, "cpu")


def test_another_checkpoints_tokenizer_is_named(folder):
    """Same size, other merges: a checkpoint is bound to its own."""
    (folder / "tokenizer.model").write_bytes(Tokenizer.train(SENTENCES[::-1] * 3, vocabulary_size=370, required="").model)
    with pytest.raises(TokenizerMismatchError, match="tokenizer.model"):
        load_pretrained(folder, "cpu")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"config": {}}'])
def test_a_broken_config_is_named(folder, text):
    """Half a file, another kind of file, missing entries."""
    (folder / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match="config.json"):
        load_pretrained(folder, "cpu")


@pytest.mark.parametrize("change", [{"d_model": 64}, {"encoder_layers": 3}, {"colour": 1}, {"heads": 5}])
def test_a_config_of_another_shape_is_named(folder, change):
    """The weights do not fit it."""
    about = json.loads((folder / "config.json").read_text())
    about["config"].update(change)
    (folder / "config.json").write_text(json.dumps(about))
    with pytest.raises(CheckpointError, match="does not fit together"):
        load_pretrained(folder, "cpu")


def test_unknown_names_and_devices_are_said_in_words():
    """A name that is no folder; a device that torch lacks."""
    with pytest.raises(CheckpointError, match="no-such"):
        load_pretrained("no-such")
    with pytest.raises(DeviceError, match="cuda, mps or cpu"):
        choose_device("tpu")
    assert choose_device("cpu").type == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_without_cuda_is_said_in_words(folder):
    """--device cuda on a machine without one."""
    with pytest.raises(DeviceError, match="finds none here"):
        load_pretrained(folder, "cuda")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x07", "\u200b", "\ud800"])
def test_nothing_to_read_is_said_in_words(tiny_translator, text):
    """Empty, blank, invisible."""
    with pytest.raises(ValueError, match="at least one visible character"):
        tiny_translator.trace(text)


@pytest.mark.parametrize("text", ["word " * 2000, "中" * 10_000])
def test_too_much_is_said_with_count_and_limit(tiny_translator, text):
    """In source and target."""
    with pytest.raises(ValueError, match=r"has (about )?[\d,]+ tokens; the model reads at most 500"):
        tiny_translator.trace(text)
    with pytest.raises(ValueError, match="This translation has"):
        tiny_translator.trace("The cat", target=text)


@pytest.mark.parametrize("text", ["a", "😀", "x\ud800", "‮abc", "مرحبا", "中文", "</s>", "<script>alert(1)</script>", "\x00a\x01"])
def test_any_visible_text_is_traced(tiny_translator, text):
    """From one token up."""
    trace = tiny_translator.trace(text)
    assert trace.logits.isfinite().all() and len(trace.source) >= 2


def test_the_shipped_checkpoint_translates(translator):
    """It is there, whole, and knows French."""
    for beam in (1, 5):
        assert all(word in translator.translate(DOGS, beam=beam) for word in FRENCH.values())
    assert translator.translate("The cat sat.") == translator.trace("The cat sat.").translation


def test_the_shipped_checkpoint_traces_500_tokens(translator):
    """The limit itself works."""
    text = " ".join(["dog"] * 499)
    trace = translator.trace(text, target=" ".join(["chien"] * 499))
    assert len(trace.source) == len(trace.target) == 500 and trace.loss.isfinite().all()


def test_a_copied_folder_loads_from_anywhere(translator, tmp_path):
    """Nothing in it knows where it lies."""
    from model.instrument.pretrained import FOLDER

    shutil.copytree(FOLDER / "en-fr", tmp_path / "elsewhere")
    assert load_pretrained(tmp_path / "elsewhere", "cpu").translate("I am tired.") == translator.translate("I am tired.")
