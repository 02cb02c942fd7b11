"""The files of a checkpoint: where its folder is, and config.json, checked field by field and bound by a hash."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.transformer.architecture import AnyConfig, architecture, config_kind
from model.transformer.config import ENCODER, briefly

CODE = Path(__file__).resolve().parents[2]
INSTALLED = CODE / "headlight"  # where an installed package keeps what is beside the code in a checkout
HOME = INSTALLED if (INSTALLED / "app.py").exists() else CODE
FOLDER = HOME / "pretrained"
RESTORE = (
    "Restore the folder: install Headlight again."
    if HOME == INSTALLED
    else "Restore the folder from the repository (git checkout -- pretrained) or train it again (python -m model.train)."
)
CONFIG, WEIGHTS, TOKENIZER = "config.json", "weights.safetensors", "tokenizer.model"
HASHES = ("config_sha256", "weights_sha256", "tokenizer_sha256")
COUNTS, MEASURES = ("steps", "tokens"), ("seconds", "dev_loss")  # of "training": whole numbers; numbers


class CheckpointError(Exception):
    """A checkpoint that is missing, damaged or put together wrongly; the message names the file and what to do."""


class TokenizerMismatchError(CheckpointError):
    """The tokenizer is not the one that the weights were trained with."""


class WeightsMismatchError(CheckpointError):
    """The weights are damaged or not the ones that config.json describes."""


def checkpoint_folder(name: str | Path) -> Path:
    """Where a checkpoint lies, as a whole path: a folder as it is, else a name in pretrained/.

    A folder that holds no config.json gives way to a checkpoint of its name in pretrained/. The path of one that is nowhere is
    where it was looked for last; reading it names it.
    """
    given, stored = Path(name), FOLDER / str(name)
    try:
        if not str(name):
            return FOLDER
        if (given / CONFIG).is_file():
            return given.resolve()
        return stored.resolve() if (stored / CONFIG).is_file() or not given.is_dir() else given.resolve()
    except (OSError, ValueError):  # longer than the system allows, or with a character that no name has
        return stored


def there(folder: Path) -> bool:
    """Whether there is such a folder."""
    try:
        return folder.is_dir()
    except (OSError, ValueError):  # as in `checkpoint_folder`
        return False


def stored_names() -> list[str]:
    """The checkpoints in pretrained/, by name."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{CONFIG}"))


def read_bytes(path: Path, remedy: str = RESTORE) -> bytes:
    """A file of a checkpoint. Raises CheckpointError that names it; remedy: what to do then."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CheckpointError(f"Cannot read {cut(path)} ({why}). {remedy}") from error


def read_object(path: Path, remedy: str = RESTORE) -> dict[str, Any]:
    """A JSON file that holds an object of finite numbers. Raises CheckpointError that names it; remedy: what to do then."""
    try:
        content = json.loads(read_bytes(path, remedy), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{cut(path)} is not readable JSON ({error}). {remedy}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{cut(path)} is not readable JSON of ours (an object in braces). {remedy}")
    return content


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a checkpoint: every field is of its type and in its range, and the file is the one that was written.

    Raises CheckpointError that names the file and the field.
    """
    path = folder / CONFIG
    if not there(folder):
        names = ", ".join(stored_names()) or "none"
        raise CheckpointError(f"Cannot read {cut(folder)}: there is no such checkpoint. {FOLDER.name}/ holds {names}. {RESTORE}")
    about = read_object(path)
    check_fields(about, path)
    if about["config_sha256"] != config_hash(about):
        raise CheckpointError(
            f"{cut(path)} does not fit together: it was changed since it was written, for its config_sha256 is that of other "
            f"fields. {RESTORE} "
            "Where the change is meant, python -m model.bind --model FOLDER writes the hash anew."
        )
    return about


