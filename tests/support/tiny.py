"""The real code with few, untrained parameters: what most tests run on."""

from __future__ import annotations

import gzip
from pathlib import Path

import torch

from model.instrument.pretrained import Translator
from model.instrument.sites import install
from model.instrument.tokenizer import Tokenizer
from model.trace.intervention import Intervention
from model.trace.places import within
from model.transformer.config import Config
from model.transformer.transformer import Transformer

ATTENTION_KINDS, SIDES = ("encoder", "decoder", "cross"), ("encoder", "decoder")
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


SHAPE = {"vocabulary_size": 50, "d_model": 32, "heads": 4, "encoder_layers": 2, "decoder_layers": 3, "d_ff": 64}
SOURCE = torch.tensor([[5, 6, 7, 8, 3], [9, 10, 3, 0, 0]])  # ids for it, the second row padded


def bare_model(seed: int = 1, **changes) -> Transformer:
    """A small untrained model without hooks in evaluation mode, biases and gains away from their start."""
    torch.manual_seed(seed)
    model = Transformer(Config(**{**SHAPE, **changes})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "norm" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def fitting(translator: Translator, text: str, target: str, change: Intervention) -> Intervention:
    """The change without links to tokens that these two texts do not have, which a trace refuses."""
    return within(change, translator.anatomy, len(translator.source(text)), len(translator.target(target)))


def write_training_files(folder: Path) -> Path:
    """A few sentence pairs as files of `folder`: two to train on, one held out."""
    pairs = [f"{SENTENCES[at]} {number}\t{SENTENCES[at + 1]} {number}\n" for number in range(12) for at in (0, 2, 4)]
    for name, lines in (("phrases.train", pairs[:12]), ("tiny.train", pairs[12:]), ("tiny.dev", pairs[:8])):
        with gzip.open(folder / f"{name}.tsv.gz", "wt", encoding="utf-8") as file:
            file.writelines(lines)
    return folder


def training_arguments(data: Path, name: str, *more: str) -> list[str]:
    """The command line of a run over such files that takes a second."""
    folders = ["--data", str(data), "--run", str(data / name), "--out", str(data / f"{name}-out")]
    small = "--d-model 16 --heads 2 --encoder-layers 1 --decoder-layers 1 --vocabulary-size 480 --device cpu"
    recipe = "--epochs 2 --batch-tokens 200 --warmup 3 --average 2 --average-every 2"
    return [*folders, *small.split(), *recipe.split(), *more]
