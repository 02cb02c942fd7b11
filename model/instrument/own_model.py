"""A model of ours with its tokenizer: what all of them share, whatever they do with a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.instrument.device import choose_device
from model.instrument.sites import install
from model.instrument.tokenizer import Tokenizer
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.values import shown
from model.transformer.architecture import AnyConfig, AnyModel, build

MOST_CHARACTERS = 32  # of one token, spaces not counted: twice the longest piece that SentencePiece makes
MOST_DROPPED = 8  # times as many tokens as are left once a text is tidied (`model.pasted`)
Labels = Mapping[str, list[str]]  # of the outputs on top of an encoder: "tags" and "classes", their names


@dataclass(frozen=True)
class Guess:
    """What may stand somewhere, or what a word or a text may be, and how likely that is to the model."""

    name: str  # a piece as it stands in a text; the name of a label
    probability: float


@dataclass(frozen=True, eq=False)
class OwnModel:
    """A model with its tokenizer. Safe to share between threads: nothing is stored on it.

    Compares by identity. Pickles and copies as its parts: config, weights, tokenizer; the hooks are set anew.
    """

    model: AnyModel
    tokenizer: Tokenizer
    name: str = "untitled"
    about: dict[str, Any] = field(default_factory=dict, compare=False)  # the rest of config.json
    folder: Path | None = None  # where it was loaded from

    def __reduce__(self) -> tuple[Any, ...]:
        model, parameter = self.model, next(self.model.parameters())
        weights = {name: tensor.detach().cpu() for name, tensor in model.named_parameters()}
        where = str(parameter.device), parameter.dtype
        return _from_parts, (type(self), model.config, weights, where, self.tokenizer.model, self.name, self.about, self.folder)

    @property
    def anatomy(self) -> Anatomy:
        """What there is to look at in the model, with the names of its languages."""
        languages = self.about.get("languages") or {"source": self.about.get("language", "")}
        return self.model.config.anatomy(languages.get("source", ""), languages.get("target", ""))

    @property
    def identity(self) -> str:
        """Its weights, and what config.json says about them."""
        return f"{self.about.get('weights_sha256', self.name)} {self.about.get('config_sha256', '')}"

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.model.device

    @property
    def parameter_count(self) -> int:
        """How many numbers were learned."""
        return self.model.parameter_count

    @property
    def mask(self) -> str | None:
        """What hides a piece in a text that it fills in; None where it fills in nothing."""
        return None

    def classes(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """Every class of a text with its probability; none where there is no classifier."""
        return []

    def tags(self, source: Tokens, intervention: Intervention = Intervention()) -> list[Guess]:
        """The likeliest label of each word, in the order of the words; none where there is no tagger."""
        return []

    # -- text that it can read ---------------------------------------------------------------------------------------

    def _readable(self, text: str, what: str) -> str:
        """The text, refused unread where it cannot be a sentence that the model reads: a million characters take a minute."""
        if not isinstance(text, str):
            raise ValueError(f"The {what} must be text, not {shown(text)}.")
        limit = self.model.config.max_length
        if len(text) > limit * MOST_CHARACTERS and (size := sum(map(len, text.split()))) > limit * MOST_CHARACTERS:
            raise ValueError(
                f"This {what} has {size:,} characters; the model reads at most {limit} tokens, which is less than "
                f"{limit * MOST_CHARACTERS:,} characters. Shorten it or split it."
            )
        text = text if len(text) <= limit * MOST_CHARACTERS else " ".join(text.split())
        if len(text) > limit and (count := len(self.tokenizer.processor.encode(text))) > limit * MOST_DROPPED:  # quick: no spans
            raise ValueError(f"This {what} has about {count:,} tokens; the model reads at most {limit}. Shorten it or split it.")
        return text

    def _checked(self, tokens: Tokens, what: str) -> Tokens:
        if len(tokens) == 1:
            raise ValueError(f"There is nothing to read in this {what}. Type at least one visible character.")
        return self._within(tokens, what)

    def _within(self, tokens: Tokens, what: str) -> Tokens:
        limit = self.model.config.max_length
        if len(tokens) > limit:
            raise ValueError(
                f"This {what} has {len(tokens)} tokens; the model reads at most {limit}. Shorten it or split it in two."
            )
        return tokens


def built(config: AnyConfig, about: Mapping[str, Any]) -> AnyModel:
    """A model of this shape with the outputs that its config.json names, with random weights."""
    labels = about.get("labels") or {}
    return build(config, len(labels.get("tags", ())), len(labels.get("classes", ())))


def load_weights(model: AnyModel, weights: dict[str, Tensor]) -> None:
    """Copy weights by name into the model.

    Raises ValueError that names what is missing, left over, of another shape, not of floating point or not finite.
    """
    parameters = dict(model.named_parameters())
    wrong = sorted(set(parameters) ^ set(weights))
    wrong += [name for name in set(parameters) & set(weights) if parameters[name].shape != weights[name].shape]
    if wrong:
        raise ValueError(f"Tensors that do not match the config: {_some(wrong)}.")
    if whole := [name for name, value in weights.items() if not value.is_floating_point()]:
        raise ValueError(f"Tensors that are not of floating point: {_some(whole)}.")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])
    if broken := [name for name, parameter in parameters.items() if not parameter.isfinite().all()]:
        raise ValueError(f"Tensors with numbers that are not finite (NaN or infinite): {_some(broken)}.")


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:5])}{' …' if len(names) > 5 else ''}"


def _from_parts(
    kind: type[OwnModel], config: AnyConfig, weights: dict[str, Tensor], where: tuple[str, torch.dtype], tokenizer: bytes, name: str,
    about: dict[str, Any], folder: Path | None,
) -> OwnModel:  # fmt: skip
    """What `OwnModel.__reduce__` took apart. Raises DeviceError where its device is not here."""
    model = built(config, about).to(choose_device(where[0]), where[1])
    load_weights(model, weights)
    return kind(install(model.eval()), Tokenizer(tokenizer), name, about, folder)
