"""The model that goes on with a text, as it ships: what its card says was measured on its weights, and it does what the page says of it."""

from __future__ import annotations

import pytest

from model import load_model
from model.instrument.beside import neighbours, read_measured
from model.instrument.checkpoint import checkpoint_folder
from model.measuring.card import SCORES

FOLDER = checkpoint_folder("en-write")


@pytest.fixture(scope="module")
def reader():
    """It, on a CPU."""
    return load_model("en-write", "cpu")


def test_it_lies_beside_the_transformer_and_is_small(reader):
    """So that the page offers it; six layers of eight heads, each of which sees what stands before."""
    assert neighbours("en-fr")["en-write"] == "decoder" and neighbours(FOLDER)["en-fr"] == "encoder-decoder"
    (kind,) = reader.anatomy.kinds
    assert (kind.layers, kind.heads, kind.masked) == (6, 8, True)
    assert (FOLDER / "weights.safetensors").stat().st_size <= 8e6


def test_its_scores_are_of_these_weights(reader):
    """It foretells everyday sentences far better than it would by guessing among all pieces, and news worse than those."""
    scores = read_measured(FOLDER, SCORES, reader.about["weights_sha256"])["scores"]
    assert scores["tatoeba.test"]["per_token"] < reader.anatomy.vocabulary / 50
    assert scores["tatoeba.test"]["per_character"] < scores["newstest2014.test"]["per_character"]
