"""Find, verify and load a checkpoint: a folder with weights.safetensors, tokenizer.model and config.json."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from model.capture import capture, install, running
from model.config import Config
from model.intervention import Intervention
from model.places import check_places, within
from model.tokenizer import Tokenizer, Tokens
from model.trace import Trace
from model.transformer import Transformer
from model.translate import most_tokens, search

FOLDER = Path(__file__).resolve().parent.parent / "pretrained"
RESTORE = "Restore the folder from the repository (git checkout -- pretrained) or train it again (python -m model.train)."


class CheckpointError(Exception):
    """A checkpoint that is missing, damaged or put together wrongly; the message names the file and what to do."""


class TokenizerMismatchError(CheckpointError):
    """The tokenizer is not the one that the weights were trained with."""


class WeightsMismatchError(CheckpointError):
    """The weights are damaged or not the ones that config.json describes."""


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
    about: dict = field(default_factory=dict, compare=False)  # the rest of config.json
    folder: Path | None = None  # where it was loaded from

    def __reduce__(self) -> tuple:
        model, parameter = self.model, next(self.model.parameters())
        weights = {name: tensor.detach().cpu() for name, tensor in model.named_parameters()}
        where = str(parameter.device), parameter.dtype
        return _from_parts, (model.config, weights, where, self.tokenizer.model, self.name, self.about, self.folder)

    def source(self, text: str) -> Tokens:
        """What the encoder would read. Raises ValueError, in words, for text that is empty or too long."""
        return self._checked(self.tokenizer.source(text), "sentence")

    def target(self, text: str) -> Tokens:
        """A target sentence as the labels of a pass. Raises ValueError likewise."""
        return self._checked(self.tokenizer.with_end(self.tokenizer.encode(text)), "translation")

    def _checked(self, tokens: Tokens, what: str) -> Tokens:
        limit = self.model.config.max_length
        if len(tokens) == 1:
            raise ValueError(f"There is nothing to read in this {what}. Type at least one visible character.")
        if len(tokens) > limit:
            raise ValueError(
                f"This {what} has {len(tokens)} tokens; the model reads at most {limit}. Shorten it or split it in two."
            )
        return tokens

    def translate(self, text: str, intervention: Intervention = Intervention(), beam: int = 1) -> str:
        """The translation of `text`: greedy, or the best of a beam. Raises ValueError as `source` does."""
        source = self.source(text)
        check_places(intervention, self.model.config, len(source), most_tokens(len(source), self.model.config))
        return self.translate_tokens(source, intervention, beam).text

    def translate_tokens(self, source: Tokens, intervention: Intervention = Intervention(), beam: int = 1) -> Tokens:
        """The translation as the Tokens that the model produced, </s> included: what decoder rows must predict.

        Under an Intervention every step reads the tokens so far with the model as changed; nothing is captured. Raises
        ValueError, in words, for a beam or an Intervention without meaning.
        """
        config = self.model.config
        check_places(intervention, config, len(source), config.max_length)
        ids = torch.tensor([source.ids], device=self.model.device)
        with running(config, intervention):
            found = search(self.model, ids, beam, use_cache=intervention.keeps_earlier_steps)[0]
        return self.tokenizer.with_end(self.tokenizer.decode(found))

    def trace(self, text: str, target: str | Tokens | None = None, intervention: Intervention = Intervention()) -> Trace:
        """Translate `text`, then capture one teacher-forced pass over both.

        target: a translation to read instead of the model's own, as text or as labels (ending in </s>).
        Raises ValueError, in words, for a text that is empty or too long, for a layer or head that the model lacks and for a cut
        link to a token that neither this translation nor that of the unchanged model has.
        """
        source = self.source(text)
        if target is None:
            labels = self.translate_tokens(source, intervention)
        else:
            labels = self.target(target) if isinstance(target, str) else self._checked(target, "translation")
        self._check_links(source, labels, intervention, own=target is None)
        return capture(self.model, source, self.read(labels), labels, intervention)

    def _check_links(self, source: Tokens, labels: Tokens, intervention: Intervention, own: bool) -> None:
        """own: the labels are the model's translation under the change, which may have made it shorter than it was."""
        config, length = self.model.config, len(labels)
        if own and within(intervention, len(source), length) != intervention:
            length = max(length, len(self.translate_tokens(source)))
        check_places(intervention, config, len(source), length)

    def read(self, labels: Tokens) -> Tokens:
        """What the decoder reads while it produces `labels`: <s>, then all labels but the last."""
        return self.tokenizer.with_start(labels.first(len(labels) - 1))


