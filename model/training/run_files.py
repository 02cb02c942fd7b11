"""What a training run keeps in its folder, read again: every file that is damaged is named, with what to do about it."""

from __future__ import annotations

import csv
import os
import pickle
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save_file
from torch import Tensor

from model.instrument.lines import read_lines

LOG_COLUMNS = ("step", "epoch", "tokens", "seconds", "learning_rate", "train_loss", "dev_loss", "tokens_per_second")
STATE = {
    "step", "tokens", "seconds", "dev_loss", "model", "optimizer", "random", "config", "recipe", "tokenizer",
}  # fmt: skip
AGAIN = "Begin again in another --run, or delete the folder and leave --resume away."


def read_checkpoint(path: Path, device: torch.device) -> dict:
    """The state that `Trainer.save` wrote. Raises ValueError, in words, for a file that is cut off, damaged or something else."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path, error) from error
    except (
        RuntimeError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        TypeError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
    ) as error:
        raise _damaged(path, error) from error
    missing = STATE - set(state) if isinstance(state, dict) else STATE
    if missing:
        raise ValueError(f"{path} is no checkpoint of a run: it lacks {', '.join(sorted(missing))}. {AGAIN}")
    return state


def restore(path: Path, state: dict, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put a state of `read_checkpoint` into model, optimizer and the random numbers. Raises ValueError where it does not fit."""
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, error) from error


def write_tensors(path: Path, tensors: dict[str, Tensor], about: dict[str, str] | None = None) -> None:
    """Write safetensors in one piece, with a few words about them: a kill leaves the old file or the new one."""
    temporary = path.with_suffix(".new")
    save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, temporary, about)
    os.replace(temporary, path)


def best_so_far(path: Path) -> tuple[int, float] | None:
    """Step and held-out loss of the best weights that a run has kept; None where it has kept none. Raises ValueError if damaged."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
        return int(about["step"]), float(about["dev_loss"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise _damaged(path, error) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The weights that a run kept at one step, by name. Raises ValueError, in words, for a file that is missing or damaged."""
    try:
        return load(path.read_bytes())
    except FileNotFoundError as error:
        raise ValueError(
            f"{path} is not there: the run kept these weights, and without them it cannot be finished. {AGAIN}"
        ) from error
    except SafetensorError as error:
        raise _damaged(path, error) from error


def mean(paths: list[Path]) -> dict[str, Tensor]:
    """The mean of the weights in several files, by name. Raises ValueError that names a file which does not fit the first."""
    loaded = [read_tensors(path) for path in paths]
    shapes = [{name: tensor.shape for name, tensor in weights.items()} for weights in loaded]
    for path, shape in zip(paths, shapes, strict=True):
        if shape != shapes[0]:
            raise ValueError(f"{path} holds other tensors than {paths[0].name}. {AGAIN}")
    for path, weights in zip(paths, loaded, strict=True):
        if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
            raise ValueError(f"{path} holds weights that are no numbers (NaN or infinite). {AGAIN}")
    return {name: torch.stack([weights[name] for weights in loaded]).mean(0) for name in loaded[0]}


def read_log(path: Path) -> list[dict[str, str]]:
    """The rows of a log. Raises OSError; ValueError with file and line for one that is damaged."""
    rows = []
    for number, line in read_lines(path):
        cells = next(csv.reader([line]), [])
        if number == 1:
            if tuple(cells) != LOG_COLUMNS:
                raise ValueError(
                    f"{path}, line 1: expected the columns {', '.join(LOG_COLUMNS)}, found {', '.join(cells) or 'none'}."
                )
            continue
        rows.append(_row(path, number, cells))
    return rows


def continued(earlier: list[dict[str, str]], rows: list[dict[str, str]]) -> list[dict]:
    """Rows of a log whose steps, epochs, tokens and seconds count on from the last row of an earlier one."""
    if not earlier:
        return rows
    kinds = {"step": int, "epoch": int, "tokens": int, "seconds": float}
    return [{**row, **{name: kind(row[name]) + kind(earlier[-1][name]) for name, kind in kinds.items()}} for row in rows]


def write_log(path: Path, rows: list[dict]) -> None:
    """Write a log in one piece."""
    temporary = path.with_suffix(".new")
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, LOG_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(temporary, path)


def _row(path: Path, number: int, cells: list[str]) -> dict[str, str]:
    if len(cells) != len(LOG_COLUMNS):
        raise ValueError(f"{path}, line {number}: expected {len(LOG_COLUMNS)} columns, found {len(cells)}. Delete the line.")
    row = dict(zip(LOG_COLUMNS, cells, strict=True))
    for name, cell in row.items():
        try:
            _ = (int if name in ("step", "epoch", "tokens") else float)(cell) if cell or name != "dev_loss" else None
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {name} is {cell[:40]!r}, not a number. Delete the line.") from error
    return row


def _damaged(path: Path, error: Exception) -> ValueError:
    said = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
    return ValueError(f"{path} is cut off or damaged ({said}). {AGAIN}")
