"""One training run in a folder of its own: steps, held-out loss, checkpoints that resume, the log, and the export."""

from __future__ import annotations

import os
import sys
import time
from bisect import bisect
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.instrument.tokenizer import PAD, Tokenizer
from model.training.data import batch_rows, batches, make_batch
from model.training.loss import smoothed_cross_entropy
from model.training.recipe import BaseRecipe, rate_at, timeline_steps
from model.training.run_files import best_so_far, mean, read_checkpoint, read_log, restore, write_log, write_tensors
from model.transformer.alone import Alone
from model.transformer.architecture import AnyConfig, AnyModel, build
from model.transformer.attention import explicit_attention

BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt}{postfix}"  # without an estimate by the clock on the wall
BEST = "best.safetensors"  # the weights with the smallest held-out loss so far, with their step and that loss


class Trainer:
    """One training run in a folder of its own: checkpoint, log, the best weights so far and the last ones to be averaged.

    What one epoch reads is `rows`: every pair once, unless a subclass says otherwise. What a batch is, `batch` and `loss` say.
    """

    model: AnyModel
    evaluate_every = 0  # steps between two looks at the held-out text, beside the one after every epoch; 0: none

    def __init__(
        self, config: AnyConfig, recipe: BaseRecipe, tokenizer: Tokenizer, train: list, dev: list, run: Path, device: torch.device,
        timeline: bool = False,
    ) -> None:  # fmt: skip
        if not train or not dev:
            raise ValueError("No pair is left to train on, or to hold out: all are empty or longer than the model reads.")
        torch.manual_seed(recipe.seed)
        self.config, self.recipe, self.tokenizer = config, recipe, tokenizer
        self.train_pairs, self.dev_pairs, self.run, self.device = train, dev, run, device
        self.model = self.new_model().to(self.device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-9, fused=True)
        self.ends = list(accumulate(len(self.rows(epoch)) for epoch in range(recipe.epochs)))  # the last step of each epoch
        self.total = self.ends[-1]
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.dev_loss: float | None = None
        self.timeline = timeline_steps(self.total) if timeline else []
        run.mkdir(parents=True, exist_ok=True)

    def new_model(self) -> AnyModel:
        """The model as it begins."""
        return build(self.config)

    def rows(self, epoch: int) -> list[list[int]]:
        """The batches of an epoch (from 0) as rows of `train_pairs`: a function of seed and epoch alone."""
        return batch_rows(self.train_pairs, self.recipe.batch_tokens, self.recipe.seed + epoch)

    def batch(self, rows: list[int]) -> Any:
        """Rows of `train_pairs` as a Batch, or what a subclass makes of them."""
        return make_batch([self.train_pairs[row] for row in rows])

    def dev_batches(self) -> Iterator[Any]:
        """The held-out pairs as Batches."""
        return batches(self.dev_pairs, self.recipe.batch_tokens)

    # -- one step ---------------------------------------------------------------------------------------------------

    def states(self, batch: Any) -> tuple[Tensor, Tensor]:
        """What is compared with all embeddings, (batch, position, d_model), and the labels (batch, position), PAD where there is none."""
        assert not isinstance(self.model, Alone)
        source, target, labels = (part.to(self.device) for part in (batch.source, batch.target, batch.labels))
        return self.model.decode(target, *self.model.encode(source)), labels

    def loss(self, batch: Any) -> tuple[Tensor, Tensor]:
        """(smoothed loss with gradient, plain cross-entropy), nats per token that is to be predicted."""
        bf16 = multiplies_bfloat16(self.device)
        with torch.autocast(self.device.type, torch.bfloat16) if bf16 else nullcontext():
            states, labels = self.states(batch)
        real = labels != PAD
        states = states[real].to(torch.bfloat16 if bf16 else torch.float32)
        weight = next(parameter for name, parameter in self.model.named_parameters() if name.endswith("embedding.weight"))
        return smoothed_cross_entropy(states, weight, labels[real], self.recipe.label_smoothing)

    def train_step(self, batch: Any) -> float:
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
        for batch in self.dev_batches():
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
        started, losses, last = self.clock() - self.seconds, [], (self.tokens, self.seconds)
        how = {"unit": "step", "smoothing": 0.05, "mininterval": 0.1 if sys.stderr.isatty() else 60, "bar_format": BAR}
        with tqdm(total=self.total, initial=self.step, **how) as progress:
            for epoch, rows in self.schedule():
                losses.append(self.train_step(self.batch(rows)))
                if self.step in self.ends or (self.evaluate_every and self.step % self.evaluate_every == 0):
                    self.dev_loss = self.evaluate()
                    self.keep_best()
                self.seconds = self.clock() - started
                progress.update()
                self.keep_moment()
                if self.step in self.averaged_steps():  # before the checkpoint: what a resumed run skips is on disk
                    write_tensors(self.run / f"weights-{self.step}.safetensors", self.weights())
                if self.step % save_every == 0 or self.step == self.total:
                    progress.set_postfix(self.report(epoch + 1, losses, *last))
                    losses, last = [], (self.tokens, self.seconds)

    def clock(self) -> float:
        """Seconds of work: on a CPU those in which its threads ran, so that a run that waits or is stopped does not age."""
        return time.process_time() / torch.get_num_threads() if self.device.type == "cpu" else time.perf_counter()

    def keep_best(self) -> None:
        """Write the weights if no earlier ones have a smaller held-out loss: a run that never ends leaves a model, too."""
        best = best_so_far(self.run / BEST)
        if self.dev_loss is not None and (best is None or self.dev_loss < best[1]):
            write_tensors(self.run / BEST, self.weights(), {"step": str(self.step), "dev_loss": repr(self.dev_loss)})

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
        left = (self.total - self.step) * self.seconds / self.step
        return {"loss": f"{mean:.3f}", **dev, "tokens/s": f"{speed:.0f}", "minutes left": f"{left / 60:.0f}"}

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
            (self.run / BEST).unlink(missing_ok=True)
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


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are the faster ones: on CUDA, and on a CPU that has instructions for them."""
    if device.type == "cpu":
        found = torch.cpu.get_capabilities()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16") or found.get("bf16"))
    return device.type == "cuda"
