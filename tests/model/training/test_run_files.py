"""What a run keeps, damaged: `--resume` names the file and what to do, and changes nothing."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save_file
from support.tiny import training_arguments, write_training_files

from model.training import train
from model.training.run_files import LOG_COLUMNS, read_log, read_tensors

pytest.importorskip("tqdm")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder with a finished run."""
    folder = write_training_files(tmp_path_factory.mktemp("finished"))
    train.main(training_arguments(folder, "run"))
    return folder


@pytest.fixture
def folder(finished, tmp_path) -> Path:
    """A copy of it to damage."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def first_stage(folder: Path) -> Path:
    """The folder that holds the run's checkpoint."""
    return next(iter(sorted(folder.glob("run/**/checkpoint.pt")))).parent


def refused(folder: Path, words: str) -> None:
    """`--resume` ends with one line that has these words, and leaves the run as it is."""
    before = {path: path.read_bytes() for path in (folder / "run").rglob("*") if path.is_file()}
    with pytest.raises(SystemExit, match=words):
        train.main(training_arguments(folder, "run", "--resume"))
    assert {path: path.read_bytes() for path in (folder / "run").rglob("*") if path.is_file()} == before


def cut_off(path: Path, keep: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.99])
def test_a_checkpoint_that_is_cut_off_is_named(folder, keep):
    """At any length."""
    cut_off(first_stage(folder) / "checkpoint.pt", keep)
    refused(folder, r"error: .*checkpoint\.pt is cut off or damaged .*another --run")


def test_another_file_as_checkpoint_is_named(folder):
    """Text, a tensor alone, a state that lacks a part, and one whose parts do not fit."""
    path = first_stage(folder) / "checkpoint.pt"
    state = torch.load(path, weights_only=True)
    path.write_bytes(b"not a checkpoint\n" * 50)
    refused(folder, r"error: .*checkpoint\.pt is cut off or damaged")
    torch.save(torch.ones(3), path)
    refused(folder, r"error: .*checkpoint\.pt is no checkpoint of a run")
    torch.save({name: value for name, value in state.items() if name != "optimizer"}, path)
    refused(folder, r"error: .*checkpoint\.pt .*lacks optimizer")
    torch.save({**state, "model": dict(list(state["model"].items())[1:])}, path)
    refused(folder, r"error: .*checkpoint\.pt is cut off or damaged")
    torch.save({**state, "random": torch.ones(3)}, path)
    refused(folder, r"error: .*checkpoint\.pt is cut off or damaged")


def test_kept_weights_that_are_damaged_are_named(folder):
    """Cut off, gone, of another shape, and NaN: what would go into the mean."""
    path = sorted(first_stage(folder).glob("weights-*.safetensors"))[-1]
    whole = path.read_bytes()
    weights = load(whole)  # not mapped: the file is cut below
    cut_off(path, 0.6)
    refused(folder, rf"error: .*{path.name} is cut off or damaged")
    path.unlink()
    refused(folder, rf"error: .*{path.name} is not there")
    path.write_bytes(whole)
    name = min(weights)
    save_file({**weights, name: torch.zeros(1)}, path)
    refused(folder, r"error: .*holds other tensors")
    save_file({**weights, name: torch.full_like(weights[name], float("nan"))}, path)
    refused(folder, rf"error: .*{path.name} holds weights that are no numbers")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1: the file is empty"), (b"step,loss\n", "line 1: expected the columns"), ((",".join(LOG_COLUMNS) + "\n1,2,3\n").encode(), "line 2"),
        ((",".join(LOG_COLUMNS) + "\n2,1,9,0.1,0.1,1.0,,5\nx,1,9,0.1,0.1,1.0,,5\n").encode(), "line 3: step is 'x'"),
        ((",".join(LOG_COLUMNS) + "\n2,1,9,0.1,0.1,,,5\n").encode(), "line 2: train_loss is ''"), (gzip.compress(b"log", mtime=0), "UTF-8"),
    ],
)  # fmt: skip
def test_a_log_that_is_damaged_is_named(folder, content, words):
    """With its line; the whole file is read again as it was written."""
    path = first_stage(folder) / "log.csv"
    assert read_log(path) and set(read_log(path)[0]) == set(LOG_COLUMNS)
    path.write_bytes(content)
    refused(folder, rf"error: .*log\.csv.*{words}")


def test_a_moment_that_is_damaged_is_named(tmp_path):
    """As `model.timeline` reads it."""
    path = tmp_path / "moment-0.safetensors"
    save_file({"a": torch.ones(300)}, path)
    assert torch.equal(read_tensors(path)["a"], torch.ones(300))
    cut_off(path, 0.5)
    with pytest.raises(ValueError, match=r"moment-0\.safetensors is cut off or damaged"):
        read_tensors(path)
