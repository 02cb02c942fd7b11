"""The model card's table, from a tiny checkpoint and tiny files."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from support.tiny import SENTENCES, tiny_model

from model.instrument.pretrained import Translator, save_pretrained
from model.measuring import evaluate
from model.measuring.card import family_table

pytest.importorskip("sacrebleu")
TRAINING = {"steps": 3, "tokens": 1234, "seconds": 120, "dev_loss": 5.4321, "hardware": "a test"}


@pytest.fixture
def checkpoint(tmp_path, tokenizer) -> Path:
    """A saved tiny checkpoint with a model card."""
    model, folder = tiny_model(tokenizer), tmp_path / "tiny"
    save_pretrained(folder, model.config, dict(model.named_parameters()), tokenizer, {"training": TRAINING})
    (folder / "README.md").write_text("before\n<!-- evaluation -->\nold\n<!-- /evaluation -->\nafter\n")
    return folder


@pytest.fixture
def data(tmp_path) -> Path:
    """The sets that the evaluation reads, two pairs each."""
    for name in (*evaluate.SPLITS["test"], *evaluate.SPLITS["dev"]):
        with gzip.open(tmp_path / f"{name}.tsv.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{SENTENCES[at]}\t{SENTENCES[at + 1]}\n" for at in (0, 2))
    return tmp_path


def run(checkpoint: Path, data: Path, *more: str) -> None:
    """The command, on the CPU, with a narrow beam."""
    evaluate.main(["--data", str(data), "--model", str(checkpoint), "--device", "cpu", "--beam", "2", *more])


def test_batches_change_no_translation(tiny_translator):
    """Sentences of all lengths, decoded together, in their own order."""
    sentences = [*SENTENCES, "a", "dogs " * 20]
    for beam in (1, 3):
        together = evaluate.translate_all(tiny_translator, sentences, beam, batch_tokens=200)
        assert together == [tiny_translator.translate(sentence, beam=beam) for sentence in sentences]


def test_the_table_goes_into_the_card(checkpoint, data, capsys):
    """Rows, signature, size and cost; the rest of the card stays."""
    run(checkpoint, data, "--write-card")
    printed, card = capsys.readouterr().out, (checkpoint / "README.md").read_text()
    table = printed.split("\n\n", 1)[1].rstrip("\n")
    assert card == f"before\n<!-- evaluation -->\n{table}\n<!-- /evaluation -->\nafter\n"
    assert "| set | sentences | greedy | beam 2 |" in table and "nrefs:1|case:mixed" in table
    assert all(f"| {name} | 2 | " in table for name in evaluate.SPLITS["test"])
    assert f"{(checkpoint / 'weights.safetensors').stat().st_size:,} bytes" in table
    assert "3 steps, 1,234 target tokens, 2 minutes on a test" in table and "5.432 nats" in table


def test_settings_are_chosen_on_dev_without_touching_the_card(checkpoint, data, capsys):
    """The development sets have a table of their own; one width where the beam is greedy."""
    before = (checkpoint / "README.md").read_text()
    run(checkpoint, data, "--splits", "dev", "--beam", "1")
    printed = capsys.readouterr().out
    assert "| set | sentences | greedy |\n| --- | --- | --- |\n| tatoeba.dev | 2 | " in printed and "2017" not in printed
    with pytest.raises(SystemExit):
        run(checkpoint, data, "--splits", "dev", "--write-card")
    assert (checkpoint / "README.md").read_text() == before


def test_some_sets_alone(checkpoint, data, capsys):
    """In the order of the table; a set that the split does not have is named."""
    run(checkpoint, data, "--sets", "multi30k.test_2016_flickr", "tatoeba.test")
    printed = capsys.readouterr().out
    assert printed.index("| tatoeba.test") < printed.index("| multi30k.test_2016_flickr") and "newstest" not in printed
    with pytest.raises(SystemExit):
        run(checkpoint, data, "--sets", "tatoeba.dev")
    assert "--sets tatoeba.dev: choose from tatoeba.test" in capsys.readouterr().err


def test_what_is_missing_is_said_in_words(checkpoint, data, tmp_path):
    """Before anything is translated: no set, no marks in the card, no checkpoint."""
    with pytest.raises(SystemExit, match="tatoeba.test.tsv.gz"):
        run(checkpoint, tmp_path / "nowhere")
    (checkpoint / "README.md").write_text("no marks")
    with pytest.raises(SystemExit, match="to write between"):
        run(checkpoint, data, "--write-card")
    with pytest.raises(SystemExit, match="Cannot read"):
        run(tmp_path / "no-checkpoint", data)


def test_a_reference_scores_a_hundred():
    """Cased: another case scores less."""
    assert evaluate.bleu(SENTENCES, SENTENCES)[0] == pytest.approx(100)
    assert evaluate.bleu([sentence.lower() for sentence in SENTENCES], SENTENCES)[0] < 100


def test_a_translator_without_training_facts_has_a_shorter_list(tokenizer, checkpoint):
    """An untrained model claims no training."""
    assert not any("training" in row for row in evaluate.facts(Translator(tiny_model(tokenizer), tokenizer), checkpoint))


def test_a_family_stands_side_by_side_in_every_card(checkpoint, data):
    """Two checkpoints of the same languages, evaluated one after the other: both cards hold both rows; one of other weights is left out."""
    other = checkpoint.parent / "other"
    shutil.copytree(checkpoint, other)
    for folder in (checkpoint, other):
        card = folder / "README.md"
        card.write_text(card.read_text() + "<!-- family -->\n<!-- /family -->\n")
        run(folder, data, "--write-card")
    cards = [(folder / "README.md").read_text() for folder in (checkpoint, other)]
    for name in ("tiny", "other"):
        assert all(f"| {name} | sinusoidal | " in card and "| 5.432 | " in card for card in cards)
    scores = json.loads((other / "evaluation.json").read_text())
    (other / "evaluation.json").write_text(json.dumps({**scores, "weights_sha256": "others"}))
    assert "| other |" not in family_table(checkpoint)
