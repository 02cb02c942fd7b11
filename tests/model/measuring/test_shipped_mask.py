"""The model that fills in, tags and classifies, as it ships: what its card says was measured on its weights, and it does what the page says of it."""

from __future__ import annotations

import pytest

from model import load_model
from model.instrument.beside import neighbours, read_measured
from model.instrument.checkpoint import checkpoint_folder
from model.measuring.card import SCORES

FOLDER = checkpoint_folder("en-mask")


@pytest.fixture(scope="module")
def reader():
    """It, on a CPU."""
    return load_model("en-mask", "cpu")


def test_it_lies_beside_the_transformer_and_is_small(reader):
    """So that the page offers it; six layers of eight heads."""
    assert neighbours("en-fr")["en-mask"] == "encoder" and neighbours(FOLDER)["en-fr"] == "encoder-decoder"
    (kind,) = reader.anatomy.kinds
    assert (kind.layers, kind.heads) == (6, 8)
    assert (FOLDER / "weights.safetensors").stat().st_size <= 8e6


def test_its_scores_are_of_these_weights_and_as_good_as_asked(reader):
    """Of hidden pieces of everyday sentences it finds more than a third at first; both outputs on top beat saying always the same."""
    scores = read_measured(FOLDER, SCORES, reader.about["weights_sha256"])["scores"]
    assert scores["tatoeba.test"]["first"] >= 0.35
    assert scores["wnut17.test"]["f1"] > 0 and scores["polarity.test"]["accuracy"] > 0.55


def test_it_fills_in_what_fits(reader):
    """What is drunk from a cup, and where people live: by both sides of the hole, not by what is frequent."""
    drinks, places = {"water", "tea", "milk", "coffee", "wine", "beer"}, {"Boston", "Japan", "Australia", "London", "Paris"}
    for text, fitting in (("She drank a cup of <mask>.", drinks), ("They live in <mask>.", places)):
        trace = reader.trace(text)
        best = trace.logits[trace.source.surface.index("<mask>")].topk(6).indices.tolist()
        assert len(fitting & {reader.tokenizer.processor.id_to_piece(one).strip("▁") for one in best}) >= 3
