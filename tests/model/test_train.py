"""Loss, dropout, data and the training loop: exact where they can be, resumable at any step."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny import SENTENCES
from model import evaluate, train
from model.data import batch_rows, make_batch, read_pairs, read_split
from model.dropout import Dropout
from model.loss import smoothed_cross_entropy
from model.pretrained import load_pretrained
from model.tokenizer import END, PAD, START

for package in ("tqdm", "sacrebleu"):
    pytest.importorskip(package)


@pytest.mark.parametrize("rows", [1, 7, 513, 1100])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_equals_torchs(rows, smoothing):
    """Value and both gradients, also past one chunk of rows."""
    torch.manual_seed(rows)
    states, weight = torch.randn(rows, 12, requires_grad=True), torch.randn(30, 12, requires_grad=True)
    labels = torch.randint(30, (rows,))
    ours, plain = smoothed_cross_entropy(states, weight, labels, smoothing)
    gradients = torch.autograd.grad(3 * ours, (states, weight))
    theirs = F.cross_entropy(states @ weight.T, labels, label_smoothing=smoothing)
    for mine, expected in zip(gradients, torch.autograd.grad(3 * theirs, (states, weight)), strict=True):
        torch.testing.assert_close(mine, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(plain, F.cross_entropy(states @ weight.T, labels))


@pytest.mark.parametrize("p", [0.1, 0.3])
def test_dropout_zeroes_its_share_and_keeps_the_mean(p):
    """Within five standard deviations; every byte of the draw is used alike."""
    torch.manual_seed(0)
    count = 400_000
    dropped = Dropout(p)(torch.ones(count))
    share = round(p * 256) / 256
    for part in (dropped, *(dropped[at::8] for at in range(8))):
        zero = (part == 0).float().mean().item()
        assert abs(zero - share) < 5 * (share * (1 - share) / len(part)) ** 0.5
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / (1 - share)])
    assert torch.equal(Dropout(p).eval()(dropped), dropped)


def test_the_learning_rate_warms_up_and_decays_to_zero():
    """Rises to the peak in `warmup` steps, then falls, to zero at the end."""
    recipe = train.Recipe(warmup=10, learning_rate=1.0)
    rates = [train.rate_at(step, 100, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[9] == 1.0 and rates[100] == 0.0
    assert rates[:10] == sorted(rates[:10]) and rates[10:] == sorted(rates[10:], reverse=True)


@settings(deadline=None)
@given(lengths=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=60), tokens=st.integers(5, 80))
def test_batches_hold_every_pair_once_within_the_limit(lengths, tokens):
    """A batch of several pairs never has more padded target tokens than it may."""
    pairs = [([5] * source, [6] * target) for source, target in lengths]
    batches = batch_rows(pairs, tokens, seed=1)
    assert sorted(row for rows in batches for row in rows) == list(range(len(pairs)))
    assert all(len(rows) == 1 or len(rows) * (max(lengths[row][1] for row in rows) + 1) <= tokens for rows in batches)
    assert batches == batch_rows(pairs, tokens, seed=1)


def test_a_batch_is_source_target_and_labels():
    """</s> behind the source, <s> before the target, labels shifted by one, padding behind all."""
    batch = make_batch([([5, 6], [7]), ([5], [7, 8])])
    assert batch.source.tolist() == [[5, 6, END], [5, END, PAD]]
    assert batch.target.tolist() == [[START, 7, PAD], [START, 7, 8]]
    assert batch.labels.tolist() == [[7, END, PAD], [7, 8, END]]
    assert batch.tokens == 5


def test_bad_files_are_named(tmp_path):
    """A line without a tab: file and number. No file: what to do."""
    with gzip.open(tmp_path / "x.train.tsv.gz", "wt") as file:
        file.write("a\tb\nonly one column\n")
    with pytest.raises(ValueError, match="x.train.tsv.gz, line 2"):
        read_pairs(tmp_path / "x.train.tsv.gz")
    with pytest.raises(FileNotFoundError, match="--data"):
        read_split(tmp_path, [".dev.tsv.gz"])


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder of a few sentence pairs, as files."""
    pairs = [f"{SENTENCES[at]} {number}\t{SENTENCES[at + 1]} {number}\n" for number in range(12) for at in (0, 2, 4)]
    for name in ("tiny.train", "tiny.dev", "tatoeba.dev", "multi30k.val"):
        with gzip.open(tmp_path / f"{name}.tsv.gz", "wt", encoding="utf-8") as file:
            file.writelines(pairs[:8] if "train" not in name else pairs)
    return tmp_path


