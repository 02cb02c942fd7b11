"""The shape of one transformer: every number that the code needs and nothing that it assumes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import cast

from model.trace.anatomy import EDITS, FEED_FORWARD, Anatomy, Kind, Norm, Positions, Predicts, Stack

ENCODER, DECODER, CROSS = "encoder", "decoder", "cross"  # names of its stacks and of its kinds of attention
POSITION_KINDS = ("sinusoidal", "learned", "none")
ONE = "This model reads one sequence."
MOST = {  # what a whole number may be at most: far beyond the models that this code is for, and still a model that can be built
    "vocabulary_size": 1_000_000, "d_model": 16_384, "heads": 1_024, "encoder_layers": 128, "decoder_layers": 128, "d_ff": 131_072,
    "max_length": 4_096,
}  # fmt: skip


def briefly(value: object, most: int = 60) -> str:
    """A value from a file as it stands in a message: as Python writes it, cut with … where it is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass(frozen=True)
class Config:
    """Hyperparameters of one transformer: encoder and decoder (Vaswani et al. 2017, section 3), or one of them alone.

    No encoder layers: it reads from left to right and writes on. No decoder layers: it reads both ways and fills in what is
    masked. Raises ValueError, in words, for a shape that cannot be built.
    """

    vocabulary_size: int = 8000  # pieces, special tokens and bytes included
    d_model: int = 192  # width of the residual stream, features
    heads: int = 8  # attention heads per attention module
    encoder_layers: int = 6
    decoder_layers: int = 6
    d_ff: int = 768  # hidden width of the feed-forward network, units
    dropout: float = 0.1  # probability that a feature is zeroed while training
    norm_first: bool = True  # True: LayerNorm before each sublayer (pre-norm); False: after (post-norm)
    positions: str = "sinusoidal"  # one of POSITION_KINDS
    masked: bool = True  # the decoder's self-attention has the look-ahead mask; False: every target token sees all others
    max_length: int = 500  # tokens of one sentence, its special token included
    pad_id: int = 0  # token id of the padding

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            value, least = getattr(self, name), 0 if name.endswith("_layers") else 1
            if type(value) is not int or not least <= value <= most:
                raise ValueError(
                    f"Config.{name} must be a whole number of at least {least} and at most {most:,}, not {briefly(value)}."
                )
        if not self.encoder_layers and not self.decoder_layers:
            raise ValueError("Config.encoder_layers and Config.decoder_layers cannot both be 0: there would be nothing to build.")
        if self.d_model % self.heads:
            raise ValueError(f"d_model ({self.d_model}) must be a multiple of heads ({self.heads}).")
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:  # NaN is neither
            raise ValueError(f"Config.dropout must be a number from 0 to below 1, not {briefly(self.dropout)}.")
        for name in ("norm_first", "masked"):
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"Config.{name} must be true or false, not {briefly(getattr(self, name))}.")
        if type(self.pad_id) is not int or not 0 <= self.pad_id < self.vocabulary_size:
            raise ValueError(f"Config.pad_id must be the id of one of {self.vocabulary_size} pieces, not {briefly(self.pad_id)}.")
        if not isinstance(self.positions, str) or self.positions not in POSITION_KINDS:
            raise ValueError(f"Config.positions must be one of {', '.join(POSITION_KINDS)}, not {briefly(self.positions)}.")
        if self.positions == "sinusoidal" and self.d_model % 2:
            raise ValueError(f"Sinusoidal positions need an even d_model, not {self.d_model}.")

    @property
    def d_head(self) -> int:
        """Features of one head: d_model / heads."""
        return self.d_model // self.heads

    @property
    def layers(self) -> tuple[int, int]:
        """Layers of the encoder and of the decoder."""
        return self.encoder_layers, self.decoder_layers

    @property
    def alone(self) -> str | None:
        """The one stack of a model that has no other; None where encoder and decoder work together."""
        return DECODER if not self.encoder_layers else ENCODER if not self.decoder_layers else None

    def anatomy(self, source: str = "", target: str = "") -> Anatomy:
        """What there is to look at in such a model; source, target: its languages, in words."""
        if self.alone:
            return self._anatomy_alone(source or target)
        kind = partial(Kind, heads=self.heads, key_heads=self.heads, d_head=self.d_head, scores="scaled dot")
        stacks = (
            Stack(ENCODER, "Encoder", source, self.encoder_layers, (ENCODER, FEED_FORWARD), "nothing"),
            Stack(DECODER, "Decoder", target, self.decoder_layers, (DECODER, CROSS, FEED_FORWARD), "next"),
        )
        kinds = (
            kind(ENCODER, "Encoder self-attention", ENCODER, ENCODER, self.encoder_layers, masked=False),
            kind(DECODER, "Decoder self-attention", DECODER, DECODER, self.decoder_layers, masked=self.masked),
            kind(CROSS, "Cross-attention", DECODER, ENCODER, self.decoder_layers, masked=False),
        )
        return self._whole(stacks, kinds, {})

    def _anatomy_alone(self, language: str) -> Anatomy:
        """The same of a model of one stack."""
        writes, layers = self.alone == DECODER, self.encoder_layers + self.decoder_layers
        name, title = (DECODER, "Decoder") if writes else (ENCODER, "Encoder")
        predicts: Predicts = "next" if writes else "same"
        stack = Stack(name, title, language, layers, (name, FEED_FORWARD), predicts)
        masked = writes and self.masked
        kind = Kind(
            name, f"{title} self-attention", name, name, layers, self.heads, self.heads, self.d_head, masked, "scaled dot"
        )
        return self._whole((stack,), (kind,), {"source_positions" if writes else "target_positions": ONE})

    def _whole(self, stacks: tuple[Stack, ...], kinds: tuple[Kind, ...], missing: dict[str, str]) -> Anatomy:
        """The Anatomy with what all its stacks share. missing: fields of an Intervention that it cannot follow, and why."""
        norm: Norm = "pre" if self.norm_first else "post"
        positions, obeys = cast(Positions, self.positions), EDITS.difference(missing)
        return Anatomy(stacks, kinds, self.d_model, self.vocabulary_size, positions, norm, obeys, missing, self.max_length)

    def to_dict(self) -> dict:
        """The fields as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Config:
        """The reverse of `to_dict`. Raises ValueError that names any unknown field."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown Config fields: {briefly(sorted(unknown))}.")
        return cls(**values)
