"""The whole recipe: `python -m model.train --data FOLDER` trains a translator from sentence pairs and exports it.

Stop it at any time; the same command with `--resume` goes on from the last checkpoint, and on a CPU with as many threads
reaches the same weights. On a finished run it only averages and exports.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from pathlib import Path

from model.instrument.checkpoint import check_words
from model.instrument.pretrained import CheckpointError, DeviceError, choose_device
from model.instrument.project import ROOT
from model.instrument.tokenizer import Tokenizer
from model.training.data import HELD_OUT, TRAIN, encode_pairs, read_files, read_split
from model.training.recipe import Recipe
from model.training.robust import repeated, robust
from model.training.trainer import Trainer, export, run_to_end
from model.transformer.config import POSITION_KINDS, Config


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    form = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m model.train", description=__doc__, formatter_class=form)
    parser.add_argument("--data", type=Path, required=True, help="folder with *.train.tsv.gz and *.dev.tsv.gz or *.val.tsv.gz")
    parser.add_argument("--run", type=Path, default=ROOT / "runs/en-fr", help="folder of checkpoints and log while training")
    parser.add_argument("--out", type=Path, default=ROOT / "pretrained/en-fr", help="folder of the finished translator")
    parser.add_argument("--languages", nargs=2, default=["English", "French"], metavar=("SOURCE", "TARGET"), help="their names")
    parser.add_argument("--timeline", action="store_true", help="keep the weights at about eight points of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    parser.add_argument("--positions", choices=POSITION_KINDS, default=Config.positions)
    for name in ("d_model", "heads", "encoder_layers", "decoder_layers", "dropout", "vocabulary_size"):
        default = getattr(Config, name)
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    parser.add_argument("--post-norm", action="store_true", help="LayerNorm after each sublayer, as in the paper")
    parser.add_argument(
        "--unmasked", action="store_true", help="train the decoder without the look-ahead mask: it sees the answer"
    )
    for name, value in asdict(Recipe()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args(arguments)


def trainer_for(args: argparse.Namespace, recipe: Recipe) -> Trainer:
    """Read the data, learn the vocabulary, and set up the run. Raises ValueError, in words, for settings that cannot be."""
    device = choose_device(args.device)
    config = Config(
        vocabulary_size=args.vocabulary_size, d_model=args.d_model, heads=args.heads, encoder_layers=args.encoder_layers,
        decoder_layers=args.decoder_layers, d_ff=4 * args.d_model, dropout=args.dropout, norm_first=not args.post_norm,
        positions=args.positions, masked=not args.unmasked,
    )  # fmt: skip
    files, dev = read_files(args.data, TRAIN), read_split(args.data, HELD_OUT)
    pairs = [pair for found in files.values() for pair in found]
    tokenizer = Tokenizer.train((side for pair in pairs for side in pair), args.vocabulary_size)
    read = [pair for name, found in files.items() for pair in repeated(name, found, recipe)] + robust(pairs, recipe)
    train_ids, dev_ids = (encode_pairs(part, tokenizer, config.max_length) for part in (read, dev))
    return Trainer(config, recipe, tokenizer, train_ids, dev_ids, args.run, device, args.timeline)


def main(arguments: list[str] | None = None) -> None:
    """Train, or go on, and export."""
    args = parse(arguments)
    try:
        recipe = Recipe(**{field.name: getattr(args, field.name) for field in fields(Recipe)})
        about = {"languages": dict(zip(("source", "target"), args.languages, strict=True))}
        check_words(about)  # not after an hour of work
        trainer = trainer_for(args, recipe)
        run_to_end(trainer, args.resume)
        export(trainer, args.out, about, {}, [])
    except (ValueError, OSError, CheckpointError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
