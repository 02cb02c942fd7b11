"""The relatives of the translator in training: what they read, that they resume to the same result, and that a stopped run leaves a model."""

from __future__ import annotations

import math
import multiprocessing
import os
import random
import signal
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.relatives import masking_tokenizer, write_language_files

from model.instrument.pretrained import load_pretrained
from model.instrument.tokenizer import END, PAD, START, UNKNOWN
from model.training import tasks, train
from model.training.labelled import NO_TAG, as_typed, encode_classed, encode_tagged, first_pieces, tag_batch
from model.training.run_files import best_so_far, read_log
from model.training.texts import masked_batch, rows_of, text_batch
from model.training.trainer import BEST, Trainer

pytest.importorskip("tqdm")
SMALL = "--d-model 16 --vocabulary-size 480 --device cpu --epochs 2 --batch-tokens 300 --warmup 3 --average 2 --average-every 2"
SHAPES = {
    "gru": "--d-encoder 8 --d-decoder 12 --d-attention 6 --at-most 20",
    "mask": "--heads 2 --encoder-layers 1",
    "write": "--heads 2 --decoder-layers 1",
}  # fmt: skip
TASKS = "--device cpu --epochs 2 --batch-tokens 300 --warmup 3 --average 2 --average-every 2 --texts 12"


def arguments(data: Path, kind: str, name: str, *more: str) -> list[str]:
    """The command line of a run over small files."""
    folders = ["--data", str(data), "--run", str(data / name), "--out", str(data / f"{name}-out"), "--evaluate-every", "3"]
    if kind == "tasks":
        return [*folders, "--model", str(data / "mask-out"), "--stories", str(data), "--tasks", str(data), *TASKS.split(), *more]
    stories = [] if kind == "gru" else ["--stories", str(data)]
    return [*folders, "--kind", kind, *stories, *SMALL.split(), *SHAPES[kind].split(), *more]


