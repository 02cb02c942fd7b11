"""One training run in a folder of its own: steps, held-out loss, checkpoints that resume, the log, and the export."""

from __future__ import annotations

import csv
import os
import time
from bisect import bisect
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from model.instrument.pretrained import load_weights, save_pretrained
from model.instrument.tokenizer import PAD, Tokenizer
from model.training.data import Batch, batch_rows, batches, make_batch
from model.training.loss import smoothed_cross_entropy
from model.training.recipe import Recipe, rate_at, timeline_steps
from model.training.run_files import LOG_COLUMNS, mean, read_checkpoint, read_log, restore
from model.transformer.attention import explicit_attention
from model.transformer.config import Config
from model.transformer.transformer import Transformer

LOG = "training-log.csv"


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write safetensors in one piece: a kill leaves the old file or the new one."""
    temporary = path.with_suffix(".new")
    save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, temporary)
    os.replace(temporary, path)


class Trainer:
    """One training run in a folder of its own: checkpoint, log and the last checkpoints to be averaged.

    What one epoch reads is `rows`: every pair once, unless a subclass says otherwise.
    """

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
        self.ends = list(accumulate(len(self.rows(epoch)) for epoch in range(recipe.epochs)))  # the last step of each epoch
        self.total = self.ends[-1]
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.dev_loss: float | None = None
        self.timeline = timeline_steps(self.total) if timeline else []
        run.mkdir(parents=True, exist_ok=True)

    def rows(self, epoch: int) -> list[list[int]]:
        """The batches of an epoch (from 0) as rows of `train_pairs`: a function of seed and epoch alone."""
        return batch_rows(self.train_pairs, self.recipe.batch_tokens, self.recipe.seed + epoch)

    # -- one step ---------------------------------------------------------------------------------------------------

    def loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(smoothed loss with gradient, plain cross-entropy), nats per target token."""
        source, target, labels = (part.to(self.device) for part in (batch.source, batch.target, batch.labels))
        bf16 = multiplies_bfloat16(self.device)
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
                if self.step in self.ends:
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
        """(epoch from 0, rows of the next batch) from the current step to the end."""
        while self.step < self.total:
            epoch = bisect(self.ends, self.step)
            for rows in self.rows(epoch)[self.step - self.total_before(epoch) :]:
                yield epoch, rows

    def total_before(self, epoch: int) -> int:
        """Steps of all epochs before this one (from 0)."""
        return self.ends[epoch - 1] if epoch else 0

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
        return mean([self.run / f"weights-{step}.safetensors" for step in reversed(self.averaged_steps())])

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
        """Go on from the run's last checkpoint. Raises ValueError if it is damaged or was made with other settings."""
        state = read_checkpoint(self.run / "checkpoint.pt", self.device)
        ours = {"config": self.config.to_dict(), "recipe": asdict(self.recipe), "tokenizer": self.tokenizer.hash}
        for name, value in ours.items():
            if state[name] != value:
                raise ValueError(
                    f"{self.run} holds a run with another {name}: {state[name]}. Repeat its settings or choose another --run."
                )
        restore(self.run / "checkpoint.pt", state, self.model, self.optimizer)
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self.dev_loss = state["dev_loss"]
        self._write_log([row for row in self.log_rows() if int(row["step"]) <= self.step])

    def log_rows(self) -> list[dict[str, str]]:
        """The log so far."""
        return read_log(self.run / "log.csv")

    def _write_log(self, rows: list[dict]) -> None:
        write_log(self.run / "log.csv", rows)

    def log(self, epoch: int, train_loss: float, speed: float) -> None:
        """Append one row: losses in nats per token, `seconds` of training without interruptions."""
        row = {
            "step": self.step, "epoch": epoch, "tokens": self.tokens, "seconds": round(self.seconds, 1),
            "learning_rate": f"{rate_at(self.step - 1, self.total, self.recipe):.6f}", "train_loss": round(train_loss, 4),
            "dev_loss": "" if self.dev_loss is None else round(self.dev_loss, 4), "tokens_per_second": round(speed),
        }  # fmt: skip
        self._write_log([*self.log_rows(), row])


def run_to_end(trainer: Trainer, resume: bool) -> None:
    """Begin the run or go on with it, to its end. Raises ValueError as `Trainer.start`; SystemExit, in words, when stopped."""
    explicit_attention.set(trainer.device.type == "cpu")  # bf16 with small heads: faster than the fused kernel on a CPU
    trainer.start(resume)
    try:
        trainer.fit()
    except KeyboardInterrupt:
        raise SystemExit(f"Stopped at step {trainer.step}. The same command with --resume goes on.") from None


def export(trainer: Trainer, out: Path, about: dict, earlier: dict, earlier_log: list[dict[str, str]]) -> None:
    """Average the last checkpoints and write the finished translator with its log.

    about: `languages` and the rest of config.json; earlier: its `training` as it stood before this run, empty where the run
    began from nothing; earlier_log: the log up to there. Steps, tokens and seconds go on from where they ended.
    """
    load_weights(trainer.model, trainer.average())
    last, averaged, count = trainer.dev_loss, trainer.evaluate(), len(trainer.averaged_steps())
    print(f"dev loss: last weights {last:.4f}, mean of the last {count} checkpoints {averaged:.4f} nats per token")
    ran = {"steps": trainer.step, "tokens": trainer.tokens, "seconds": round(trainer.seconds)}
    training = {
        **(earlier or asdict(trainer.recipe)),
        **({"tuning": [*earlier.get("tuning", []), asdict(trainer.recipe)]} if earlier else {}),
        **{name: earlier.get(name, 0) + value for name, value in ran.items()},
        "dev_loss": round(averaged, 4),
        "hardware": ", then ".join(dict.fromkeys([*filter(None, [earlier.get("hardware")]), hardware(trainer.device)])),
    }
    save_pretrained(
        out, trainer.config, trainer.weights(), trainer.tokenizer, {"name": out.resolve().name, **about, "training": training}
    )
    write_log(out / LOG, [*earlier_log, *continued(earlier_log, trainer.log_rows())])
    print(f"wrote {out}")


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


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are the faster ones: on CUDA, and on a CPU that has instructions for them."""
    if device.type == "cpu":
        found = torch.cpu.get_capabilities()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16") or found.get("bf16"))
    return device.type == "cuda"


def hardware(device: torch.device) -> str:
    """What the training ran on, for config.json."""
    precision = "bfloat16" if multiplies_bfloat16(device) else "float32"
    if device.type == "cpu":
        count = torch.get_num_threads()
        return f"{count} CPU thread{'s' * (count > 1)}, {precision}"
    return f"{torch.cuda.get_device_name(device) if device.type == 'cuda' else device.type}, {precision}"