def choose_device(device: str | None = None) -> torch.device:
    """cuda, else mps, else cpu; or the one that is named. Raises DeviceError where the named one is not available."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device is None:
        return torch.device(next(name for name, there in available.items() if there))
    name = device.split(":")[0]
    if name not in available:
        raise DeviceError(f"Unknown device {device!r}: choose cuda, mps or cpu.")
    if not available[name] or (name == "cuda" and ":" in device and int(device.split(":")[1]) >= torch.cuda.device_count()):
        raise DeviceError(f"The device {device!r} was asked for, but torch finds none here. Leave --device away, or choose cpu.")
    return torch.device(device)


def family(name: str | Path) -> dict[str, str]:
    """The checkpoints beside this one for the same languages: {folder name: kind of positions}, this one first."""
    folder = checkpoint_folder(name).resolve()
    found = {}
    for path in sorted(folder.parent.glob("*/config.json"), key=lambda path: (path.parent != folder, path)):
        about = _read_config(path.parent)
        found[path.parent.name] = (about.get("languages"), about["config"].get("positions"))
    languages, _ = found.get(folder.name, (None, None))
    return {other: positions for other, (spoken, positions) in found.items() if spoken == languages}


def checkpoint_folder(name: str | Path) -> Path:
    """Where a checkpoint lies: a folder as it is, else a name in pretrained/."""
    return Path(name) if Path(name).is_dir() else FOLDER / str(name)


def load_pretrained(name: str | Path = "en-fr", device: str | None = None) -> Translator:
    """Load a checkpoint by its name in pretrained/, or from any folder, with hooks installed.

    Raises CheckpointError (or its TokenizerMismatchError, WeightsMismatchError) with the file and what to do, DeviceError
    for a device that is not there.
    """
    where = choose_device(device)
    folder = checkpoint_folder(name)
    about = _read_config(folder)
    tokenizer_bytes, weights_bytes = (_read(folder / file) for file in ("tokenizer.model", "weights.safetensors"))
    _verify(tokenizer_bytes, about["tokenizer_sha256"], TokenizerMismatchError, folder / "tokenizer.model")
    _verify(weights_bytes, about["weights_sha256"], WeightsMismatchError, folder / "weights.safetensors")
    try:
        model = Transformer(Config.from_dict(about["config"]))
        load_weights(model, load(weights_bytes))
    except (ValueError, TypeError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{folder} does not fit together: {error} {RESTORE}") from error
    return Translator(install(model.to(where).eval()), Tokenizer(tokenizer_bytes), folder.resolve().name, about, folder.resolve())


def load_weights(model: Transformer, weights: dict[str, Tensor]) -> None:
    """Copy weights by name into the model. Raises ValueError that names what is missing, left over or of another shape."""
    parameters = dict(model.named_parameters())
    wrong = sorted(set(parameters) ^ set(weights))
    wrong += [name for name in set(parameters) & set(weights) if parameters[name].shape != weights[name].shape]
    if wrong:
        raise ValueError(f"Tensors that do not match the config: {', '.join(wrong[:5])}{' ...' if len(wrong) > 5 else ''}.")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])


def save_pretrained(folder: Path, config: Config, weights: dict[str, Tensor], tokenizer: Tokenizer, about: dict) -> None:
    """Write a checkpoint that `load_pretrained` reads: float16 weights, the tokenizer and config.json with both hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = save({name: tensor.detach().to(torch.float16).contiguous().cpu() for name, tensor in weights.items()})
    (folder / "weights.safetensors").write_bytes(packed)
    (folder / "tokenizer.model").write_bytes(tokenizer.model)
    hashes = {"weights_sha256": hashlib.sha256(packed).hexdigest(), "tokenizer_sha256": tokenizer.hash}
    text = json.dumps({"config": config.to_dict(), **hashes, **about}, indent=2, ensure_ascii=False)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def _from_parts(
    config: Config, weights: dict[str, Tensor], where: tuple[str, torch.dtype], tokenizer: bytes, name: str, about: dict, folder: Path | None
) -> Translator:  # fmt: skip
    """What `Translator.__reduce__` took apart. Raises DeviceError where its device is not here."""
    model = Transformer(config).to(choose_device(where[0]), where[1])
    load_weights(model, weights)
    return Translator(install(model.eval()), Tokenizer(tokenizer), name, about, folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"Cannot read {path} ({error.strerror}). {RESTORE}") from error


def _read_config(folder: Path) -> dict:
    path = folder / "config.json"
    try:
        about = json.loads(_read(path))
        missing = {"config", "tokenizer_sha256", "weights_sha256"} - set(about)
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is not readable JSON ({error}). {RESTORE}") from error
    if missing:
        raise CheckpointError(f"{path} lacks {', '.join(sorted(missing))}. {RESTORE}")
    return about


def _verify(content: bytes, expected: str, error: type[CheckpointError], path: Path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise error(
            f"{path} ({len(content):,} bytes) is not the file that this checkpoint was made with: "
            f"its SHA-256 is {found[:12]}…, config.json says {expected[:12]}…. {RESTORE}"
        )
