"""Fixtures for all tests. `tiny_translator` is the real code with few, untrained parameters; `translator` is the product."""

from __future__ import annotations

import pytest
import torch

from model.capture import install
from model.config import Config
from model.pretrained import Translator, load_pretrained
from model.tokenizer import Tokenizer
from model.transformer import Transformer

SENTENCES = [
    "The animal didn't cross the street because it was too tired.",
    "L'animal n'a pas traversé la rue parce qu'il était trop fatigué.",
    "Two dogs are playing in the snow, and a cat is watching them.",
    "Deux chiens jouent dans la neige, et un chat les regarde.",
    "I think that you should go home now.",
    "Je pense que tu devrais rentrer à la maison maintenant.",
]


def tiny_model(tokenizer: Tokenizer, seed: int = 0, **changes) -> Transformer:
    """A small model in evaluation mode with hooks installed, the same for the same seed."""
    torch.manual_seed(seed)
    shape = {"d_model": 32, "heads": 4, "encoder_layers": 2, "decoder_layers": 3, "d_ff": 64}
    config = Config(**{"vocabulary_size": tokenizer.vocabulary_size, **shape, **changes})
    return install(Transformer(config).eval())


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """BPE with byte fallback, learned from SENTENCES."""
    return Tokenizer.train(SENTENCES * 4, vocabulary_size=380)


@pytest.fixture(scope="session")
def tiny_translator(tokenizer: Tokenizer) -> Translator:
    """A translator with an untrained model of 2 + 3 layers."""
    return Translator(tiny_model(tokenizer), tokenizer, "tiny")


@pytest.fixture(scope="session")
def translator() -> Translator:
    """The shipped checkpoint, on the CPU."""
    return load_pretrained("en-fr", device="cpu")
