"""The relatives of the translator with few, untrained parameters: one that fills in, one that writes on, a recurrent one."""

from __future__ import annotations

import gzip
from pathlib import Path

import torch

from model.instrument.own_model import built
from model.instrument.pretrained import save_pretrained
from model.instrument.sites import install
from model.instrument.tokenizer import Tokenizer
from model.transformer.architecture import AnyConfig, AnyModel
from model.transformer.config import Config
from model.transformer.recurrent import RecurrentConfig
from support.tiny import SENTENCES, write_training_files

LABELS = {"tags": ["O", "B-animal", "I-animal"], "classes": ["negative", "positive"]}
SMALL = {"d_model": 32, "heads": 4, "d_ff": 64, "max_length": 60}
KINDS = {  # by name: what each is made of, and what its config.json says beside that
    "mask": (lambda size: Config(size, encoder_layers=2, decoder_layers=0, **SMALL), {"labels": LABELS, "language": "English"}),
    "write": (lambda size: Config(size, encoder_layers=0, decoder_layers=2, **SMALL), {"language": "English"}),
    "gru": (
        lambda size: RecurrentConfig(size, d_model=16, d_encoder=12, d_decoder=20, d_attention=8, max_length=60),
        {"languages": {"source": "English", "target": "French"}},
    ),
}


def masking_tokenizer() -> Tokenizer:
    """BPE learned from SENTENCES, with a mask."""
    return Tokenizer.train(SENTENCES * 4, vocabulary_size=380, required="", mask=True)


def relative(kind: str, size: int, seed: int = 0, hooks: bool = True) -> AnyModel:
    """A small model in evaluation mode, the same for the same seed; weights, biases and gains away from their start."""
    torch.manual_seed(seed)
    shape, about = KINDS[kind]
    model = built(shape(size), about).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.15 * torch.randn_like(parameter))
    return install(model) if hooks else model


def write_relative(folder: Path, kind: str, tokenizer: Tokenizer) -> Path:
    """The same as a checkpoint that can be loaded; one that fills in has a tokenizer with a mask."""
    pieces = masking_tokenizer() if kind == "mask" else tokenizer
    model = relative(kind, pieces.vocabulary_size, hooks=False)
    save_pretrained(folder, model.config, dict(model.named_parameters()), pieces, KINDS[kind][1])
    return folder


def config_of(kind: str, size: int) -> AnyConfig:
    """The shape of such a model."""
    return KINDS[kind][0](size)


def write_language_files(folder: Path) -> Path:
    """What every kind of training reads, small: pairs, stories, tagged and classified text."""
    write_training_files(folder)
    contents = {
        "stories.{}.txt.gz": "Two dogs run in the snow.\nA cat is watching them.\n\nI think that you should go home.\n",
        "wnut17.{}.conll.gz": "Two\tO\ndogs\tB-animal\n,\tO\nsnow\tO\n\nA\tO\ncat\tB-animal\n.\tO\n\n" * 3,
        "polarity.{}.tsv.gz": "1\ta cat , and it is playing .\n0\ti think that it was too tired .\n" * 3,
    }
    for name, text in contents.items():
        for split in ("train", "dev", "test"):
            with gzip.open(folder / name.format(split), "wt", encoding="utf-8") as file:
                file.write(text)
    return folder
