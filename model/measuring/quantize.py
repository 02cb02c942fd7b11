"""Halve a checkpoint: `python -m model.quantize --model NAME` stores its weights in 8 bits with a scale a row.

Every weight moves by at most half a scale. What was measured beside it belongs to the weights as they were: measure again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model.instrument.checkpoint import WEIGHTS, CheckpointError, checkpoint_folder
from model.instrument.pretrained import load_pretrained, save_pretrained

WRITTEN = ("config", "weights_sha256", "tokenizer_sha256", "config_sha256")  # by `save_pretrained` itself


def shrink(folder: Path) -> tuple[int, int]:
    """Quantize the weights of a checkpoint in place; returns their bytes before and after. Raises CheckpointError."""
    translator, before = load_pretrained(folder, "cpu"), (folder / WEIGHTS).stat().st_size
    about = {name: value for name, value in translator.about.items() if name not in WRITTEN}
    weights = dict(translator.model.named_parameters())
    save_pretrained(folder, translator.model.config, weights, translator.tokenizer, about, int8=True)
    return before, (folder / WEIGHTS).stat().st_size


def main(arguments: list[str] | None = None) -> None:
    """Quantize one or several checkpoints."""
    parser = argparse.ArgumentParser(prog="python -m model.quantize", description=__doc__)
    parser.add_argument("--model", nargs="+", required=True, help="checkpoints in pretrained/, or folders")
    for name in parser.parse_args(arguments).model:
        folder = checkpoint_folder(name)
        try:
            before, after = shrink(folder)
        except (CheckpointError, OSError) as error:
            raise SystemExit(f"error: {error}") from error
        print(f"{folder / WEIGHTS}: {before:,} -> {after:,} bytes. Measure again what is stored beside it.")


if __name__ == "__main__":
    main()
