"""The training loop: it learns, it exports, and killed anywhere it resumes to the same result."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.tiny import training_arguments as arguments
from support.tiny import write_training_files

from model.instrument.pretrained import load_pretrained
from model.training import train
from model.training.recipe import Recipe, rate_at, timeline_steps
from model.training.run_files import read_log

pytest.importorskip("tqdm")


def test_the_learning_rate_warms_up_and_decays_to_zero():
    """Rises to the peak in `warmup` steps, then falls, to zero at the end."""
    recipe = Recipe(warmup=10, learning_rate=1.0)
    rates = [rate_at(step, 100, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[9] == 1.0 and rates[100] == 0.0
    assert rates[:10] == sorted(rates[:10]) and rates[10:] == sorted(rates[10:], reverse=True)


@pytest.mark.parametrize(
    "setting", [{"epochs": 0}, {"warmup": 0}, {"batch_tokens": -1}, {"average_every": 0}, {"learning_rate": 0.0},
                {"learning_rate": float("nan")}, {"clip": 0.0}, {"label_smoothing": 1.0}],
    ids=str,
)  # fmt: skip
def test_a_recipe_that_cannot_be_is_refused_in_words(setting):
    """The setting is named."""
    with pytest.raises(ValueError, match=f"{next(iter(setting))} must be"):
        Recipe(**setting)


def result(data: Path, name: str) -> tuple[dict, list[str]]:
    """Exported weights and the logged steps and losses."""
    rows = read_log(data / f"{name}-out" / "training-log.csv")
    log = [f"{row['step']} {row['tokens']} {row['train_loss']} {row['dev_loss']}" for row in rows]
    return dict(load_pretrained(data / f"{name}-out", "cpu").model.named_parameters()), log


def save_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a checkpoint every second step."""
    fit = train.Trainer.fit
    monkeypatch.setattr(train.Trainer, "fit", lambda self: fit(self, save_every=2))


WORK = ("train_step", "evaluate", "log", "save", "weights")  # kinds of work of a run


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, Counter]:
    """A folder with training files and a run, "whole", that was never stopped, and how often it did each kind of work."""
    folder, calls = write_training_files(tmp_path_factory.mktemp("whole")), Counter()

    def counted(name: str, work: Callable) -> Callable:
        return lambda self, *given: calls.update([name]) or work(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        save_often(patch)
        for name in WORK:
            patch.setattr(train.Trainer, name, counted(name, getattr(train.Trainer, name)))
        train.main(arguments(folder, "whole"))
    return folder, calls


@pytest.fixture
def finished(whole, tmp_path) -> list[str]:
    """The command that goes on with a copy of that run."""
    shutil.copytree(whole[0] / "whole", tmp_path / "whole")
    return [*arguments(whole[0], "whole", "--resume"), "--run", str(tmp_path / "whole")]


def test_training_learns_and_exports_a_translator(data, capsys):
    """The whole recipe on pairs that are easy to copy: the held-out loss falls far below that of guessing."""
    train.main(arguments(data, "whole", "--epochs", "8", "--learning-rate", "0.01", "--languages", "Dog", "Cat"))
    translator = load_pretrained(data / "whole-out", "cpu")
    assert translator.about["languages"] == {"source": "Dog", "target": "Cat"}
    assert translator.about["training"]["dev_loss"] < torch.tensor(480.0).log() - 2
    assert translator.translate("Two dogs")
    assert "mean of the last 2 checkpoints" in capsys.readouterr().out
    assert sorted(path.name for path in (data / "whole").glob("*.new")) == []


PLACES = [("train_step", 0), ("train_step", 1), ("train_step", 4), ("train_step", 9), ("evaluate", 1), ("log", 2), ("save", 0),
          ("save", 3), ("save", -1), ("weights", 0), ("weights", 1), ("train_step", -1), ("evaluate", -2), ("log", -1)]  # fmt: skip


@pytest.mark.parametrize("place, call", PLACES)
def test_a_killed_run_resumes_to_the_same_result(whole, monkeypatch, place, call):
    """Killed just before any kind of work, `--resume` reaches the weights and the log of a run that never stopped, exactly."""
    (data, calls), work, name = whole, getattr(train.Trainer, place), f"killed-{place}-{call}"
    fatal, counted = (call if call >= 0 else calls[place] + call), []
    assert fatal < calls[place]

    def dying(self, *given):
        counted.append(place)
        if len(counted) == fatal + 1:
            raise KeyboardInterrupt
        return work(self, *given)

    save_often(monkeypatch)
    monkeypatch.setattr(train.Trainer, place, dying)
    with pytest.raises(SystemExit, match="--resume goes on"):
        train.main(arguments(data, name))
    monkeypatch.setattr(train.Trainer, place, work)
    train.main(arguments(data, name, "--resume"))
    (weights, log), (resumed, resumed_log) = result(data, "whole"), result(data, name)
    assert log == resumed_log and len(log) > 2
    assert all(torch.equal(parameter, resumed[name]) for name, parameter in weights.items())


def test_resuming_a_finished_run_only_exports(whole, finished, monkeypatch, tmp_path):
    """The same weights again, and not one more step."""
    monkeypatch.setattr(train.Trainer, "train_step", None)
    train.main([*finished, "--out", str(tmp_path / "again")])
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (whole[0] / "whole-out", tmp_path / "again")]
    assert weights[0] == weights[1]