def main(kind: str):
    """The command of a kind."""
    return tasks.main if kind == "tasks" else train.main


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Small files, and of each kind a run that was never stopped."""
    folder = write_language_files(tmp_path_factory.mktemp("relatives"))
    with pytest.MonkeyPatch.context() as patch:
        save_often(patch)
        for kind in ("gru", "mask", "write", "tasks"):
            main(kind)(arguments(folder, kind, kind))
    return folder


def save_often(patch: pytest.MonkeyPatch) -> None:
    """Write a checkpoint every second step."""
    fit = Trainer.fit
    patch.setattr(Trainer, "fit", lambda self: fit(self, save_every=2))


def result(data: Path, name: str) -> tuple[dict, list[str], tuple[int, float] | None]:
    """Exported weights, the logged steps and losses, and the best step."""
    rows = read_log(data / f"{name}-out" / "training-log.csv")
    log = [f"{row['step']} {row['tokens']} {row['train_loss']} {row['dev_loss']}" for row in rows]
    return dict(load_pretrained(data / f"{name}-out", "cpu").model.named_parameters()), log, best_so_far(data / name / BEST)


@pytest.mark.parametrize(
    "kind, place, call", [("gru", "train_step", 4), ("mask", "save", 1), ("write", "train_step", 5), ("tasks", "evaluate", 1)]
)
def test_a_killed_run_resumes_to_the_same_result(data, monkeypatch, kind, place, call):
    """Killed in the middle, `--resume` reaches weights, log and best step of a run that never stopped, exactly."""
    work, calls, name = getattr(Trainer, place), [], f"killed-{kind}"
    if kind == "tasks":
        work = tasks.TaskTrainer.evaluate

    def dying(self, *given):
        calls.append(place)
        if len(calls) == call + 1:
            raise KeyboardInterrupt
        return work(self, *given)

    save_often(monkeypatch)
    monkeypatch.setattr(tasks.TaskTrainer if kind == "tasks" else Trainer, place, dying)
    with pytest.raises(SystemExit, match="--resume goes on"):
        main(kind)(arguments(data, kind, name))
    monkeypatch.setattr(tasks.TaskTrainer if kind == "tasks" else Trainer, place, work)
    main(kind)(arguments(data, kind, name, "--resume"))
    (weights, log, best), (resumed, resumed_log, resumed_best) = result(data, kind), result(data, name)
    assert log == resumed_log and len(log) > 1 and best == resumed_best and best is not None
    assert all(torch.equal(parameter, resumed[name]) for name, parameter in weights.items())


def run_and_die(given: list[str]) -> None:
    """A run that is killed outright in its sixth step, with no chance to clean up."""
    work, calls = Trainer.train_step, []

    def dying(self, *batch):
        calls.append(1)
        if len(calls) == 6:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(self, *batch)

    Trainer.train_step = dying  # in a process of its own
    train.main(given)


def test_a_process_that_is_killed_outright_resumes(data, monkeypatch):
    """kill -9: the same command with --resume comes to its end with the same weights."""
    save_often(monkeypatch)
    process = multiprocessing.get_context("fork").Process(target=run_and_die, args=(arguments(data, "write", "outright"),))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL and read_log(data / "outright" / "log.csv")
    train.main(arguments(data, "write", "outright", "--resume"))
    weights, resumed = (result(data, name)[0] for name in ("write", "outright"))
    assert all(torch.equal(parameter, resumed[name]) for name, parameter in weights.items())


@pytest.mark.parametrize("kind", ["gru", "mask", "write", "tasks"])
def test_the_best_weights_so_far_are_a_model(data, kind, tmp_path):
    """`--best` exports, without a step more, the weights with the smallest held-out loss that the log knows of."""
    out = tmp_path / kind
    main(kind)([*arguments(data, kind, kind), "--best", "--out", str(out)])
    reader = load_pretrained(out, "cpu")
    step, loss = best_so_far(data / kind / BEST)
    assert reader.about["training"]["steps"] == step and reader.about["training"]["dev_loss"] == round(loss, 4)
    assert loss <= min(float(row["dev_loss"]) for row in read_log(data / kind / "log.csv") if row["dev_loss"]) + 1e-4
    assert reader.trace("Two dogs are here").logits.isfinite().all()


def test_every_kind_says_what_it_is(data):
    """The checkpoints open as what they are, with what config.json says of them."""
    kinds = {kind: type(load_pretrained(data / f"{kind}-out", "cpu")).__name__ for kind in ("gru", "mask", "write", "tasks")}
    assert kinds == {"gru": "RecurrentTranslator", "mask": "LanguageReader", "write": "LanguageReader", "tasks": "LanguageReader"}
    taught = load_pretrained(data / "tasks-out", "cpu")
    assert taught.about["labels"] == {"tags": ["O", "B-animal"], "classes": ["negative", "positive"]}
    assert taught.about["training"]["tuning"][0]["texts"] == 12 and taught.anatomy.stacks[0].language == "English"
    assert len(taught.tag("Two dogs, here")) == 4 and len(taught.classify("A cat.")) == 2


@pytest.mark.parametrize("kind, epochs", [("gru", 5), ("mask", 25), ("write", 25)])
def test_each_kind_learns(data, kind, epochs):
    """On texts that are easy to copy the held-out loss falls far below that of guessing."""
    train.main(arguments(data, kind, f"learning-{kind}", "--epochs", str(epochs), "--learning-rate", "0.01"))
    assert load_pretrained(data / f"learning-{kind}-out", "cpu").about["training"]["dev_loss"] < math.log(480) - 2


def test_a_run_that_has_seen_nothing_has_no_best(data, tmp_path):
    """In words."""
    with pytest.raises(SystemExit, match="kept no weights yet"):
        train.main([*arguments(data, "write", "new"), "--best", "--run", str(tmp_path / "new")])
    with pytest.raises(SystemExit, match="from left to right"):
        tasks.main([*arguments(data, "tasks", "new"), "--model", str(data / "write-out")])
    with pytest.raises(SystemExit, match="needs a LanguageReader"):
        tasks.main([*arguments(data, "tasks", "new"), "--model", str(data / "gru-out")])


# -- what they read ------------------------------------------------------------------------------------------------------

texts = st.lists(st.lists(st.integers(260, 479), max_size=30), min_size=1, max_size=6)


@given(encoded=texts, longest=st.integers(2, 12), writes=st.booleans())
def test_rows_hold_every_piece_once(encoded, longest, writes):
    """In order, none longer than the model reads, with the marks that its kind needs."""
    rows = rows_of(encoded, longest, writes)
    assert [id_ for row in rows for id_ in row if id_ > END] == [id_ for ids in encoded for id_ in ids]
    assert all(len(row) <= longest + writes for row in rows)
    if writes:
        assert all(row[0] == START and START not in row[1:] for row in rows)
        assert sum(row.count(END) for row in rows) == sum(bool(ids) for ids in encoded)
    else:
        assert all(row[-1] == END and END not in row[:-1] for row in rows)


@given(encoded=texts.filter(any), seed=st.integers(0, 99))
def test_masks_hide_what_is_to_be_foretold(encoded, seed):
    """At least one piece of each row, never </s>; where nothing is asked, nothing is changed; the same seed hides the same."""
    rows = rows_of(encoded, 40, writes=False)
    batch = masked_batch(rows, range(260, 480), random.Random(seed))
    for row, ids, labels in zip(rows, batch.ids.tolist(), batch.labels.tolist(), strict=True):
        asked = [at for at, label in enumerate(labels) if label != PAD]
        assert asked and max(asked) < len(row) - 1 and all(labels[at] == row[at] for at in asked)
        assert all(ids[at] == (row[at] if at < len(row) else PAD) for at in range(len(ids)) if at not in asked)
    again = masked_batch(rows, range(260, 480), random.Random(seed))
    assert torch.equal(batch.ids, again.ids) and torch.equal(batch.labels, again.labels)


def test_masks_are_drawn_as_the_paper_says():
    """15 % of the pieces; of those 80 % hidden, 10 % another piece, 10 % as they are (Devlin et al. 2019)."""
    rows = [[*range(260, 460), END]] * 300
    batch = masked_batch(rows, range(260, 480), random.Random(0))
    asked = batch.labels != PAD
    assert asked.sum() / (300 * 200) == pytest.approx(0.15, abs=0.01)
    shares = [
        float(((batch.ids == UNKNOWN) & asked).sum() / asked.sum()),
        float(((batch.ids == batch.labels) & asked).sum() / asked.sum()),
    ]
    assert shares == pytest.approx([0.8, 0.1], abs=0.02)


def test_a_text_to_go_on_with_predicts_its_own_next_piece():
    """Labels are the row, one place on."""
    batch = text_batch([[START, 300, 301, END], [START, 302, 303]])
    assert batch.ids.tolist() == [[START, 300, 301], [START, 302, PAD]] and batch.labels.tolist() == [
        [300, 301, END],
        [302, 303, PAD],
    ]


def test_labelled_text_is_read_as_people_type_it():
    """Signs stand without a space in front; the first piece of each word has its tag, whatever the tokenizer makes of it."""
    assert as_typed("it 's good , and ( well ) fun .") == "It's good, and ( well) fun."
    tokenizer = masking_tokenizer()
    text = [("Two", "O"), ("dogs", "B-animal"), (",", "O"), ("didn't", "O"), ("中", "B-animal")]
    ids, labels = encode_tagged(text, ["O", "B-animal"], tokenizer, 60)
    tokens = tokenizer.encode("Two dogs, didn't 中")
    assert ids == [*tokens.ids, END] and len(labels) == len(ids) and labels[-1] == NO_TAG
    marked = [(tokens.spans[at][0], label) for at, label in enumerate(labels) if label != NO_TAG]
    assert marked == [(0, 0), (4, 1), (8, 0), (10, 0), (17, 1)]
    assert first_pieces([word for word, _ in text], tokenizer, 6)[1][2:] == [None] * 3  # behind the longest text that is read
    with pytest.raises(ValueError, match="no tag I-plant"):
        encode_tagged([("fern", "I-plant")], ["O"], tokenizer, 60)
    batch = tag_batch([(ids, labels), ([300, END], [0, NO_TAG])])
    assert batch.labels[1].tolist() == [0] + [NO_TAG] * (len(ids) - 1) and batch.tokens == 6
    assert encode_classed(("A cat.", 1), tokenizer, 3)[0][-1] == END and len(encode_classed(("A cat.", 1), tokenizer, 3)[0]) == 3
