"""Teach a model that fills in to tag and to classify: `python -m model.tasks --model NAME --data FOLDER --tasks FOLDER --out FOLDER --run FOLDER`.

One body serves all three: a step is of masked text, of tagged words or of classified texts, so that it goes on filling in.
Stop it at any time; `--resume` goes on.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import asdict, fields
from itertools import accumulate, pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from model.instrument.pretrained import CheckpointError, DeviceError, LanguageReader, checkpoint_folder, load_as
from model.training.data import HELD_OUT, TRAIN, batch_rows
from model.training.export import LOG, export, export_best
from model.training.labelled import (
    CLASSES,
    NO_TAG,
    LabelledBatch,
    Tagged,
    class_batch,
    encode_classed,
    encode_tagged,
    read_classed,
    read_tagged,
    tag_batch,
)
from model.training.language_trainer import LanguageTrainer
from model.training.recipe import TaskRecipe
from model.training.run_files import read_log
from model.training.texts import TextBatch, encode_texts, read_sentences, read_stories, rows_of
from model.training.trainer import run_to_end
from model.transformer.alone import Alone

TAGS, POLARITY = "wnut17.{}.conll.gz", "polarity.{}.tsv.gz"  # files of words with tags, and of texts with a class, by split


SPLITS = ("train", "dev")
PLAIN, TAGGED = 0, 1  # kinds of rows, before those with a class


class TaskTrainer(LanguageTrainer):
    """A run over plain, tagged and classified text; the rows of each kind lie one behind the other.

    tasks: folder with the labelled files; train, dev: plain text. Raises ValueError, in words, for a model that writes on.
    """

    recipe: TaskRecipe

    def __init__(
        self, reader: LanguageReader, recipe: TaskRecipe, tasks: Path, train: list[str], dev: list[str], run: Path
    ) -> None:
        if reader.writes:
            raise ValueError(f"{reader.name} reads from left to right: it tags a word before it has read what follows.")
        self.reader, tagged = reader, {split: read_tagged(tasks / TAGS.format(split)) for split in SPLITS}
        tags = sorted({tag for text in tagged["train"] for _, tag in text}, key=lambda tag: tag.partition("-")[::-2])
        self.labels = {"tags": tags, "classes": CLASSES}
        rows = {}
        self.groups: dict[str, list[range]] = {}
        for split, plain in zip(SPLITS, (train, dev), strict=True):
            kinds = self._encoded(plain, tagged[split], read_classed(tasks / POLARITY.format(split)))
            ends = [0, *accumulate(map(len, kinds))]
            self.groups[split] = [range(*pair) for pair in pairwise(ends)]
            rows[split] = [row for kind in kinds for row in kind]
        own, held_out = rows.values()
        super().__init__(reader.model.config, recipe, reader.tokenizer, own, held_out, run, reader.model.device)

    def _encoded(self, plain: list[str], tagged: list[Tagged], classed: list[tuple[str, int]]) -> tuple[list, list, list]:
        """The rows of each kind."""
        tokenizer, longest = self.reader.tokenizer, self.reader.model.config.max_length
        return (
            rows_of(encode_texts(plain, tokenizer), longest, writes=False),
            [encode_tagged(text, self.labels["tags"], tokenizer, longest) for text in tagged],
            [encode_classed(text, tokenizer, longest) for text in classed],
        )

    def new_model(self) -> Alone:
        """The reader's model with both outputs on top."""
        model = Alone(self.config, **{name: len(labels) for name, labels in self.labels.items()})
        with torch.no_grad():
            for name, parameter in self.reader.model.named_parameters():
                if name in dict(model.named_parameters()):
                    model.get_parameter(name).copy_(parameter)
        return model

    # -- what a pass reads -------------------------------------------------------------------------------------------

    def rows(self, epoch: int) -> list[list[int]]:
        """Every labelled text once, and some of the plain ones; a batch is of one kind."""
        seed = self.recipe.seed + epoch
        draw = random.Random(seed)
        plain, *labelled = self.groups["train"]
        chosen = [draw.sample(plain, min(self.recipe.texts, len(plain))), *map(list, labelled)]
        batches = [batch for rows in chosen for batch in self._grouped(self.train_pairs, rows, seed)]
        draw.shuffle(batches)
        return batches

    def _grouped(self, texts: list, chosen: list[int], seed: int) -> list[list[int]]:
        """Rows of one kind in batches of similar lengths."""
        ids = [texts[row][0] if isinstance(texts[row], tuple) else texts[row] for row in chosen]
        return [[chosen[at] for at in rows] for rows in batch_rows([(row, row) for row in ids], self.recipe.batch_tokens, seed)]

    def batch(self, rows: list[int]) -> TextBatch | LabelledBatch:
        """Texts of one kind as the model reads them in this step."""
        return self._batch(self.train_pairs, rows, self.groups["train"], self.step)

    def _batch(self, texts: list, rows: list[int], groups: list[range], step: int) -> TextBatch | LabelledBatch:
        chosen = [texts[row] for row in rows]
        if rows[0] in groups[PLAIN]:
            return self.prepared(chosen, step)
        return tag_batch(chosen) if rows[0] in groups[TAGGED] else class_batch(chosen)

    # -- one step ----------------------------------------------------------------------------------------------------

    def loss(self, batch: TextBatch | LabelledBatch) -> tuple[Tensor, Tensor]:
        """(loss with gradient, the same without), nats per piece or label to predict."""
        if isinstance(batch, TextBatch):
            return super().loss(batch)
        ids, labels = batch.ids.to(self.device), batch.labels.to(self.device)
        found = F.cross_entropy(self.model.labelled(ids, labels.dim() > 1), labels.flatten(), ignore_index=NO_TAG)
        return found, found.detach()

    @torch.no_grad()
    def evaluate(self) -> float:
        """Mean of the cross-entropies on held-out masked pieces, tags and classes, nats each."""
        self.model.eval()
        means = []
        for group in self.groups["dev"]:
            total = count = 0.0
            for number, rows in enumerate(self._grouped(self.dev_pairs, list(group), 0), 1):
                batch = self._batch(self.dev_pairs, rows, self.groups["dev"], -number)
                total += float(self.loss(batch)[1]) * batch.tokens
                count += batch.tokens
            means.append(total / count)
        self.model.train()
        return sum(means) / len(means)