def test_a_run_is_never_overwritten_or_mixed(whole):
    """Another recipe, another model, or no --resume at all: refused in words, and nothing changes."""
    data = whole[0]
    before = {path: path.read_bytes() for path in (data / "whole").rglob("*") if path.is_file()}
    for more, words in (
        (["--resume", "--epochs", "3"], "another recipe"),
        (["--resume", "--joined", "0.5"], "another recipe"),
        (["--resume", "--d-model", "32"], "another config"),
        ([], "holds a run already"),
    ):
        with pytest.raises(SystemExit, match=words):
            train.main(arguments(data, "whole", *more))
    assert {path: path.read_bytes() for path in (data / "whole").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "more, words",
    [
        (["--d-model", "15"], "multiple of heads"),
        (["--dropout", "1"], "dropout must be"),
        (["--epochs", "0"], "epochs must be"),
        (["--capitals", "1"], "capitals must be"),
        (["--phrases", "0"], "phrases must be"),
        (["--vocabulary-size", "90000"], "No vocabulary of 90000 pieces"),
        (["--data", "/nowhere"], "No file ending in .train.tsv.gz"),
        (["--device", "tpu"], "Unknown device"),
        (["--languages", "", "French"], "languages must name source and target"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_said_in_words(data, more, words):
    """One line, no traceback."""
    with pytest.raises(SystemExit, match=f"error: .*{words}"):
        train.main(arguments(data, "none", *more))


def test_the_folder_one_stands_in_may_be_where_the_translator_goes(finished, tmp_path, monkeypatch):
    """`--out .` is a checkpoint with that folder's name."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    train.main([*finished, "--out", "."])
    assert load_pretrained(".", "cpu").about["name"] == load_pretrained(".", "cpu").name == "here"


@pytest.mark.parametrize("total", [1, 2, 7, 100, 3680, 10**6])
def test_the_timeline_goes_from_nothing_to_the_end_in_equal_ratios(total):
    """0 and the last step are there, at most eight of them, each ratio about the same."""
    steps = timeline_steps(total)
    assert steps[0] == 0 and steps[-1] == total and len(steps) <= 8 and steps == sorted(set(steps))
    if total >= 3680:
        ratios = [after / before for before, after in itertools.pairwise(steps[1:])]
        assert len(steps) == 8 and max(ratios) < 1.1 * min(ratios)


def test_a_timeline_keeps_the_weights_of_its_steps(whole, monkeypatch):
    """From the random ones to those that the training ended with; the result is that of a run without it."""
    data = whole[0]
    save_often(monkeypatch)
    train.main(arguments(data, "moments", "--timeline"))
    rows = result(data, "moments")[1]
    steps = timeline_steps(int(read_log(data / "moments" / "log.csv")[-1]["step"]))
    assert len(list((data / "moments").rglob("moment-*"))) == len(steps)
    kept = [dict(load_file(data / "moments" / f"moment-{step}.safetensors")) for step in steps]
    last = load_file(data / "moments" / f"weights-{steps[-1]}.safetensors")
    assert all(torch.equal(kept[-1][name], last[name]) for name in last)
    assert not torch.equal(kept[0]["encoder.embedding.weight"], kept[1]["encoder.embedding.weight"])
    assert rows == result(data, "whole")[1]
