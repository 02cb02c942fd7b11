"""What lies beside a checkpoint, and the one way to find it: its siblings, and the JSON files that were measured on its weights.

All of it is found from the checkpoint's own folder. A file that is not there is none, one of other weights neither; one that is
damaged is a CheckpointError that names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.instrument.checkpoint import CONFIG, CheckpointError, checkpoint_folder, cut, is_number, read_config, read_object
from model.transformer.architecture import architecture, config_of
from model.transformer.config import Config, briefly

MOST_NAMED = 4  # siblings that are skipped, each with its fault; the others are counted


def kind(about: Mapping[str, Any]) -> str:
    """What sets a member of a family apart: its positions, or that it was trained without the look-ahead mask ("unmasked").

    A model of another architecture than the transformer with both stacks has no such family: its architecture.
    """
    built = architecture(config_of(about))
    if built != architecture(Config()):
        return built
    return about["config"]["positions"] if about["config"]["masked"] else "unmasked"


def siblings(name: str | Path) -> tuple[dict[str, str], list[str]]:
    """The checkpoints beside this one for the same languages, built alike: ({folder name: its `kind`}, this one first; notices).

    A sibling whose config.json is damaged, or of a newer version, is skipped; the notices name it. Raises CheckpointError where
    this one's own is.
    """
    folder = checkpoint_folder(name)
    own = read_config(folder)
    found, faults = {folder.name: kind(own)}, []
    for path, about in _beside(folder):
        if isinstance(about, CheckpointError):
            faults.append(f"The checkpoint {cut(path.name, 60)} is left out. {about}")
        elif about.get("languages") == own.get("languages") and architecture(config_of(about)) == architecture(config_of(own)):
            found[path.name] = kind(about)
    if len(faults) > MOST_NAMED:
        faults[MOST_NAMED:] = [f"{len(faults) - MOST_NAMED} other checkpoints of {cut(folder.parent)} are left out, too."]
    return found, faults


def neighbours(name: str | Path) -> dict[str, str]:
    """The checkpoints beside this one that read the same language and are built otherwise: {folder name: its architecture}.

    One that is damaged is left out; `siblings` says so. Raises CheckpointError where this one's own config.json is damaged.
    """
    folder = checkpoint_folder(name)
    own = read_config(folder)
    others = {path.name: about for path, about in _beside(folder) if not isinstance(about, CheckpointError)}
    built = {other: architecture(config_of(about)) for other, about in others.items() if _reads(about) == _reads(own)}
    return {other: how for other, how in built.items() if how != architecture(config_of(own))}


def _beside(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any] | CheckpointError]]:
    """The other checkpoints of the same parent, each with its config.json, or with what is wrong with it."""
    for path in sorted(folder.parent.glob(f"*/{CONFIG}")):
        if path.parent == folder:
            continue
        try:
            yield path.parent, read_config(path.parent)
        except CheckpointError as error:
            yield path.parent, error


def _reads(about: Mapping[str, Any]) -> object:
    """The language that a checkpoint reads."""
    languages = about.get("languages")
    return languages.get("source") if isinstance(languages, dict) else about.get("language")


def family(name: str | Path) -> dict[str, str]:
    """The checkpoints beside this one for the same languages: {folder name: its `kind`}, this one first; see `siblings`."""
    return siblings(name)[0]


def read_measured(folder: Path, file: str, weights_sha256: str) -> dict[str, Any] | None:
    """What a command measured on weights and stored beside them as JSON; None where there is no such file, or one of other weights.

    Raises CheckpointError that names a file that is damaged.
    """
    path = folder / file
    if not path.exists():
        return None
    content = read_object(path, _remedy(path))
    with explained(path):
        if not isinstance(content["weights_sha256"], str):
            raise ValueError(f"weights_sha256 must be a text, not {briefly(content['weights_sha256'])}")
    return content if content["weights_sha256"] == weights_sha256 else None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Whatever is wrong with the content of a file is a CheckpointError that names the file."""
    try:
        yield
    except KeyError as error:
        raise CheckpointError(f"{cut(path)} is damaged: it lacks {briefly(error.args[0])}. {_remedy(path)}") from error
    except (ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise CheckpointError(f"{cut(path)} is damaged: {error}. {_remedy(path)}") from error


def _remedy(path: Path) -> str:
    return f"Restore it, or delete it: without {path.name} the page shows everything else."


def head_shapes(config: Config) -> dict[str, tuple[int, int]]:
    """(layers, heads) of each kind of attention."""
    return {kind.name: (kind.layers, kind.heads) for kind in config.anatomy().kinds}


def head_table(values: object, shape: tuple[int, int] | None, what: str, most: float = float("inf")) -> list[list[float]]:
    """A number for every head, (layer, head), from 0 to `most`, out of a JSON file. Raises ValueError, in words, for anything else.

    shape: (layers, heads) that it must have; None takes any that is not empty.
    """
    if not isinstance(values, list) or not values or not all(isinstance(row, list) and row for row in values):
        raise ValueError(f"{what} must be rows of numbers, one a layer, not {briefly(values)}")
    layers, heads = shape or (len(values), len(values[0]))
    if len(values) != layers or any(len(row) != heads for row in values):
        raise ValueError(f"{what} must be of {layers} layers with {heads} heads each")
    for row in values:
        for value in row:
            if not is_number(value, 0, most):
                raise ValueError(f"{what} must be numbers from 0 to {most:g}, not {briefly(value)}")
    return values


def entry(values: object, name: str) -> Mapping[str, Any]:
    """The object that stands under a name. Raises ValueError, in words, where something else does; KeyError where nothing does."""
    if not isinstance(values, dict):
        raise ValueError(f"{name} must stand in an object, not in {briefly(values)}")
    if not isinstance(values[name], dict):
        raise ValueError(f"{name} must be an object, not {briefly(values[name])}")
    return values[name]


def whole_number(value: object, what: str, least: int = 0) -> int:
    """A whole number of at least `least` out of a JSON file. Raises ValueError, in words, for anything else."""
    if type(value) is not int or value < least:
        raise ValueError(f"{what} must be a whole number of at least {least}, not {briefly(value)}")
    return value
