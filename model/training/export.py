"""The finished model of a training run, and the best one of a run that is not finished."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from model.instrument.pretrained import load_weights, save_pretrained
from model.training.run_files import best_so_far, continued, read_tensors, write_log
from model.training.trainer import BEST, Trainer, multiplies_bfloat16

LOG = "training-log.csv"


def export(trainer: Trainer, out: Path, about: dict, earlier: dict, earlier_log: list[dict[str, str]]) -> None:
    """Average the last checkpoints and write the finished model with its log.

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
    _write(trainer, out, {**about, "training": training}, [*earlier_log, *continued(earlier_log, trainer.log_rows())])


def export_best(trainer: Trainer, out: Path, about: dict) -> None:
    """Write the weights with the smallest held-out loss so far, with the log up to them, of a run that has not come to its end.

    Raises ValueError, in words, where the run has not looked at held-out text yet, or holds other settings.
    """
    best = best_so_far(trainer.run / BEST)
    if best is None:
        raise ValueError(f"{trainer.run} has kept no weights yet: the first come with the first look at held-out text.")
    load_weights(trainer.model, read_tensors(trainer.run / BEST))
    step, loss = best
    rows = [row for row in trainer.log_rows() if int(row["step"]) <= step]
    done = {"tokens": int(rows[-1]["tokens"]), "seconds": round(float(rows[-1]["seconds"]))} if rows else {}
    reached = {"steps": step, **done, "stopped_early": True, "dev_loss": round(loss, 4), "hardware": hardware(trainer.device)}
    print(f"dev loss: {loss:.4f} nats per token at step {step:,} of {trainer.total:,}")
    _write(trainer, out, {**about, "training": {**asdict(trainer.recipe), **reached}}, rows)


def _write(trainer: Trainer, out: Path, about: dict, rows: list[dict]) -> None:
    """The checkpoint and its log."""
    save_pretrained(out, trainer.config, trainer.weights(), trainer.tokenizer, {"name": out.resolve().name, **about})
    write_log(out / LOG, rows)
    print(f"wrote {out}")


def hardware(device: torch.device) -> str:
    """What the training ran on, for config.json."""
    precision = "bfloat16" if multiplies_bfloat16(device) else "float32"
    if device.type == "cpu":
        count = torch.get_num_threads()
        return f"{count} CPU thread{'s' * (count > 1)}, {precision}"
    return f"{torch.cuda.get_device_name(device) if device.type == 'cuda' else device.type}, {precision}"
