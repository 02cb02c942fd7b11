"""The real code with few, untrained parameters: what most tests run on."""

from __future__ import annotations

import torch

from model.capture import install
from model.config import Config
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
