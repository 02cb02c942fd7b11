"""Find, verify and load a checkpoint: a folder with weights.safetensors, tokenizer.model and config.json."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    check_tokenizer,
    check_weights,
    checkpoint_folder,
    cut,
    read_config,
    read_files,
    write_config,
)
from model.instrument.quantization import dequantize, quantize
from model.instrument.recorder import running
from model.instrument.rerun import TransformerPasses
from model.instrument.search import most_tokens, search
from model.instrument.sites import capture, install
from model.instrument.tokenizer import END, Tokenizer
from model.instrument.weights import TransformerWeights
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.places import check_places, within
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from model.trace.values import shown
from model.transformer.config import Config, briefly
from model.transformer.transformer import Transformer

__all__ = [
    "FOLDER", "CheckpointError", "DeviceError", "TokenizerMismatchError", "Translator", "WeightsMismatchError", "checkpoint_folder",
    "choose_device", "load_pretrained", "load_weights", "save_pretrained",
]  # fmt: skip
MOST_CHARACTERS = 32  # of one token, spaces not counted: twice the longest piece that SentencePiece makes
MOST_DROPPED = 8  # times as many tokens as are left once a text is tidied (`model.pasted`)


class DeviceError(Exception):
    """A device that this machine or this torch does not have."""


@dataclass(frozen=True, eq=False)
class Translator:
    """A model with its tokenizer. Safe to share between threads: nothing is stored on it.

    Compares by identity. Pickles and copies as its parts: config, weights, tokenizer; the hooks are set anew.
    """

    model: Transformer
    tokenizer: Tokenizer
    name: str = "untitled"
    about: dict[str, Any] = field(default_factory=dict, compare=False)  # the rest of config.json
    folder: Path | None = None  # where it was loaded from

    @property
    def weights(self) -> TransformerWeights:
        """What an analysis may ask of the model's weights (`model.analysis.weights.Weights`)."""
        return TransformerWeights(self.model)

    @property
    def passes(self) -> TransformerPasses:
        """What an analysis may ask the model to read again (`model.analysis.passes.Passes`)."""
        return TransformerPasses(self.model)

    def __reduce__(self) -> tuple[Any, ...]:
        model, parameter = self.model, next(self.model.parameters())
        weights = {name: tensor.detach().cpu() for name, tensor in model.named_parameters()}
        where = str(parameter.device), parameter.dtype
        return _from_parts, (model.config, weights, where, self.tokenizer.model, self.name, self.about, self.folder)

    @property
    def anatomy(self) -> Anatomy:
        """What there is to look at in the model, with the names of its languages."""
        languages = self.about.get("languages") or {}
        return self.model.config.anatomy(languages.get("source", ""), languages.get("target", ""))

    def source(self, text: str) -> Tokens:
        """What the encoder would read. Raises ValueError, in words, for text that is empty or too long."""
        return self._checked(self.tokenizer.source(self._readable(text, "sentence")), "sentence")

    def target(self, text: str) -> Tokens:
        """A target sentence as the labels of a pass. Raises ValueError likewise."""
        return self._checked(self.tokenizer.with_end(self.tokenizer.encode(self._readable(text, "translation"))), "translation")

    def _readable(self, text: str, what: str) -> str:
        """The text, refused unread where it cannot be a sentence that the model reads: a million characters take a minute."""
        if not isinstance(text, str):
            raise ValueError(f"The {what} must be text, not {shown(text)}.")
        limit = self.model.config.max_length
        if len(text) > limit * MOST_CHARACTERS and (size := sum(map(len, text.split()))) > limit * MOST_CHARACTERS:
            raise ValueError(
                f"This {what} has {size:,} characters; the model reads at most {limit} tokens, which is less than "
                f"{limit * MOST_CHARACTERS:,} characters. Shorten it or split it."
            )
        text = text if len(text) <= limit * MOST_CHARACTERS else " ".join(text.split())
        if len(text) > limit and (count := len(self.tokenizer.processor.encode(text))) > limit * MOST_DROPPED:  # quick: no spans
            raise ValueError(f"This {what} has about {count:,} tokens; the model reads at most {limit}. Shorten it or split it.")
        return text

    def _checked(self, tokens: Tokens, what: str) -> Tokens:
        if len(tokens) == 1:
            raise ValueError(f"There is nothing to read in this {what}. Type at least one visible character.")
        return self._within(tokens, what)

    def _within(self, tokens: Tokens, what: str) -> Tokens:
        limit = self.model.config.max_length
        if len(tokens) > limit:
            raise ValueError(
                f"This {what} has {len(tokens)} tokens; the model reads at most {limit}. Shorten it or split it in two."
            )
        return tokens

    def _checked_labels(self, labels: Tokens) -> Tokens:
        """Labels end in one </s>; </s> alone is the translation of a model that says nothing. Raises ValueError in words."""
        if not labels.ids or labels.ids[-1] != END or END in labels.ids[:-1]:
            raise ValueError(
                "Labels must end in </s> and have no other: `translator.target(text)` makes them, `translate_tokens` returns them."
            )
        return self._within(labels, "translation")

    def translate(self, text: str, intervention: Intervention = Intervention(), beam: int = 1) -> str:
        """The translation of `text`: greedy, or the best of a beam. Raises ValueError as `source` does."""
        source = self.source(text)
        check_places(intervention, self.anatomy, len(source), most_tokens(len(source), self.model.config))
        return self.translate_tokens(source, intervention, beam).text

    generate = translate  # the same question of any model

    def translate_tokens(self, source: Tokens, intervention: Intervention = Intervention(), beam: int = 1) -> Tokens:
        """The translation as the Tokens that the model produced, </s> included: what decoder rows must predict.

        Under an Intervention every step reads the tokens so far with the model as changed; nothing is captured. Raises
        ValueError, in words, for a beam or an Intervention without meaning.
        """
        anatomy = self.anatomy
        check_places(intervention, anatomy, len(source), self.model.config.max_length)
        ids = torch.tensor([source.ids], device=self.model.device)
        with running(anatomy, intervention):
            found = search(self.model, ids, beam, use_cache=intervention.keeps_earlier_steps)[0]
        return self.tokenizer.with_end(self.tokenizer.decode(found))

    def trace(self, text: str, target: str | Tokens | None = None, intervention: Intervention = Intervention()) -> Trace:
        """Translate `text`, then capture one teacher-forced pass over both.

        target: a translation to read instead of the model's own, as text or as labels (ending in </s>, which may be all).
        Raises ValueError, in words, for a text that is empty or too long, for labels without </s>, for a layer or head that the
        model lacks and for a cut link to a token that neither this translation nor that of the unchanged model has.
        """
        source = self.source(text)
        if target is None:
            labels = self.translate_tokens(source, intervention)
        else:
            labels = self.target(target) if isinstance(target, str) else self._checked_labels(target)
        self._check_links(source, labels, intervention, own=target is None)
        return capture(self.model, source, self.read(labels), labels, intervention, self.anatomy)

    def _check_links(self, source: Tokens, labels: Tokens, intervention: Intervention, own: bool) -> None:
        """own: the labels are the model's translation under the change, which may have made it shorter than it was."""
        anatomy, length = self.anatomy, len(labels)
        if own and within(intervention, anatomy, len(source), length) != intervention:
            length = max(length, len(self.translate_tokens(source)))
        check_places(intervention, anatomy, len(source), length)

    def read(self, labels: Tokens) -> Tokens:
        """What the decoder reads while it produces `labels`: <s>, then all labels but the last."""
        return self.tokenizer.with_start(labels.first(len(labels) - 1))


