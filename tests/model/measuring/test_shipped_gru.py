"""The recurrent translator that ships: what stands beside it was measured on its weights, and it does what the page says of it."""

from __future__ import annotations

import pytest

from model import load_pretrained
from model.instrument.beside import neighbours, read_measured
from model.instrument.checkpoint import checkpoint_folder
from model.measuring.alignment import load_alignment
from model.measuring.card import SCORES, card_parts
from model.measuring.growth import JOINED
from model.measuring.growth_record import LENGTHS, load_growth

FOLDER = checkpoint_folder("en-fr-gru")


@pytest.fixture(scope="module")
def gru():
    """It, on a CPU."""
    return load_pretrained("en-fr-gru", "cpu")


def test_it_lies_beside_the_transformer_with_the_same_vocabulary(gru, translator):
    """So that one row of one picture is the same piece as in the other."""
    assert neighbours("en-fr")["en-fr-gru"] == "recurrent" and neighbours(FOLDER)["en-fr"] == "encoder-decoder"
    assert gru.about["tokenizer_sha256"] == translator.about["tokenizer_sha256"]
    assert (FOLDER / "weights.safetensors").stat().st_size <= 8e6


def test_it_translates_and_its_scores_are_of_these_weights(gru):
    """At least 30 BLEU on everyday sentences; how well it aligns was measured, too."""
    weights = gru.about["weights_sha256"]
    scores = read_measured(FOLDER, SCORES, weights)["scores"]
    assert min(scores["tatoeba.test"]) >= 30
    assert load_alignment(FOLDER, weights) is not None
    assert gru.translate("The cat sleeps.") == "Le chat dort." and gru.translate("I am tired.") in (
        "Je suis fatigué.",
        "Je suis fatiguée.",
    )


def test_what_the_view_says_of_both_was_measured_on_both(gru, translator):
    """A recurrent pass falls behind as sentences grow, and so do its long translations."""
    record = load_growth(FOLDER, [translator.about["weights_sha256"], gru.about["weights_sha256"]])
    assert (
        record is not None
        and [row.tokens for row in record.rows] == list(LENGTHS)
        and tuple(count for count, *_ in record.scores) == JOINED
    )
    first, last = record.rows[0].whole, record.rows[-1].whole
    assert first[1] / first[0] < last[1] / last[0] and last[1] > last[0]
    alone, longest = record.scores[0], record.scores[-1]
    assert longest[2] / alone[2] < longest[1] / alone[1]
    assert card_parts(FOLDER / "README.md", "growth") and f"| {alone[2]:.1f} |" in (FOLDER / "README.md").read_text("utf-8")