def teach(args: argparse.Namespace, recipe: TaskRecipe) -> None:
    """Go on with the checkpoint, and export. Raises ValueError, OSError, CheckpointError and DeviceError as their causes do."""
    folder = checkpoint_folder(args.model)
    reader = load_as(LanguageReader, folder, args.device)
    if folder.resolve() == args.out.resolve():
        raise ValueError(f"{args.out} is where the checkpoint itself lies. Choose another --out.")
    train, dev = (
        read_sentences(args.data, names) + read_stories(args.stories, split)
        for names, split in ((TRAIN, "train"), (HELD_OUT, "dev"))
    )
    trainer = TaskTrainer(reader, recipe, args.tasks, train, dev, args.run)
    trainer.evaluate_every = args.evaluate_every
    about = {"language": reader.about.get("language", ""), "labels": trainer.labels}
    if args.best:
        export_best(trainer, args.out, about)
        return
    run_to_end(trainer, args.resume)
    export(trainer, args.out, about, reader.about.get("training", {}), read_log(folder / LOG))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    form = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m model.tasks", description=__doc__, formatter_class=form)
    parser.add_argument("--model", required=True, help="a checkpoint that fills in: a name in pretrained/, or a folder")
    parser.add_argument("--data", type=Path, required=True, help="folder with *.train.tsv.gz and *.dev.tsv.gz or *.val.tsv.gz")
    parser.add_argument("--stories", type=Path, help="folder with *.train.txt.gz and *.dev.txt.gz")
    parser.add_argument("--tasks", type=Path, required=True, help=f"folder with {TAGS.format('*')} and {POLARITY.format('*')}")
    parser.add_argument("--out", type=Path, required=True, help="folder of the result")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoints and log meanwhile")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--best", action="store_true", help="export the run's best weights so far, without training on")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    parser.add_argument("--evaluate-every", type=int, default=200, help="steps between looks at held-out text")
    for name, value in asdict(TaskRecipe()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Teach, and export."""
    args = parse(arguments)
    try:
        teach(args, TaskRecipe(**{field.name: getattr(args, field.name) for field in fields(TaskRecipe)}))
    except (ValueError, OSError, CheckpointError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
