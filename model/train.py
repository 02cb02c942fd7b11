"""The whole recipe: `python -m model.train --data FOLDER` trains a translator from sentence pairs and exports it.

Stop it at any time; the same command with `--resume` goes on from the last checkpoint, and on a CPU with as many threads
reaches the same weights. On a finished run it only averages and exports.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from model.attention import explicit_attention
from model.config import POSITION_KINDS, Config
from model.data import Batch, batch_rows, batches, encode_pairs, make_batch, read_split
from model.loss import smoothed_cross_entropy
from model.pretrained import DeviceError, choose_device, load_weights, save_pretrained
from model.recipe import Recipe, rate_at, timeline_steps
from model.tokenizer import PAD, Tokenizer
from model.transformer import Transformer

LOG_COLUMNS = ("step", "epoch", "tokens", "seconds", "learning_rate", "train_loss", "dev_loss", "tokens_per_second")


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write safetensors in one piece: a kill leaves the old file or the new one."""
    temporary = path.with_suffix(".new")
    save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, temporary)
    os.replace(temporary, path)


class Trainer:
    """One training run in a folder of its own: checkpoint, log and the last checkpoints to be averaged."""

    def __init__(
        self, config: Config, recipe: Recipe, tokenizer: Tokenizer, train: list, dev: list, run: Path, device: torch.device,
        timeline: bool = False,
    ) -> None:  # fmt: skip
        if not train or not dev:
            raise ValueError("No pair is left to train on, or to hold out: all are empty or longer than the model reads.")
        torch.manual_seed(recipe.seed)
        self.config, self.recipe, self.tokenizer = config, recipe, tokenizer
        self.train_pairs, self.dev_pairs, self.run, self.device = train, dev, run, device
        self.model = Transformer(config).to(self.device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-9, fused=True)
        self.batches_per_epoch = len(batch_rows(train, recipe.batch_tokens, recipe.seed))
        self.total = recipe.epochs * self.batches_per_epoch
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.dev_loss: float | None = None
        self.timeline = timeline_steps(self.total) if timeline else []
        run.mkdir(parents=True, exist_ok=True)

    # -- one step ---------------------------------------------------------------------------------------------------

    def loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(smoothed loss with gradient, plain cross-entropy), nats per target token."""
        source, target, labels = (part.to(self.device) for part in (batch.source, batch.target, batch.labels))
        bf16 = self.device.type in ("cuda", "cpu")
        with torch.autocast(self.device.type, torch.bfloat16) if bf16 else nullcontext():
            memory, memory_mask = self.model.encode(source)
            states = self.model.decode(target, memory, memory_mask)
        real = labels != PAD
        states = states[real].to(torch.bfloat16 if bf16 else torch.float32)
        weight = self.model.decoder.embedding.weight
        return smoothed_cross_entropy(states, weight, labels[real], self.recipe.label_smoothing)

    def train_step(self, batch: Batch) -> float:
        """One Adam step; returns the plain cross-entropy of the batch, nats per token."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(self.step, self.total, self.recipe)
        smoothed, plain = self.loss(batch)
        smoothed.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += batch.tokens
        return float(plain)

    @torch.no_grad()
    def evaluate(self) -> float:
        """Cross-entropy on the held-out pairs, nats per target token."""
        self.model.eval()
        total = count = 0.0
        for batch in batches(self.dev_pairs, self.recipe.batch_tokens):
            total += float(self.loss(batch)[1]) * batch.tokens
            count += batch.tokens
        self.model.train()
        return total / count

    # -- the whole run ----------------------------------------------------------------------------------------------

    def fit(self, save_every: int = 100) -> None:
        """Train to the end of the recipe; save and log every so many steps; evaluate after every epoch."""
        from tqdm import tqdm

        self.model.train()
        self.keep_moment()
        started, losses, last = time.perf_counter() - self.seconds, [], (self.tokens, self.seconds)
        with tqdm(total=self.total, initial=self.step, unit="step", smoothing=0.05) as progress:
            for epoch, rows in self.schedule():
                losses.append(self.train_step(make_batch([self.train_pairs[row] for row in rows])))
                if self.step % self.batches_per_epoch == 0:
                    self.dev_loss = self.evaluate()
                self.seconds = time.perf_counter() - started
                progress.update()
                self.keep_moment()
                if self.step in self.averaged_steps():  # before the checkpoint: what a resumed run skips is on disk
                    write_tensors(self.run / f"weights-{self.step}.safetensors", self.weights())
                if self.step % save_every == 0 or self.step == self.total:
                    progress.set_postfix(self.report(epoch + 1, losses, *last))
                    losses, last = [], (self.tokens, self.seconds)

    def keep_moment(self) -> None:
        """Write the weights of a step that belongs to the timeline."""
        if self.step in self.timeline:
            write_tensors(self.run / f"moment-{self.step}.safetensors", self.weights())

    def schedule(self) -> Iterator[tuple[int, list[int]]]:
        """(epoch from 0, rows of the next batch) from the current step to the end: a function of seed and step alone."""
        while self.step < self.total:
            epoch, first = divmod(self.step, self.batches_per_epoch)
            for rows in batch_rows(self.train_pairs, self.recipe.batch_tokens, self.recipe.seed + epoch)[first:]:
                yield epoch, rows

    def report(self, epoch: int, losses: list[float], tokens: int, seconds: float) -> dict[str, str]:
        """Log and save; returns what the progress display shows.

        losses: of the steps since the last report, nats per token; tokens, seconds: what was done at the last report.
        """
        mean, speed = sum(losses) / len(losses), (self.tokens - tokens) / (self.seconds - seconds)
        self.log(epoch, mean, speed)
        self.save()
        dev = {} if self.dev_loss is None else {"dev": f"{self.dev_loss:.3f}"}
        return {"loss": f"{mean:.3f}", **dev, "tokens/s": f"{speed:.0f}"}

    def averaged_steps(self) -> range:
        """The steps after which the weights go into the exported mean: the last one, and back from there."""
        every = self.recipe.average_every
        return range(self.total, max(0, self.total - self.recipe.average * every), -every)

    def weights(self) -> dict[str, Tensor]:
        """Every trained tensor by name, the tied matrix once."""
        return {name: parameter.detach() for name, parameter in self.model.named_parameters()}

    def average(self) -> dict[str, Tensor]:
        """Mean of the last checkpoints, float32 (Vaswani et al. 2017, section 6.1)."""
        loaded = [load_file(self.run / f"weights-{step}.safetensors") for step in reversed(self.averaged_steps())]
        return {name: torch.stack([weights[name] for weights in loaded]).mean(0) for name in loaded[0]}

    # -- checkpoints and the log ------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the checkpoint in one piece: a kill leaves the old one or the new one, never half of one."""
        state = {
            "step": self.step, "tokens": self.tokens, "seconds": self.seconds, "dev_loss": self.dev_loss,
            "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "random": torch.get_rng_state(),
            "config": self.config.to_dict(), "recipe": asdict(self.recipe), "tokenizer": self.tokenizer.hash,
        }  # fmt: skip
        temporary = self.run / "checkpoint.new"
        torch.save(state, temporary)
        os.replace(temporary, self.run / "checkpoint.pt")

    def start(self, resume: bool) -> None:
        """Begin an empty log, or go on from the run's checkpoint. Raises ValueError rather than overwrite or mix runs."""
        if not (self.run / "checkpoint.pt").exists():
            if resume:
                print(f"No checkpoint in {self.run} yet: starting from step 0.")
            self._write_log([])
        elif resume:
            self.resume()
        else:
            raise ValueError(f"{self.run} holds a run already. Go on with --resume or choose another --run.")

    def resume(self) -> None:
        """Go on from the run's last checkpoint. Raises ValueError if it was made with other settings."""
        state = torch.load(self.run / "checkpoint.pt", map_location=self.device, weights_only=True)
        ours = {"config": self.config.to_dict(), "recipe": asdict(self.recipe), "tokenizer": self.tokenizer.hash}
        for name, value in ours.items():
            if state[name] != value:
                raise ValueError(
                    f"{self.run} holds a run with another {name}: {state[name]}. Repeat its settings or choose another --run."
                )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self.dev_loss = state["dev_loss"]
        self._write_log([row for row in self.log_rows() if int(row["step"]) <= self.step])

    def log_rows(self) -> list[dict[str, str]]:
        """The log so far."""
        with open(self.run / "log.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def _write_log(self, rows: list[dict]) -> None:
        with open(self.run / "log.new", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LOG_COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        os.replace(self.run / "log.new", self.run / "log.csv")

    def log(self, epoch: int, train_loss: float, speed: float) -> None:
        """Append one row: losses in nats per token, `seconds` of training without interruptions."""
        row = {
            "step": self.step, "epoch": epoch, "tokens": self.tokens, "seconds": round(self.seconds, 1),
            "learning_rate": f"{rate_at(self.step - 1, self.total, self.recipe):.6f}", "train_loss": round(train_loss, 4),
            "dev_loss": "" if self.dev_loss is None else round(self.dev_loss, 4), "tokens_per_second": round(speed),
        }  # fmt: skip
        self._write_log([*self.log_rows(), row])


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    form = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m model.train", description=__doc__, formatter_class=form)
    parser.add_argument("--data", type=Path, required=True, help="folder with *.train.tsv.gz and *.dev.tsv.gz or *.val.tsv.gz")
    parser.add_argument("--run", type=Path, default=Path("runs/en-fr"), help="folder of checkpoints and log while training")
    parser.add_argument("--out", type=Path, default=Path("pretrained/en-fr"), help="folder of the finished translator")
    parser.add_argument("--languages", nargs=2, default=["English", "French"], metavar=("SOURCE", "TARGET"), help="their names")
    parser.add_argument("--timeline", action="store_true", help="keep the weights at about eight points of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    parser.add_argument("--positions", choices=POSITION_KINDS, default=Config.positions)
    for name in ("d_model", "heads", "encoder_layers", "decoder_layers", "dropout", "vocabulary_size"):
        default = getattr(Config, name)
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    parser.add_argument("--post-norm", action="store_true", help="LayerNorm after each sublayer, as in the paper")
    for name, value in asdict(Recipe()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args(arguments)


def trainer_for(args: argparse.Namespace) -> Trainer:
    """Read the data, learn the vocabulary, and set up the run. Raises ValueError, in words, for settings that cannot be."""
    device = choose_device(args.device)
    recipe = Recipe(**{name: getattr(args, name) for name in asdict(Recipe())})
    config = Config(
        vocabulary_size=args.vocabulary_size, d_model=args.d_model, heads=args.heads, encoder_layers=args.encoder_layers,
        decoder_layers=args.decoder_layers, d_ff=4 * args.d_model, dropout=args.dropout, norm_first=not args.post_norm,
        positions=args.positions,
    )  # fmt: skip
    pairs = read_split(args.data, [".train.tsv.gz"])
    dev = read_split(args.data, [".dev.tsv.gz", ".val.tsv.gz"])
    try:
        tokenizer = Tokenizer.train((side for pair in pairs for side in pair), args.vocabulary_size)
    except RuntimeError as error:  # SentencePiece names the sizes that the text allows
        raise ValueError(f"No vocabulary of {args.vocabulary_size} pieces can be learned from this text: {error}") from error
    train_ids, dev_ids = (encode_pairs(part, tokenizer, config.max_length) for part in (pairs, dev))
    return Trainer(config, recipe, tokenizer, train_ids, dev_ids, args.run, device, args.timeline)


def export(trainer: Trainer, out: Path, languages: list[str]) -> None:
    """Average the last checkpoints and write the finished translator with its log."""
    load_weights(trainer.model, trainer.average())
    last, averaged, count = trainer.dev_loss, trainer.evaluate(), len(trainer.averaged_steps())
    print(f"dev loss: last weights {last:.4f}, mean of the last {count} checkpoints {averaged:.4f} nats per token")
    training = {
        **asdict(trainer.recipe), "steps": trainer.step, "tokens": trainer.tokens, "seconds": round(trainer.seconds),
        "dev_loss": round(averaged, 4), "hardware": hardware(trainer.device),
    }  # fmt: skip
    about = {"name": out.name, "languages": dict(zip(("source", "target"), languages, strict=True)), "training": training}
    save_pretrained(out, trainer.config, trainer.weights(), trainer.tokenizer, about)
    shutil.copyfile(trainer.run / "log.csv", out / "training-log.csv")
    print(f"wrote {out}")


def hardware(device: torch.device) -> str:
    """What the training ran on, for config.json."""
    if device.type == "cpu":
        count = torch.get_num_threads()
        return f"{count} CPU thread{'s' * (count > 1)}, bfloat16"
    return f"{torch.cuda.get_device_name(device)}, bfloat16" if device.type == "cuda" else f"{device.type}, float32"


def main(arguments: list[str] | None = None) -> None:
    """Train, or go on, and export."""
    args = parse(arguments)
    try:
        trainer = trainer_for(args)
        explicit_attention.set(trainer.device.type == "cpu")  # bf16 with small heads: faster than the fused kernel on a CPU
        trainer.start(args.resume)
    except (ValueError, OSError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error
    try:
        trainer.fit()
    except KeyboardInterrupt:
        raise SystemExit(f"Stopped at step {trainer.step}. The same command with --resume goes on.") from None
    export(trainer, args.out, args.languages)


if __name__ == "__main__":
    main()
