"""What can be trained: for each kind of model its shape, its recipe, and the run that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from model.instrument.tokenizer import Tokenizer
from model.training.data import HELD_OUT, TRAIN, encode_pairs, read_files, read_split
from model.training.language_trainer import LanguageTrainer
from model.training.recipe import BaseRecipe, Recipe, SampledRecipe
from model.training.robust import repeated, robust
from model.training.sampling import SampledTrainer
from model.training.texts import encode_texts, read_sentences, read_stories, rows_of
from model.training.trainer import Trainer
from model.transformer.architecture import AnyConfig
from model.transformer.config import DECODER, Config
from model.transformer.recurrent import RecurrentConfig


@dataclass(frozen=True)
class Material:
    """What a run is made from, beside its shape and its recipe."""

    data: Path  # folder of pairs
    run: Path  # folder of checkpoints and log
    device: torch.device
    vocabulary: Tokenizer | None = None  # the pieces to use; None: they are learned from the text
    timeline: bool = False  # keep the weights at about eight points of the run
    stories: Path | None = None  # folder of longer texts, for models of one language


@dataclass(frozen=True)
class Plan:
    """How one kind of model comes to be."""

    config: AnyConfig
    recipe: BaseRecipe
    trainer: Callable[[AnyConfig, BaseRecipe, Material], Trainer]
    evaluate_every: int = 0  # steps; see `Trainer`


def translator(config: AnyConfig, recipe: BaseRecipe, material: Material) -> Trainer:
    """A transformer from all pairs of the data, each once a pass."""
    if not isinstance(recipe, Recipe):
        raise TypeError("A translator has a Recipe.")
    files, dev = read_files(material.data, TRAIN), read_split(material.data, HELD_OUT)
    pairs = [pair for found in files.values() for pair in found]
    tokenizer = material.vocabulary or Tokenizer.train((side for pair in pairs for side in pair), config.vocabulary_size)
    config = replace(config, vocabulary_size=tokenizer.vocabulary_size)
    read = [pair for name, found in files.items() for pair in repeated(name, found, recipe)] + robust(pairs, recipe)
    train_ids, dev_ids = (encode_pairs(part, tokenizer, config.max_length) for part in (read, dev))
    return Trainer(config, recipe, tokenizer, train_ids, dev_ids, material.run, material.device, material.timeline)


def recurrent(config: AnyConfig, recipe: BaseRecipe, material: Material) -> Trainer:
    """A recurrent translator from the same pairs; of the large files, a part each pass."""
    if not isinstance(recipe, SampledRecipe):
        raise TypeError("A recurrent translator has a SampledRecipe.")
    files, dev = read_files(material.data, TRAIN), read_split(material.data, HELD_OUT)
    sides = (side for found in files.values() for pair in found for side in pair)
    tokenizer = material.vocabulary or Tokenizer.train(sides, config.vocabulary_size)
    config = replace(config, vocabulary_size=tokenizer.vocabulary_size)
    return SampledTrainer(config, recipe, tokenizer, files, dev, material.run, material.device)


def language(config: AnyConfig, recipe: BaseRecipe, material: Material) -> Trainer:
    """A model of one stack from the sources of all pairs, each sentence once, and from stories.

    Its pieces are learned from that text: half of those of a translator are of a language that it never meets.
    """
    if not isinstance(config, Config):
        raise TypeError("A model of one stack has a Config.")
    train, dev = (
        read_sentences(material.data, names) + read_stories(material.stories, split)
        for names, split in ((TRAIN, "train"), (HELD_OUT, "dev"))
    )
    tokenizer = material.vocabulary or Tokenizer.train(train, config.vocabulary_size, mask=True)
    config = replace(config, vocabulary_size=tokenizer.vocabulary_size)
    own, held_out = (
        rows_of(encode_texts(texts, tokenizer), config.max_length, config.alone == DECODER) for texts in (train, dev)
    )
    return LanguageTrainer(config, recipe, tokenizer, own, held_out, material.run, material.device)


PLANS = {
    "translator": Plan(Config(), Recipe(), translator),
    "gru": Plan(
        RecurrentConfig(d_model=192, d_encoder=256, d_decoder=384, d_attention=192),
        SampledRecipe(epochs=3, batch_tokens=4000, warmup=300, joined=0.04, at_most=20_000, whole="tatoeba"),
        recurrent,
        evaluate_every=200,
    ),
    "mask": Plan(
        Config(encoder_layers=6, decoder_layers=0, max_length=256),
        BaseRecipe(epochs=5, label_smoothing=0.0),
        language,
        evaluate_every=400,
    ),
    "write": Plan(
        Config(encoder_layers=0, decoder_layers=6, max_length=256),
        BaseRecipe(epochs=2, label_smoothing=0.0),
        language,
        evaluate_every=400,
    ),
}
