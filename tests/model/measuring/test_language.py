"""What is measured on models of one language: counted again by hand, and written into a card that the command begins itself."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from support.relatives import KINDS, masking_tokenizer, relative, write_language_files
from support.tiny import SENTENCES

from model import load_model
from model.instrument.beside import siblings
from model.instrument.pretrained import CheckpointError, LanguageReader, Translator, load_as, load_pretrained, save_pretrained
from model.instrument.tokenizer import END, START, UNKNOWN
from model.measuring import alignment, evaluate, language, quantize
from model.measuring.language import MOST_GUESSES, classed, filled, surprise, tagged
from model.training.labelled import read_classed

ENGLISH = SENTENCES[::2]
TRAINING = {"steps": 9, "tokens": 99, "seconds": 60.0, "dev_loss": 5.0, "hardware": "1 CPU thread"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Checkpoints of all kinds beside each other, and files to measure on."""
    where = write_language_files(tmp_path_factory.mktemp("language"))
    tokenizer = masking_tokenizer()
    for kind, (shape, about) in KINDS.items():
        model = relative(kind, tokenizer.vocabulary_size)
        save_pretrained(
            where / kind,
            shape(tokenizer.vocabulary_size),
            dict(model.named_parameters()),
            tokenizer,
            {**about, "training": TRAINING},
            int8=True,
        )
    for name in ("tatoeba.test", "multi30k.test_2016_flickr", "multi30k.test_2017_flickr", "newstest2014.test"):
        (where / f"{name}.tsv.gz").write_bytes((where / "tiny.dev.tsv.gz").read_bytes())
    return where


def test_hidden_pieces_are_counted_one_by_one(folder):
    """The shares are those of `fill`, asked for every piece."""
    reader = load_as(LanguageReader, folder / "mask", "cpu")
    first = among = count = 0
    for text in ENGLISH:
        ids = reader.tokenizer.processor.encode(text)
        for at, right in enumerate(ids):
            logits = reader.model(torch.tensor([[*ids[:at], UNKNOWN, *ids[at + 1 :], END]]))[0, at].clone()
            logits[: END + 1] = float("-inf")
            rank = int((logits > logits[right]).sum())
            first, among, count = first + (rank == 0), among + (rank < MOST_GUESSES), count + 1
    found = filled(reader, ENGLISH, 10**6)
    assert (found.places, found.first, found.among) == (count, pytest.approx(first / count), pytest.approx(among / count))
    assert filled(reader, ENGLISH, 5).places == 5


def test_perplexity_is_that_of_every_token(folder):
    """exp of the mean cross-entropy of the pieces and </s>; per character of all of it."""
    reader = load_as(LanguageReader, folder / "write", "cpu")
    nats = tokens = 0.0
    for text in ENGLISH:
        ids = [START, *reader.tokenizer.processor.encode(text), END]
        logits = reader.model(torch.tensor([ids[:-1]]))[0].log_softmax(-1).detach()
        nats -= sum(float(logits[at, id_]) for at, id_ in enumerate(ids[1:]))
        tokens += len(ids) - 1
    found = surprise(reader, ENGLISH)
    assert found.tokens == tokens and found.per_token == pytest.approx(math.exp(nats / tokens), rel=1e-4)
    assert found.per_character == pytest.approx(math.exp(nats / sum(map(len, ENGLISH))), rel=1e-4)


def test_labels_are_held_to_those_of_the_files(folder):
    """Accuracy is the share of texts that `classify` tells right; entities are those of words, whatever the tokenizer does."""
    reader = load_as(LanguageReader, folder / "mask", "cpu")
    texts = read_classed(folder / "polarity.test.tsv.gz")
    told = [max(reader.classify(text), key=lambda guess: guess.probability).name for text, _ in texts]
    right = sum(name == ("negative", "positive")[label] for name, (_, label) in zip(told, texts, strict=True))
    count, share, most = classed(reader, folder / "polarity.test.tsv.gz")
    assert (count, share, most) == (6, pytest.approx(right / 6), 0.5)
    count, score = tagged(reader, folder / "wnut17.test.conll.gz")
    assert count == 6 and 0 <= score.f1 <= 1


@pytest.mark.parametrize("kind", ["mask", "write"])
def test_the_command_begins_a_card_and_writes_into_it(folder, kind, capsys):
    """One command measures and writes; the second time it replaces what it wrote and leaves the rest."""
    command = ["--model", str(folder / kind), "--data", str(folder), "--tasks", str(folder), "--device", "cpu", "--write-card"]
    language.main(command)
    card, scores = (folder / kind / "README.md").read_text(), json.loads((folder / kind / "evaluation.json").read_text())
    assert scores["weights_sha256"] == load_pretrained(folder / kind, "cpu").about["weights_sha256"]
    for words in ("| tatoeba.test |", "| stories.test |", "non-commercial", "Tatoeba", "FairytaleQA", "int8", f"--out {kind}"):
        assert words in card
    assert ("WNUT-17" in card, "polarity.test" in card, "Perplexity" in card) == (
        (True,) * 2 + (False,) if kind == "mask" else (False, False, True)
    )
    (folder / kind / "README.md").write_text(card.replace("| tatoeba.test |", "| old |") + "\nKept.\n")
    language.main(command)
    assert (folder / kind / "README.md").read_text() == card + "\nKept.\n"
    assert "first guess" in capsys.readouterr().out or kind == "write"


def test_a_recurrent_translator_is_evaluated_aligned_and_stored_in_8_bits(folder):
    """The commands of the translator serve it, too."""
    where = str(folder / "gru")
    evaluate.main(["--model", where, "--data", str(folder), "--beam", "2", "--device", "cpu", "--write-card"])
    card = (folder / "gru" / "README.md").read_text()
    assert "Bahdanau" in card and "| tatoeba.test | 8 |" in card and "GRU of 12 in each direction and of 20" in card
    before = load_pretrained(where, "cpu").trace("Two dogs", target="a").logits
    quantize.main(["--model", where])
    assert torch.equal(load_pretrained(where, "cpu").trace("Two dogs", target="a").logits, before)  # it was in 8 bits already
    (folder / "pairs.tsv").write_text("Two dogs\tDeux chiens\t0-0 1-1\n")
    alignment.main(["--model", where, "--device", "cpu", "--pairs", str(folder / "pairs.tsv"), "--write-card"])
    assert "on 1 sentence pairs" in (folder / "gru" / "README.md").read_text()
    assert alignment.load_alignment(folder / "gru", load_pretrained(where, "cpu").about["weights_sha256"])[:2] == (0, 0)


def test_each_opens_as_what_it_is(folder):
    """`load_model` and `load_pretrained` open all kinds; who needs a translator says so; none is taken for a sibling of another."""
    assert [type(load_model(folder / kind, "cpu")).__name__ for kind in KINDS] == [
        "LanguageReader",
        "LanguageReader",
        "RecurrentTranslator",
    ]
    for kind in KINDS:
        with pytest.raises(CheckpointError, match="this needs a Translator"):
            load_as(Translator, folder / kind, "cpu")
        assert [*siblings(folder / kind)[0]] == [kind]
