"""Our own architectures, each by the Config that describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.transformer.alone import Alone
from model.transformer.config import DECODER, ENCODER, Config, briefly
from model.transformer.recurrent import Recurrent, RecurrentConfig
from model.transformer.transformer import Transformer

AnyConfig = Config | RecurrentConfig
AnyModel = Transformer | Recurrent | Alone


def build(config: AnyConfig, tags: int = 0, classes: int = 0) -> AnyModel:
    """A new model of this shape, with random weights. tags, classes: labels of its further outputs; see `Alone`."""
    if isinstance(config, RecurrentConfig):
        return Recurrent(config)
    return Alone(config, tags, classes) if config.alone else Transformer(config)


def config_kind(about: Mapping[str, Any]) -> type[Config] | type[RecurrentConfig]:
    """What describes the shape of a checkpoint. Raises ValueError, in words, for an architecture that is not ours."""
    named = about.get("architecture", "transformer")
    if named not in ("transformer", "recurrent"):
        raise ValueError(f"architecture must be transformer or recurrent, not {briefly(named)}.")
    return RecurrentConfig if named == "recurrent" else Config


def config_of(about: Mapping[str, Any]) -> AnyConfig:
    """The shape of a checkpoint, from the content of its config.json."""
    return config_kind(about).from_dict(about["config"])


def architecture(config: AnyConfig) -> str:
    """What a model is made of: "encoder-decoder", "encoder" or "decoder" alone, or "recurrent"."""
    if isinstance(config, RecurrentConfig):
        return "recurrent"
    return config.alone or f"{ENCODER}-{DECODER}"
