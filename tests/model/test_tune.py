"""The second stage: what its passes read, and how its result goes on from the first."""

from __future__ import annotations

import json

import pytest
from tiny import training_arguments as arguments

from model import train, tune
from model.data import read_split
from model.pretrained import load_pretrained
from model.recipe import TuningRecipe
from model.trainer import continued, read_log


@pytest.fixture
def first(data):
    """A checkpoint of the first stage alone."""
    train.main(arguments(data, "first", "--tuning-epochs", "0"))
    return data / "first-out"


def tuner(first, data, **settings):
    """The second stage from that checkpoint, not begun."""
    recipe = TuningRecipe(batch_tokens=100, corpus="captions", **settings)
    mixture = tune.read_mixture(data, recipe.corpus)
    return tune.Tuner(load_pretrained(first, "cpu"), recipe, mixture, read_split(data, tune.HELD_OUT), data / "tuning")


@pytest.mark.parametrize("others", [0, 7, 1000])
def test_every_pass_reads_the_whole_corpus_and_so_many_others(first, data, others):
    """Each pair of the corpus once; others without repetition, other ones in another pass, the same in a second run."""
    run, size = tuner(first, data, others=others, epochs=2), 12
    passes = [sorted(row for rows in run.rows(epoch) for row in rows) for epoch in (0, 1)]
    for rows in passes:
        assert rows[:size] == list(range(size)) and len(set(rows)) == len(rows) == size + min(others, 24)
    assert (passes[0] != passes[1]) == (others == 7)
    assert tuner(first, data, others=others, epochs=2).rows(1) == run.rows(1)
    assert run.total == len(run.rows(0)) + len(run.rows(1))


def test_both_stages_at_once_are_one_after_the_other(first, data):
    """`model.train` ends where `model.tune` ends that begins with its first stage: the same weights, log and record."""
    train.main(arguments(data, "both"))
    more = "--corpus captions --epochs 2 --others 7 --warmup 2 --batch-tokens 200 --average 2 --average-every 2 --device cpu"
    folders = ["--data", data, "--model", first, "--out", data / "apart-out", "--run", data / "apart"]
    tune.main([*map(str, folders), *more.split()])
    both, apart = (json.loads((data / name / "config.json").read_text()) for name in ("both-out", "apart-out"))
    assert both["weights_sha256"] == apart["weights_sha256"] != json.loads((first / "config.json").read_text())["weights_sha256"]
    for about in (both["training"], apart["training"]):
        assert about["tuning"]["corpus"] == "captions" and about["epochs"] == 2
    rows = read_log(data / "both-out" / "training-log.csv")
    assert int(rows[-1]["step"]) == both["training"]["steps"] and int(rows[-1]["tokens"]) == both["training"]["tokens"]


def test_a_log_counts_on(first, data):
    """Steps, epochs, tokens and seconds go on; losses and rates stay as they are."""
    earlier = read_log(first / "training-log.csv")
    rows = continued(earlier, earlier)
    assert [int(row["step"]) for row in rows] == [int(row["step"]) + int(earlier[-1]["step"]) for row in earlier]
    assert [row["train_loss"] for row in rows] == [row["train_loss"] for row in earlier] and continued([], earlier) == earlier


def test_what_cannot_be_tuned_is_said_in_words(first, data):
    """Over itself, twice, or on a corpus that is not there."""
    folders = ["--data", str(data), "--run", str(data / "tuned"), "--device", "cpu", "--epochs", "1"]
    for more, words in (
        (["--model", str(first), "--out", str(first), "--corpus", "captions"], "Choose another --out"),
        (["--model", str(first), "--out", str(data / "x"), "--corpus", "poems"], "poems.train.tsv.gz"),
        (["--model", str(data / "nowhere"), "--out", str(data / "x")], "Cannot read"),
    ):
        with pytest.raises(SystemExit, match=f"error: .*{words}"):
            tune.main([*folders, *more])
    train.main(arguments(data, "both"))
    with pytest.raises(SystemExit, match="fine-tuned already"):
        tune.main([*folders, "--model", str(data / "both-out"), "--out", str(data / "x"), "--corpus", "captions"])
