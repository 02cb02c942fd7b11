"""Fine-tune a finished translator on one corpus without forgetting the rest: `python -m model.tune --data FOLDER --model NAME`.

The second stage of `python -m model.train`, which runs it by itself. Stop it at any time; `--resume` goes on.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import asdict, replace
from pathlib import Path

from model.data import batch_rows, encode_pairs, read_pairs, read_split
from model.pretrained import CheckpointError, DeviceError, Translator, checkpoint_folder, load_pretrained
from model.recipe import TuningRecipe
from model.trainer import LOG, Trainer, export, read_log, run_to_end

TRAIN, HELD_OUT = ".train.tsv.gz", [".dev.tsv.gz", ".val.tsv.gz"]
Pairs = list[tuple[str, str]]


def corpus_file(data: Path, corpus: str) -> Path:
    """Where the pairs of a corpus lie. Raises ValueError, in words, where they are not there."""
    path = data / f"{corpus}{TRAIN}"
    if not path.exists():
        raise ValueError(
            f"There is no {path} to fine-tune on. Name a corpus that is there; model.train leaves this stage out with --tuning-epochs 0."
        )
    return path


def read_mixture(data: Path, corpus: str) -> tuple[Pairs, Pairs]:
    """(pairs of the corpus, pairs of all other training files). Raises ValueError as `corpus_file`."""
    path = corpus_file(data, corpus)
    others = [pair for other in sorted(data.glob(f"*{TRAIN}")) if other != path for pair in read_pairs(other)]
    return read_pairs(path), others


class Tuner(Trainer):
    """The training run of the second stage: it begins with a translator's weights, and every epoch draws other pairs anew."""

    def __init__(self, translator: Translator, recipe: TuningRecipe, mixture: tuple[Pairs, Pairs], held_out: Pairs, run: Path) -> None:
        config, tokenizer = translator.model.config, translator.tokenizer
        corpus, others, dev = (encode_pairs(pairs, tokenizer, config.max_length) for pairs in (*mixture, held_out))
        self.corpus_size = len(corpus)
        trained = replace(config, dropout=recipe.dropout)
        super().__init__(trained, recipe, tokenizer, corpus + others, dev, run, translator.model.device)
        self.config = config  # of the checkpoint that is exported: another dropout is a matter of this stage
        self.model.load_state_dict(translator.model.state_dict())

    def rows(self, epoch: int) -> list[list[int]]:
        """The batches of a pass over the corpus and the others drawn for it, as rows of `train_pairs`."""
        seed, size = self.recipe.seed + epoch, self.corpus_size
        others = range(size, len(self.train_pairs))
        chosen = [*range(size), *random.Random(seed).sample(others, min(self.recipe.others, len(others)))]
        batches = batch_rows([self.train_pairs[row] for row in chosen], self.recipe.batch_tokens, seed)
        return [[chosen[row] for row in rows] for rows in batches]


def tune(folder: Path, out: Path, data: Path, run: Path, recipe: TuningRecipe, resume: bool, device: str | None = None) -> None:
    """Fine-tune the checkpoint in `folder` and write the result to `out`, its log going on from the checkpoint's.

    Raises ValueError, in words, for a checkpoint that was fine-tuned before or would overwrite itself; OSError,
    CheckpointError and DeviceError as their causes do.
    """
    translator = load_pretrained(folder, device)
    earlier = translator.about.get("training", {})
    if "tuning" in earlier:
        raise ValueError(f"{folder} was fine-tuned already.")
    if folder.resolve() == out.resolve():
        raise ValueError(f"{out} is where the checkpoint itself lies. Choose another --out.")
    tuner = Tuner(translator, recipe, read_mixture(data, recipe.corpus), read_split(data, HELD_OUT), run)
    run_to_end(tuner, resume)
    export(tuner, out, {"languages": translator.about.get("languages")}, earlier, read_log(folder / LOG))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    form = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m model.tune", description=__doc__, formatter_class=form)
    parser.add_argument("--data", type=Path, required=True, help="folder with *.train.tsv.gz and *.dev.tsv.gz or *.val.tsv.gz")
    parser.add_argument("--model", required=True, help="the finished checkpoint: a name in pretrained/, or a folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of the fine-tuned one")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoints and log meanwhile")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    for name, value in asdict(TuningRecipe()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Fine-tune, or go on, and export."""
    args = parse(arguments)
    try:
        recipe = TuningRecipe(**{name: getattr(args, name) for name in asdict(TuningRecipe())})
        tune(checkpoint_folder(args.model), args.out, args.data, args.run, recipe, args.resume, args.device)
    except (ValueError, OSError, CheckpointError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
