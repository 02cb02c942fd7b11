"""The settings of a training run and of the fine-tuning after it, and the learning rate that they give each step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result, besides the Config and the data. Raises ValueError, in words, for what cannot be."""

    epochs: int = 10  # passes over the training pairs
    batch_tokens: int = 6000  # padded target tokens of one batch
    learning_rate: float = 2e-3  # peak, reached after `warmup` steps, then linear to zero
    warmup: int = 400  # steps
    label_smoothing: float = 0.1
    clip: float = 1.0  # largest gradient norm
    average: int = 5  # exported weights: mean of this many checkpoints ...
    average_every: int = 40  # ... this many steps apart, at the end of training
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_tokens", "warmup", "average", "average_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in ("learning_rate", "clip"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be a number above 0, not {getattr(self, name)}.")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing must be at least 0 and below 1, not {self.label_smoothing}.")


@dataclass(frozen=True)
class TuningRecipe(Recipe):
    """Mixed fine-tuning (Chu, Dabre and Kurohashi 2017): passes over one corpus, each with other pairs drawn anew beside it.

    The others keep the model from forgetting them. Raises ValueError like Recipe.
    """

    epochs: int = 12  # passes over the corpus
    learning_rate: float = 5e-4
    warmup: int = 100
    corpus: str = "multi30k"  # the pairs of CORPUS.train.tsv.gz
    others: int = 15_000  # pairs of all other training files in every pass
    dropout: float = 0.2  # more than in the first stage: these pairs were read before

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.others < 0:
            raise ValueError(f"others must be at least 0, not {self.others}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {self.dropout}.")


def rate_at(step: int, total: int, recipe: Recipe) -> float:
    """Learning rate of a step (from 0): linear warm-up to the peak, then linear decay to zero at `total`."""
    warm = (step + 1) / recipe.warmup
    decay = (total - step) / max(1, total - recipe.warmup)
    return recipe.learning_rate * max(0.0, min(warm, decay, 1.0))


def timeline_steps(total: int, count: int = 8) -> list[int]:
    """At which steps a timeline keeps the weights: 0 (random), then `count` - 1 in equal ratios, from about 1 % of the run to its end.

    Fewer where the run is so short that steps would fall together.
    """
    ratio = 115.0 ** (1 / (count - 2))
    return sorted({0, *(round(total / ratio**back) for back in range(count - 1))})
