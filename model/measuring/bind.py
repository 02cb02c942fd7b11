"""Bind config.json of a checkpoint: `python -m model.bind --model NAME` checks its files and writes the hash of config.json anew.

After a change by hand that is meant, or for a config.json of a version that wrote no hash. The weights stay untouched.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model.instrument.checkpoint import (
    CONFIG,
    CheckpointError,
    checkpoint_folder,
    config_hash,
    read_bytes,
    read_object,
    write_config,
)
from model.instrument.pretrained import load_pretrained


def bind(folder: Path) -> str:
    """Check every field of config.json and the other files against it, then write its hash, which is returned.

    Raises CheckpointError where something does not fit; config.json is then as it was.
    """
    path = folder / CONFIG
    before, about = read_bytes(path), read_object(path)
    write_config(folder, about)
    try:
        load_pretrained(folder, "cpu")
    except CheckpointError:
        path.write_bytes(before)
        raise
    return config_hash(about)


def main(arguments: list[str] | None = None) -> None:
    """Bind one or several checkpoints."""
    parser = argparse.ArgumentParser(prog="python -m model.bind", description=__doc__)
    parser.add_argument("--model", nargs="+", default=["en-fr"], help="checkpoints in pretrained/, or folders (default: en-fr)")
    args = parser.parse_args(arguments)
    for name in args.model:
        folder = checkpoint_folder(name)
        try:
            print(f"{folder / CONFIG}: config_sha256 {bind(folder)}")
        except (CheckpointError, OSError) as error:
            raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
