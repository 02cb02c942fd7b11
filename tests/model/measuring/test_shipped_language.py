"""The models of English alone, as they ship: what their cards say was measured on their weights, and they do what the page says of them."""

from __future__ import annotations

from functools import cache

import pytest

from model import load_model
from model.instrument.beside import neighbours, read_measured
from model.instrument.checkpoint import checkpoint_folder
from model.instrument.pretrained import LanguageReader
from model.measuring.card import SCORES


@cache
def reader(name: str) -> LanguageReader:
    """One of them, on a CPU."""
    return load_model(name, "cpu")


def scores(name: str) -> dict[str, dict[str, float]]:
    """What was measured on exactly its weights."""
    return read_measured(checkpoint_folder(name), SCORES, reader(name).about["weights_sha256"])["scores"]


@pytest.mark.parametrize(("name", "built", "masked"), [("en-mask", "encoder", False), ("en-write", "decoder", True)])
def test_it_lies_beside_the_transformer_and_is_small(name, built, masked):
    """So that the page offers it; six layers of eight heads, which see all other words or those that stand before."""
    folder = checkpoint_folder(name)
    assert neighbours("en-fr")[name] == built and neighbours(folder)["en-fr"] == "encoder-decoder"
    (kind,) = reader(name).anatomy.kinds
    assert (kind.layers, kind.heads, kind.masked) == (6, 8, masked)
    assert (folder / "weights.safetensors").stat().st_size <= 8e6


def test_what_fills_in_is_as_good_as_asked():
    """Of hidden pieces of everyday sentences it finds more than a third at first; both outputs on top beat saying always the same."""
    found = scores("en-mask")
    assert found["tatoeba.test"]["first"] >= 0.35
    assert found["wnut17.test"]["f1"] > 0 and found["polarity.test"]["accuracy"] > 0.55


def test_it_fills_in_what_fits():
    """What is drunk from a cup, and where people live: by both sides of the hole, not by what is frequent."""
    drinks, places = {"water", "tea", "milk", "coffee", "wine", "beer"}, {"Boston", "Japan", "Australia", "London", "Paris"}
    for text, fitting in (("She drank a cup of <mask>.", drinks), ("They live in <mask>.", places)):
        trace = reader("en-mask").trace(text)
        best = trace.logits[trace.source.surface.index("<mask>")].topk(6).indices.tolist()
        pieces = {reader("en-mask").tokenizer.processor.id_to_piece(one).strip("▁") for one in best}
        assert len(fitting & pieces) >= 3


def test_what_writes_on_foretells_what_people_say():
    """Everyday sentences far better than it would by guessing among all pieces, and news worse than those."""
    found = scores("en-write")
    assert found["tatoeba.test"]["per_token"] < reader("en-write").anatomy.vocabulary / 50
    assert found["tatoeba.test"]["per_character"] < found["newstest2014.test"]["per_character"]
