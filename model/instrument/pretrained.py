"""Find, verify and load a checkpoint: a folder with weights.safetensors, tokenizer.model and config.json."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from model.instrument.checkpoint import (  # fmt: skip
    FOLDER,
    RESTORE,
    TOKENIZER,
    WEIGHTS,
    CheckpointError,
    TokenizerMismatchError,
    WeightsMismatchError,
    checkpoint_folder,
    cut,
    read_config,
    read_files,
    write_config,
)
from model.instrument.device import DeviceError, choose_device
from model.instrument.fit import check_tokenizer, check_weights
from model.instrument.language_reader import LanguageReader
from model.instrument.own_model import OwnModel, built, load_weights
from model.instrument.quantization import dequantize, quantize
from model.instrument.sites import install
from model.instrument.tokenizer import Tokenizer
from model.instrument.translator import PairTranslator, RecurrentTranslator, Translator
from model.transformer.architecture import AnyConfig, AnyModel, architecture, config_of
from model.transformer.recurrent import Recurrent
from model.transformer.transformer import Transformer

__all__ = [
    "FOLDER", "CheckpointError", "DeviceError", "LanguageReader", "PairTranslator", "RecurrentTranslator", "TokenizerMismatchError",
    "Translator", "WeightsMismatchError", "checkpoint_folder", "choose_device", "load_as", "load_pretrained", "load_weights",
    "save_pretrained",
]  # fmt: skip
Wanted = TypeVar("Wanted", bound=OwnModel)


def load_pretrained(name: str | Path = "en-fr", device: str | None = None) -> Translator | RecurrentTranslator | LanguageReader:
    """Load a checkpoint by its name in pretrained/, or from any folder, with hooks installed.

    Raises CheckpointError (or its TokenizerMismatchError, WeightsMismatchError) with the file and what to do, DeviceError
    for a device that is not there or has too little memory.
    """
    where = choose_device(device)
    folder = checkpoint_folder(name)
    about = read_config(folder)
    config, (weights, tokenizer) = config_of(about), read_files(folder, about)
    model = _open_weights(config, about, weights, folder / WEIGHTS)
    pieces = _open_tokenizer(config, tokenizer, folder / TOKENIZER)
    installed = install(_moved(model, where).eval())
    if isinstance(installed, Transformer):
        return Translator(installed, pieces, folder.name, about, folder)
    if isinstance(installed, Recurrent):
        return RecurrentTranslator(installed, pieces, folder.name, about, folder)
    return LanguageReader(installed, pieces, folder.name, about, folder)


def load_as(kind: type[Wanted], name: str | Path = "en-fr", device: str | None = None) -> Wanted:
    """The same for a caller that needs one kind of model. Raises CheckpointError, in words, for a checkpoint of another kind too."""
    folder = checkpoint_folder(name)
    opened = load_pretrained(folder, device)
    if not isinstance(opened, kind):
        raise CheckpointError(
            f"{cut(folder)} is a {type(opened).__name__}, and this needs a {kind.__name__}. Name another checkpoint."
        )
    return opened


def _open_weights(config: AnyConfig, about: Mapping[str, Any], content: bytes, path: Path) -> AnyModel:
    """A model with the weights of a file. Raises WeightsMismatchError where they are not those of such a model."""
    try:
        weights = dequantize(load(content))
        check_weights(config, weights)
        model = built(config, about)
        load_weights(model, weights)
    except (ValueError, TypeError, KeyError, SafetensorError, RuntimeError) as error:
        raise WeightsMismatchError(f"{cut(path)} does not fit together with config.json: {error} {RESTORE}") from error
    return model


def _open_tokenizer(config: AnyConfig, content: bytes, path: Path) -> Tokenizer:
    """The tokenizer of a file. Raises TokenizerMismatchError where it is none, or not one of such a model."""
    try:
        tokenizer = Tokenizer(content)
        check_tokenizer(config, tokenizer)
    except (ValueError, RuntimeError) as error:  # SentencePiece raises the latter
        raise TokenizerMismatchError(f"{cut(path)} is not the tokenizer of this model: {error} {RESTORE}") from error
    return tokenizer


def _moved(model: AnyModel, where: torch.device) -> AnyModel:
    """The model on a device. Raises DeviceError where it has no room."""
    try:
        return model.to(where)
    except RuntimeError as error:
        why = str(error).splitlines()[0]
        raise DeviceError(
            f"The model cannot be put on {where}: {why} Free some of its memory, or choose --device cpu."
        ) from error


def save_pretrained(
    folder: Path,
    config: AnyConfig,
    weights: Mapping[str, Tensor],
    tokenizer: Tokenizer,
    about: dict[str, Any],
    int8: bool = False,
) -> None:
    """Write a checkpoint that `load_pretrained` reads: weights, the tokenizer, and config.json with all three hashes.

    Weights are float16; int8: half of that, matrices in 8 bits with a scale a row (`model.instrument.quantization`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = save(quantize(weights) if int8 else _halves(weights))
    (folder / WEIGHTS).write_bytes(packed)
    (folder / TOKENIZER).write_bytes(tokenizer.model)
    hashes = {"weights_sha256": hashlib.sha256(packed).hexdigest(), "tokenizer_sha256": tokenizer.hash}
    kind = {"architecture": "recurrent"} if architecture(config) == "recurrent" else {}
    write_config(folder, {"config": config.to_dict(), **kind, **hashes, **about})


def _halves(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().to(torch.float16).contiguous().cpu() for name, tensor in weights.items()}