def write_config(folder: Path, about: Mapping[str, Any]) -> None:
    """Write config.json with its hash. about: everything else, checked first. Raises CheckpointError as `read_config` does."""
    content = {**about, "config_sha256": ""}
    content["config_sha256"] = config_hash(content)
    check_fields(content, folder / CONFIG)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def config_hash(about: Mapping[str, Any]) -> str:
    """SHA-256 of config.json without the hash itself, as JSON with sorted keys and without spaces."""
    rest = {name: value for name, value in about.items() if name != "config_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def check_fields(about: dict[str, Any], path: Path) -> None:
    """Every field that config.json may hold, by type and range. Raises CheckpointError that names the file and the field."""
    if missing := {"config", *HASHES} - set(about):
        raise CheckpointError(f"{cut(path)} lacks {', '.join(sorted(missing))}. {RESTORE}")
    try:
        shape = about["config"]
        if not isinstance(shape, dict):
            raise ValueError(f"config must be an object, not {briefly(shape)}.")
        kind = config_kind(about)
        known = set(kind().to_dict())
        if unknown := sorted(set(shape) - known):
            raise ValueError(f"config has fields that only a newer Headlight may know: {briefly(unknown)}.")
        if lacking := sorted(known - set(shape)):
            raise ValueError(f"config lacks {', '.join(lacking)}.")
        config = kind.from_dict(shape)
        for name in HASHES:
            if not is_hash(about[name]):
                raise ValueError(f"{name} must be a SHA-256 of 64 digits, not {briefly(about[name])}.")
        check_words(about)
        _check_labels(about.get("labels", {}), config)
        _check_training(about.get("training", {}))
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{cut(path)} does not fit together: {error} {RESTORE}") from error


def verify(content: bytes, expected: str, error: type[CheckpointError], path: Path) -> None:
    """Hold a file's content to the hash in config.json. Raises `error` with the file and both hashes."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise error(
            f"{cut(path)} ({len(content):,} bytes) is not the file that this checkpoint was made with: "
            f"its SHA-256 is {found[:12]}…, config.json says {expected[:12]}…. {RESTORE}"
        )


def read_files(folder: Path, about: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """(weights, tokenizer) of a checkpoint as bytes, held to their hashes in config.json. Raises CheckpointError."""
    path = tokenizer_file(folder, about["tokenizer_sha256"])
    weights, tokenizer = read_bytes(folder / WEIGHTS), read_bytes(path)
    verify(tokenizer, about["tokenizer_sha256"], TokenizerMismatchError, path)
    verify(weights, about["weights_sha256"], WeightsMismatchError, folder / WEIGHTS)
    return weights, tokenizer


def tokenizer_file(folder: Path, expected: str) -> Path:
    """Where the tokenizer of a checkpoint lies: in its folder, else in one beside it that has a file of this SHA-256.

    Checkpoints of one family store one file. Where there is none, the path in the folder itself; reading it names it.
    """
    own = folder / TOKENIZER
    beside = [] if own.exists() else sorted(folder.resolve().parent.glob(f"*/{TOKENIZER}"))
    return next((path for path in beside if hashlib.sha256(read_bytes(path)).hexdigest() == expected), own)


def is_hash(value: object) -> bool:
    """Whether a value is a SHA-256 as hexadecimal digits."""
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def is_number(value: object, least: float = -math.inf, most: float = math.inf) -> bool:
    """Whether a value from a JSON file is a finite number from `least` to `most`; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return least <= value <= most and math.isfinite(value)


def cut(path: Path | str, most: int = 200) -> str:
    """A path as it stands in a message, its beginning left out where it is long."""
    text = str(path)
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number that JSON has")


def check_words(about: Mapping[str, Any]) -> None:
    """The names in config.json: of the checkpoint, and of its languages. Raises ValueError, in words, for what can be none."""
    if "name" in about and not _is_name(about["name"]):
        raise ValueError(f"name must be a text of 1 to 255 characters, not {briefly(about['name'])}.")
    if "language" in about and not _is_name(about["language"]):
        raise ValueError(f"language must be a text of 1 to 255 characters, not {briefly(about['language'])}.")
    spoken = about.get("languages")
    if spoken is None:
        return
    if not isinstance(spoken, dict) or set(spoken) != {"source", "target"} or not all(map(_is_name, spoken.values())):
        raise ValueError(f"languages must name source and target, in 1 to 255 characters each, not {briefly(spoken)}.")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def _check_labels(labels: object, config: AnyConfig) -> None:
    """The names of what an encoder's further outputs say. Raises ValueError, in words, for what can be none."""
    if not isinstance(labels, dict) or set(labels) - {"tags", "classes"}:
        raise ValueError(f"labels must be an object of tags and classes, not {briefly(labels)}.")
    if labels and architecture(config) != ENCODER:
        raise ValueError("labels belong to an encoder alone, which reads a text both ways.")
    for name, values in labels.items():
        if not isinstance(values, list) or not values or not all(map(_is_name, values)) or len(set(values)) < len(values):
            raise ValueError(f"labels.{name} must be names that differ, not {briefly(values)}.")


def _check_training(training: object) -> None:
    """What cards, timelines and a second stage read of how the weights came to be; the rest is a record for people."""
    if not isinstance(training, dict):
        raise ValueError(f"training must be an object, not {briefly(training)}.")
    for name in set(COUNTS) & set(training):
        if type(training[name]) is not int or training[name] < 0:
            raise ValueError(f"training.{name} must be a whole number of at least 0, not {briefly(training[name])}.")
    for name in set(MEASURES) & set(training):
        if not is_number(training[name], least=0):
            raise ValueError(f"training.{name} must be a number of at least 0, not {briefly(training[name])}.")
    if not isinstance(training.get("hardware", ""), str):
        raise ValueError(f"training.hardware must be a text, not {briefly(training['hardware'])}.")