def choose_device(device: str | None = None) -> torch.device:
    """cuda, else mps, else cpu; or the one that is named. Raises DeviceError where the named one is not available."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device is None:
        return torch.device(next(name for name, there in available.items() if there))
    found = re.fullmatch(r"(cuda|mps|cpu)(?::(\d{1,4}))?", device)
    if not found:
        raise DeviceError(f"Unknown device {briefly(device)}: choose cuda, mps or cpu.")
    name, index = found[1], int(found[2] or 0)
    count = torch.cuda.device_count() if name == "cuda" else 1
    if not available[name] or index >= count:
        raise DeviceError(f"The device {device!r} was asked for, but torch finds none here. Leave --device away, or choose cpu.")
    return torch.device(device)


def load_pretrained(name: str | Path = "en-fr", device: str | None = None) -> Translator:
    """Load a checkpoint by its name in pretrained/, or from any folder, with hooks installed.

    Raises CheckpointError (or its TokenizerMismatchError, WeightsMismatchError) with the file and what to do, DeviceError
    for a device that is not there or has too little memory.
    """
    where = choose_device(device)
    folder = checkpoint_folder(name)
    about = read_config(folder)
    config, (weights, tokenizer) = Config.from_dict(about["config"]), read_files(folder, about)
    model = _open_weights(config, weights, folder / WEIGHTS)
    return Translator(
        install(_moved(model, where).eval()), _open_tokenizer(config, tokenizer, folder / TOKENIZER), folder.name, about, folder
    )


def _open_weights(config: Config, content: bytes, path: Path) -> Transformer:
    """A model with the weights of a file. Raises WeightsMismatchError where they are not those of such a model."""
    try:
        weights = dequantize(load(content))
        check_weights(config, weights)
        model = Transformer(config)
        load_weights(model, weights)
    except (ValueError, TypeError, KeyError, SafetensorError, RuntimeError) as error:
        raise WeightsMismatchError(f"{cut(path)} does not fit together with config.json: {error} {RESTORE}") from error
    return model


def _open_tokenizer(config: Config, content: bytes, path: Path) -> Tokenizer:
    """The tokenizer of a file. Raises TokenizerMismatchError where it is none, or not one of such a model."""
    try:
        tokenizer = Tokenizer(content)
        check_tokenizer(config, tokenizer)
    except (ValueError, RuntimeError) as error:  # SentencePiece raises the latter
        raise TokenizerMismatchError(f"{cut(path)} is not the tokenizer of this model: {error} {RESTORE}") from error
    return tokenizer


def _moved(model: Transformer, where: torch.device) -> Transformer:
    """The model on a device. Raises DeviceError where it has no room."""
    try:
        return model.to(where)
    except RuntimeError as error:
        why = str(error).splitlines()[0]
        raise DeviceError(
            f"The model cannot be put on {where}: {why} Free some of its memory, or choose --device cpu."
        ) from error


def load_weights(model: Transformer, weights: dict[str, Tensor]) -> None:
    """Copy weights by name into the model.

    Raises ValueError that names what is missing, left over, of another shape, not of floating point or not finite.
    """
    parameters = dict(model.named_parameters())
    wrong = sorted(set(parameters) ^ set(weights))
    wrong += [name for name in set(parameters) & set(weights) if parameters[name].shape != weights[name].shape]
    if wrong:
        raise ValueError(f"Tensors that do not match the config: {_some(wrong)}.")
    if whole := [name for name, value in weights.items() if not value.is_floating_point()]:
        raise ValueError(f"Tensors that are not of floating point: {_some(whole)}.")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])
    if broken := [name for name, parameter in parameters.items() if not parameter.isfinite().all()]:
        raise ValueError(f"Tensors with numbers that are not finite (NaN or infinite): {_some(broken)}.")


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:5])}{' …' if len(names) > 5 else ''}"


def save_pretrained(
    folder: Path, config: Config, weights: Mapping[str, Tensor], tokenizer: Tokenizer, about: dict[str, Any], int8: bool = False
) -> None:
    """Write a checkpoint that `load_pretrained` reads: weights, the tokenizer, and config.json with all three hashes.

    Weights are float16; int8: half of that, matrices in 8 bits with a scale a row (`model.instrument.quantization`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = save(quantize(weights) if int8 else _halves(weights))
    (folder / WEIGHTS).write_bytes(packed)
    (folder / TOKENIZER).write_bytes(tokenizer.model)
    hashes = {"weights_sha256": hashlib.sha256(packed).hexdigest(), "tokenizer_sha256": tokenizer.hash}
    write_config(folder, {"config": config.to_dict(), **hashes, **about})


def _halves(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().to(torch.float16).contiguous().cpu() for name, tensor in weights.items()}


def _from_parts(
    config: Config, weights: dict[str, Tensor], where: tuple[str, torch.dtype], tokenizer: bytes, name: str, about: dict[str, Any], folder: Path | None
) -> Translator:  # fmt: skip
    """What `Translator.__reduce__` took apart. Raises DeviceError where its device is not here."""
    model = Transformer(config).to(choose_device(where[0]), where[1])
    load_weights(model, weights)
    return Translator(install(model.eval()), Tokenizer(tokenizer), name, about, folder)