def arguments(data: Path, name: str, *more: str) -> list[str]:
    """A command line of a run that takes a second."""
    small = "--d-model 16 --heads 2 --encoder-layers 1 --decoder-layers 1 --vocabulary-size 360 --device cpu"
    recipe = "--epochs 2 --batch-tokens 200 --warmup 3 --average 2 --average-every 2"
    return [
        "--data",
        str(data),
        "--run",
        str(data / name),
        "--out",
        str(data / f"{name}-out"),
        *small.split(),
        *recipe.split(),
        *more,
    ]


def result(data: Path, name: str) -> tuple[dict, list[str]]:
    """Exported weights and the logged steps and losses."""
    with open(data / f"{name}-out" / "training-log.csv", newline="") as file:
        log = [f"{row['step']} {row['train_loss']} {row['dev_loss']}" for row in csv.DictReader(file)]
    return dict(load_pretrained(data / f"{name}-out", "cpu").model.named_parameters()), log


def test_training_exports_a_translator_and_evaluation_fills_the_card(data, capsys):
    """The whole recipe on a few pairs: loss falls, the export loads, the table names its signature."""
    train.main(arguments(data, "whole", "--epochs", "8", "--learning-rate", "0.01"))
    translator = load_pretrained(data / "whole-out", "cpu")
    first = F.cross_entropy(torch.zeros(1, 360), torch.tensor([5])).item()
    assert translator.about["training"]["dev_loss"] < first - 0.5
    assert isinstance(translator.translate("Two dogs"), str)
    evaluate.main(["--data", str(data), "--model", str(data / "whole-out"), "--splits", "dev", "--device", "cpu", "--beam", "2"])
    printed = capsys.readouterr().out
    assert (
        "| tatoeba.dev | 8 |" in printed
        and "case:mixed" in printed
        and f"{translator.model.parameter_count:,} parameters" in printed
    )
    card = data / "README.md"
    card.write_text("before\n<!-- evaluation -->\nold\n<!-- /evaluation -->\nafter")
    evaluate.write_card(card, "new")
    assert card.read_text() == "before\n<!-- evaluation -->\nnew\n<!-- /evaluation -->\nafter"


@pytest.mark.parametrize("killed_at", [1, 4, 7])
def test_a_killed_run_resumes_to_the_same_weights(data, monkeypatch, killed_at):
    """Killed at any step, `--resume` reaches the weights and the log of a run that was never stopped."""
    fit = train.Trainer.fit
    monkeypatch.setattr(train.Trainer, "fit", lambda self: fit(self, save_every=2))
    train.main(arguments(data, "whole"))
    step = train.Trainer.train_step

    def dying(self, batch):
        if self.step == killed_at:
            raise KeyboardInterrupt
        return step(self, batch)

    monkeypatch.setattr(train.Trainer, "train_step", dying)
    with pytest.raises(KeyboardInterrupt):
        train.main(arguments(data, "killed"))
    monkeypatch.setattr(train.Trainer, "train_step", step)
    train.main(arguments(data, "killed", "--resume"))
    (weights, log), (resumed, resumed_log) = result(data, "whole"), result(data, "killed")
    assert log == resumed_log and len(log) > 2
    for name, parameter in weights.items():
        torch.testing.assert_close(parameter, resumed[name])


def test_resuming_with_other_settings_is_refused_in_words(data):
    """The run is named, nothing is overwritten."""
    train.main(arguments(data, "whole"))
    with pytest.raises(SystemExit, match="another recipe"):
        train.main(arguments(data, "whole", "--resume", "--epochs", "3"))
    with pytest.raises(SystemExit, match="--data"):
        train.main(arguments(data / "nowhere", "none"))
    with pytest.raises(SystemExit, match="multiple of heads"):
        train.main(arguments(data, "odd", "--d-model", "15"))
