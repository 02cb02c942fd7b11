"""The timeline: weights at moments of a training run, small, and what they could do."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from support.shipped import DOGS, FRENCH
from support.tiny import SENTENCES, tiny_model

from model.instrument.pretrained import FOLDER, CheckpointError, load_pretrained, save_pretrained
from model.measuring.timeline import at_moment, load_timeline, store, table, take_over, tokenizer_then
from model.training.vocabulary import with_pieces

pytest.importorskip("sacrebleu")
PAIRS = [(SENTENCES[at], SENTENCES[at + 1]) for at in (0, 2, 4)]


@pytest.fixture(scope="module")
def stored(tokenizer, tmp_path_factory):
    """A checkpoint with a timeline of two kept moments and its end: (folder, translator, moments). Not to be written to."""
    place = tmp_path_factory.mktemp("stored")
    run, folder = place / "run", place / "tiny"
    run.mkdir()
    models = {0: tiny_model(tokenizer, seed=1), 8: tiny_model(tokenizer, seed=2), 12: tiny_model(tokenizer, seed=3)}
    for step, model in models.items():
        save_file(
            {name: value.detach().contiguous() for name, value in model.named_parameters()}, run / f"moment-{step}.safetensors"
        )
    save_pretrained(folder, models[8].config, dict(models[8].named_parameters()), tokenizer, {"training": {"steps": 12}})
    translator = load_pretrained(folder, "cpu")
    return folder, translator, store(translator, folder, run, PAIRS, "test")


def test_a_timeline_comes_back_as_it_was_stored(stored):
    """In the order of training, with what was measured; another checkpoint's timeline is none; the end is not stored twice."""
    folder, translator, moments = stored
    assert [at.step for at in moments] == [0, 8, 12]
    assert sorted(path.name for path in (folder / "timeline").iterdir()) == [
        "step-00000.safetensors", "step-00008.safetensors", "timeline.json",
    ]  # fmt: skip
    assert load_timeline(folder, translator.about["weights_sha256"]) == moments
    assert load_timeline(folder, "another") == [] == load_timeline(folder.parent, "x")
    assert all(at.dev_loss > 1 and at.bleu >= 0 for at in moments)


def test_a_moment_is_a_translator_of_its_own(stored):
    """Its logits are those of the quantized weights: close to the weights that were kept; the last one is the checkpoint."""
    folder, translator, moments = stored
    target = SENTENCES[1]
    whole = translator.trace(SENTENCES[0], target).logits
    first, same, last = (at_moment(translator, folder, at) for at in moments)
    assert last is translator
    assert len({other.about["weights_sha256"] for other in (first, same, last)}) == 3
    near, far = ((other.trace(SENTENCES[0], target).logits - whole).norm() / whole.norm() for other in (same, first))
    assert float(near) < 0.05 < float(far)


def test_a_checkpoint_that_went_on_takes_the_timeline_over(stored, tmp_path):
    """The moments before stay as they were, with the vocabulary of their time; the last one is the new checkpoint."""
    folder, earlier, moments = stored
    grew = with_pieces(earlier.tokenizer, ["7", "8"])
    model = tiny_model(grew, seed=4)
    later = tmp_path / "later"
    save_pretrained(later, model.config, dict(model.named_parameters()), grew, {"training": {"steps": 20}})
    translator = load_pretrained(later, "cpu")
    found = take_over(translator, later, earlier, PAIRS, "test")
    assert found[:-1] == moments[:-1] and found[-1].step == 20 and found[-1].dev_loss > 1
    assert load_timeline(later, translator.about["weights_sha256"]) == found
    assert tokenizer_then(translator, later).hash == earlier.tokenizer.hash != translator.tokenizer.hash
    then, now = (at_moment(translator, later, found[at]) for at in (0, -1))
    assert now is translator and then.tokenizer.hash == earlier.tokenizer.hash
    same = at_moment(earlier, folder, moments[0])
    assert torch.equal(then.trace(SENTENCES[0], "Oui.").logits, same.trace(SENTENCES[0], "Oui.").logits)
    fewer = take_over(translator, later, earlier, PAIRS, "test", without=frozenset({moments[1].step}))
    assert fewer == [found[0], *found[2:]] and load_timeline(later, translator.about["weights_sha256"]) == fewer
    with pytest.raises(ValueError, match="no timeline measured on other sentences"):
        take_over(translator, later, earlier, PAIRS, "other sentences")


def test_a_damaged_moment_is_refused_in_words(stored, tmp_path):
    """A changed byte is found by its hash; a missing file is named."""
    whole, translator, moments = stored
    folder = shutil.copytree(whole, tmp_path / "damaged")
    path = folder / moments[0].file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="is not the file"):
        at_moment(translator, folder, moments[0])
    path.unlink()
    with pytest.raises(CheckpointError, match="Cannot read"):
        at_moment(translator, folder, moments[0])


def test_the_card_counts_heads_that_have_a_role(stored):
    """A row a moment, a column a role that any of them has."""
    moments = [replace(at, roles={"previous": [("encoder", 0, 1)] * at.step, "first": []}) for at in stored[2]]
    lines = table(moments, "two pairs").splitlines()
    assert lines[0].endswith("| BLEU | previous |") and len(lines) == len(moments) + 4
    assert [line.split("|")[-2].strip() for line in lines[2:5]] == ["0", "8", "12"]


def test_a_run_without_moments_is_refused_in_words(stored, tmp_path):
    """With what to do."""
    folder, translator, _ = stored
    with pytest.raises(ValueError, match="train with --timeline first"):
        store(translator, folder, tmp_path / "nowhere", PAIRS, "test")


def test_the_shipped_timeline_goes_from_babble_to_french(translator):
    """From random weights to the checkpoint, whole on disk; loss falls and BLEU rises from end to end; heads find their roles."""
    moments = load_timeline(translator.folder, translator.about["weights_sha256"])
    assert len(moments) >= 8 and moments[0].step == 0 and moments[-1].step == translator.about["training"]["steps"]
    assert at_moment(translator, translator.folder, moments[-1]) is translator
    assert FRENCH["dogs"] not in at_moment(translator, translator.folder, moments[0]).translate(DOGS)
    assert moments[0].dev_loss > 4 * moments[-1].dev_loss and moments[-1].bleu > 20 * max(moments[0].bleu, 1.0)
    assert not moments[0].roles["alignment"] and not moments[0].roles["diagonal"]
    assert moments[-1].roles["alignment"] and moments[-1].roles["diagonal"]
    for at in moments[:-1]:
        assert hashlib.sha256((translator.folder / at.file).read_bytes()).hexdigest() == at.sha256


def test_all_checkpoints_together_stay_small():
    """At most 120 MB, so that a clone takes moments."""
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 120e6
