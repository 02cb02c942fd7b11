"""The timeline: weights at moments of a training run, small, and what they could do."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from tiny import SENTENCES, tiny_model

from model.pretrained import CheckpointError, load_pretrained, save_pretrained
from model.timeline import at_moment, dequantize, load_timeline, quantize, store

pytest.importorskip("sacrebleu")
PAIRS = [(SENTENCES[at], SENTENCES[at + 1]) for at in (0, 2, 4)]


@settings(deadline=None)
@given(seed=st.integers(0, 999), rows=st.integers(1, 6), size=st.floats(1e-3, 1e3))
def test_a_quantized_matrix_is_half_a_scale_away_at_most(seed, rows, size):
    """Row by row; vectors keep float16."""
    torch.manual_seed(seed)
    weights = {"matrix": size * torch.randn(rows, 7), "vector": torch.randn(5), "zero": torch.zeros(2, 3)}
    stored = quantize(weights)
    again = dequantize(stored)
    assert stored["matrix"].dtype == torch.int8 and set(again) == set(weights)
    assert bool(((again["matrix"] - weights["matrix"]).abs() <= 0.51 * stored["matrix.scale"]).all())
    assert torch.equal(again["vector"], weights["vector"].to(torch.float16).float()) and torch.equal(
        again["zero"], weights["zero"]
    )


@pytest.fixture
def stored(tokenizer, tmp_path):
    """A checkpoint with a timeline of two moments: (folder, translator, moments)."""
    run, folder = tmp_path / "run", tmp_path / "tiny"
    run.mkdir()
    models = {0: tiny_model(tokenizer, seed=1), 12: tiny_model(tokenizer, seed=2)}
    for step, model in models.items():
        save_file(
            {name: value.detach().contiguous() for name, value in model.named_parameters()}, run / f"moment-{step}.safetensors"
        )
    save_pretrained(folder, models[12].config, dict(models[12].named_parameters()), tokenizer, {})
    translator = load_pretrained(folder, "cpu")
    return folder, translator, store(translator, folder, run, PAIRS, "test")


def test_a_timeline_comes_back_as_it_was_stored(stored):
    """In the order of training, with what was measured; another checkpoint's timeline is none."""
    folder, translator, moments = stored
    assert [at.step for at in moments] == [0, 12]
    assert load_timeline(folder, translator.about["weights_sha256"]) == moments
    assert load_timeline(folder, "another") == [] == load_timeline(folder.parent, "x")
    assert all(at.dev_loss > 1 and at.bleu >= 0 for at in moments)


def test_a_moment_is_a_translator_of_its_own(stored):
    """Its logits are those of the quantized weights; the last moment is close to the checkpoint, the first is not."""
    folder, translator, moments = stored
    target = SENTENCES[1]
    whole = translator.trace(SENTENCES[0], target).logits
    first, last = (at_moment(translator, folder, at) for at in moments)
    assert first.about["weights_sha256"] != last.about["weights_sha256"] != translator.about["weights_sha256"]
    near, far = ((other.trace(SENTENCES[0], target).logits - whole).norm() / whole.norm() for other in (last, first))
    assert float(near) < 0.05 < float(far)


def test_a_damaged_moment_is_refused_in_words(stored):
    """A changed byte is found by its hash; a missing file is named."""
    folder, translator, moments = stored
    path = folder / moments[0].file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="is not the file"):
        at_moment(translator, folder, moments[0])
    path.unlink()
    with pytest.raises(CheckpointError, match="Cannot read"):
        at_moment(translator, folder, moments[0])
