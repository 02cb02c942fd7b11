"""Going on with a finished translator: what its passes read, what it starts from, and how its result goes on from the first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from support.tiny import training_arguments as arguments
from support.tiny import write_training_files

from model.instrument.pretrained import load_pretrained
from model.training import train, tune
from model.training.data import HELD_OUT, TRAIN, read_files, read_split
from model.training.recipe import TuningRecipe
from model.training.run_files import continued, read_log

SMALL = "--epochs 2 --pieces 480 --warmup 2 --batch-tokens 200 --average 2 --average-every 2 --device cpu"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Files to train on, for all tests here."""
    return write_training_files(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def first(data) -> Path:
    """A finished checkpoint. Not to be written to."""
    train.main(arguments(data, "first"))
    return data / "first-out"


def tuner(first, data, **settings):
    """The run from that checkpoint, not begun: nothing is written."""
    recipe = TuningRecipe(**{"batch_tokens": 100, "pieces": 480, **settings})
    files = read_files(data, TRAIN)
    return tune.Tuner(load_pretrained(first, "cpu"), recipe, files, read_split(data, HELD_OUT), data / "tuning")


def test_every_pass_reads_so_many_pairs_of_each_group(first, data):
    """At most `at_most` of each, without repetition, others in another pass, the same in a second run."""
    run = tuner(first, data, at_most=10, epochs=2)
    passes = [sorted(row for rows in run.rows(epoch) for row in rows) for epoch in (0, 1)]
    for rows in passes:
        assert len(set(rows)) == len(rows) == sum(run.sizes)
        counts = [sum(start <= row < end for row in rows) for start, end in zip(run.starts, run.starts[1:], strict=False)]
        assert counts == run.sizes and max(counts) == 10
    assert passes[0] != passes[1]
    assert tuner(first, data, at_most=10, epochs=2).rows(1) == run.rows(1)
    assert run.total == len(run.rows(0)) + len(run.rows(1))


def test_a_file_can_be_read_whole(first, data):
    """Of that file every pair, of the others as many as before; no name is no file."""
    first_file = next(iter(read_files(data, TRAIN)))
    few, whole = (tuner(first, data, at_most=10, whole=name) for name in ("", first_file.partition(".")[0]))
    assert whole.sizes == [whole.starts[1], *few.sizes[1:]] and whole.sizes[0] > 10


def test_it_begins_with_what_the_translator_knows(first, data):
    """Every weight as it was; the embedding has rows for the pieces that are new."""
    before, run = load_pretrained(first, "cpu"), tuner(first, data, pieces=560)
    now = dict(run.model.named_parameters())
    for name, parameter in before.model.named_parameters():
        assert torch.equal(now[name][: len(parameter)], parameter), name
    assert run.config.vocabulary_size == run.tokenizer.vocabulary_size == len(now["encoder.embedding.weight"])
    assert run.model.decoder.embedding.weight is run.model.encoder.embedding.weight


def test_the_result_is_a_checkpoint_that_goes_on_from_the_first(first, data, tmp_path):
    """It loads and translates; steps, tokens and the log count on; both recipes are in its record; it can go on again."""
    folders = ["--data", data, "--model", first, "--out", tmp_path / "second", "--run", tmp_path / "run"]
    tune.main([*map(str, folders), *SMALL.split()])
    then, now = (json.loads((path / "config.json").read_text())["training"] for path in (first, tmp_path / "second"))
    assert now["steps"] > then["steps"] and now["epochs"] == 2 and now["tuning"][0]["pieces"] == 480
    rows = read_log(tmp_path / "second" / "training-log.csv")
    assert int(rows[-1]["step"]) == now["steps"] and int(rows[-1]["tokens"]) == now["tokens"]
    assert now["dev_loss"] < then["dev_loss"] and load_pretrained(tmp_path / "second", "cpu").source("Two dogs")
    folders = ["--data", data, "--model", tmp_path / "second", "--out", tmp_path / "third", "--run", tmp_path / "run-3"]
    tune.main([*map(str, folders), *SMALL.split()])
    assert len(json.loads((tmp_path / "third" / "config.json").read_text())["training"]["tuning"]) == 2


def test_what_was_known_before_can_be_blended_in(first, data, tmp_path):
    """The exported weights lie that share of the way from those before the run to what it reached."""
    outs = {}
    for blend in ("1.0", "0.25"):
        folders = ["--data", data, "--model", first, "--out", tmp_path / blend, "--run", tmp_path / f"run-{blend}"]
        tune.main([*map(str, folders), *SMALL.split(), "--blend", blend])
        outs[blend] = dict(load_pretrained(tmp_path / blend, "cpu").model.named_parameters())
    before = dict(tuner(first, data).model.named_parameters())
    for name, tuned in outs["1.0"].items():
        torch.testing.assert_close(outs["0.25"][name], before[name].lerp(tuned, 0.25), atol=2e-3, rtol=1e-2)
    assert any(not torch.allclose(outs["1.0"][name], before[name], atol=1e-2) for name in before)


def test_a_family_can_share_its_pieces(first, data, tmp_path):
    """With the vocabulary that another checkpoint has grown the result has that one's file; pieces of a stranger are refused."""
    grown, shared = tmp_path / "grown", tmp_path / "shared"
    common = ["--data", str(data), "--model", str(first), *SMALL.split()]
    tune.main([*common, "--out", str(grown), "--run", str(tmp_path / "run-1"), "--pieces", "560"])
    tune.main([*common, "--out", str(shared), "--run", str(tmp_path / "run-2"), "--vocabulary", str(grown)])
    files = [path / "tokenizer.model" for path in (first, grown, shared)]
    assert files[0].read_bytes() != files[1].read_bytes() == files[2].read_bytes()
    with pytest.raises(SystemExit, match="does not begin with the pieces"):
        other = [
            "--model",
            str(grown),
            "--vocabulary",
            str(first),
            "--out",
            str(tmp_path / "x"),
            "--run",
            str(tmp_path / "run-3"),
        ]
        tune.main([*common[:2], *other, *SMALL.split()])


def test_it_can_go_on_without_the_mask(first, data):
    """The decoder of the result has none, and its weights are the first ones."""
    recipe, files = TuningRecipe(batch_tokens=100, pieces=480), read_files(data, TRAIN)
    run = tune.Tuner(load_pretrained(first, "cpu"), recipe, files, read_split(data, HELD_OUT), data / "tuning", masked=False)
    assert run.model.config == run.config and not run.config.masked and not run.model.decoder.masked


def test_a_log_counts_on(first, data):
    """Steps, epochs, tokens and seconds go on; losses and rates stay as they are."""
    earlier = read_log(first / "training-log.csv")
    rows = continued(earlier, earlier)
    assert [int(row["step"]) for row in rows] == [int(row["step"]) + int(earlier[-1]["step"]) for row in earlier]
    assert [row["train_loss"] for row in rows] == [row["train_loss"] for row in earlier] and continued([], earlier) == earlier


def test_what_cannot_be_tuned_is_said_in_words(first, data, tmp_path):
    """Over itself, from nowhere, with settings that cannot be, or with others than the run began with."""
    folders = ["--data", str(data), "--run", str(tmp_path / "tuned"), *SMALL.split()]
    for more, words in (
        (["--model", str(first), "--out", str(first)], "Choose another --out"),
        (["--model", str(tmp_path / "nowhere"), "--out", str(tmp_path / "x")], "Cannot read"),
        (["--model", str(first), "--out", str(tmp_path / "x"), "--at-most", "0"], "at_most must be"),
        (["--model", str(first), "--out", str(tmp_path / "x"), "--pieces", "0"], "pieces must be"),
        (["--model", str(first), "--out", str(tmp_path / "x"), "--blend", "0"], "blend must be"),
        (["--model", str(first), "--out", str(tmp_path / "x"), "--pieces", "90000"], "No vocabulary of 90000 pieces"),
    ):
        with pytest.raises(SystemExit, match=f"error: .*{words}"):
            tune.main([*folders, *more])
    tune.main([*folders, "--model", str(first), "--out", str(tmp_path / "x")])
    with pytest.raises(SystemExit, match="another recipe"):
        tune.main([*folders, "--model", str(first), "--out", str(tmp_path / "x"), "--resume", "--joined", "0.5"])
