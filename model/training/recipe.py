"""The settings of a training run and of one that goes on from it, and the learning rate that they give each step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BaseRecipe:
    """Everything that decides the result, besides the Config and the data. Raises ValueError, in words, for what cannot be."""

    epochs: int = 10  # passes over the training text
    batch_tokens: int = 6000  # padded tokens of one batch, of pairs those of the target
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
class Recipe(BaseRecipe):
    """The same for a translator, which reads pairs as people type them, too. Raises ValueError likewise."""

    # What a pass reads besides every pair, as shares of all pairs (model/training/robust.py):
    capitals: float = 0.02  # in capitals, drawn from the short ones
    lower_case: float = 0.04  # the source in lower case
    bare: float = 0.05  # without final punctuation
    joined: float = 0.06  # two or three pairs joined to one
    phrases: int = 3  # how often a pass reads each pair of a file named phrases: short things that people type first

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.phrases < 1:
            raise ValueError(f"phrases must be at least 1, not {self.phrases}.")
        for name in ("capitals", "lower_case", "bare", "joined"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, not {getattr(self, name)}.")


@dataclass(frozen=True)
class SampledRecipe(Recipe):
    """A pass reads a part of the large files, another one each time. Raises ValueError like Recipe."""

    at_most: int = 50_000  # pairs of any file or robust kind in a pass, drawn anew in each
    whole: str = ""  # how files begin of which a pass reads every pair, `at_most` or not

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.at_most < 1:
            raise ValueError(f"at_most must be at least 1, not {self.at_most}.")


@dataclass(frozen=True)
class TaskRecipe(BaseRecipe):
    """Teaching a model that fills in to tag and to classify, while it goes on filling in. Raises ValueError like BaseRecipe."""

    epochs: int = 6
    batch_tokens: int = 3000
    learning_rate: float = 5e-4
    warmup: int = 100
    label_smoothing: float = 0.0
    texts: int = 20_000  # plain texts in a pass, drawn anew in each: what was learned is not to be forgotten

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.texts < 1:
            raise ValueError(f"texts must be at least 1, not {self.texts}.")


@dataclass(frozen=True)
class TuningRecipe(SampledRecipe):
    """Going on with a finished translator over more text than it was made from. Raises ValueError like Recipe."""

    epochs: int = 2
    batch_tokens: int = 4000
    learning_rate: float = 1e-3
    warmup: int = 150
    pieces: int = 8000  # size of the vocabulary that is learned from the text; what the translator's own lacks of it is added
    blend: float = 1.0  # exported weights: this share of what tuning reached, the rest from before it (Wortsman et al. 2022)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pieces < 1:
            raise ValueError(f"pieces must be at least 1, not {self.pieces}.")
        if not 0 < self.blend <= 1:
            raise ValueError(f"blend must be above 0 and at most 1, not {self.blend}.")


def rate_at(step: int, total: int, recipe: BaseRecipe) -> float:
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
