"""Everything on screen is a function of these settings; all of them are in the URL. People count from 1, code from 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from model.analysis_roles import ROLE
from model.config import Config
from model.intervention import ATTENTION_KINDS, POSITION_EDITS, Intervention
from model.trace import SIDES

EXAMPLES = (
    "The animal didn't cross the street because it was too tired.",
    "I think that you should go home now.",
    "Two dogs are playing in the snow.",
    "The woman who lives next door gave me her old bicycle.",
)
SWITCH = ("on", "off")
SPACES = ("2d", "3d")
OUTPUT_PARTS = ("pieces", "loss", "lens")
LAYER_PARTS = ("growth", "norm", "units")
SINKS = ("keep", "hide", "renormalise")
LABELS = ("", "distance", *ROLE)  # "": entropy
POSITION_WORDS = {
    "none": "taken away (nothing says where a token stands)",
    "shuffled": "shuffled (each token is told another place)",
    "reversed": "reversed (the first token is told that it is the last)",
}


@dataclass(frozen=True)
class Settings:
    """What the page shows. The defaults are the first visit."""

    text: str = EXAMPLES[0]
    target: str = ""  # the reader's own translation; empty: the model's
    causal: bool = True
    source_positions: str = "trained"
    target_positions: str = "trained"
    view: str = "all-heads"  # slug of a view
    kind: str = "cross"  # the open head ...
    layer: int | None = None  # ... from 0; None: the head that the page suggests
    head: int | None = None
    heads: tuple[int, ...] | None = None  # heads drawn as lines, from 0; None: the open head
    side: str = "encoder"  # which stack the views of one side show
    words: bool = False  # attention between words instead of pieces
    query: int | None = None  # the cell whose calculation is open, as pieces from 0; None: the strongest telling one
    key: int | None = None
    step: int = 0  # of the calculation
    token: int | None = None  # the token that Tokens and Embeddings look at, from 0; None: the first
    piece: int | None = None  # a vocabulary piece (its id + 1 in the URL) to look up neighbours of; None: the token's own
    space: str = "2d"  # maps of the embedding space: "2d" or "3d"
    lengths: bool = False  # paths through the layers with the lengths of their vectors, not by direction alone
    layer_part: str = "growth"  # which part of Layer by layer: one of LAYER_PARTS
    site: int = 0  # the LayerNorm that is looked at, in the order of the pass
    unit: int | None = None  # a feed-forward unit, from 0; None: the strongest of the token
    row: int | None = None  # the decoder row whose label is looked at, from 0; None: the page suggests one
    output_part: str = "pieces"  # which part of the Output view: one of OUTPUT_PARTS
    output_temperature: float = 1.0  # softmax(logits / temperature) in the Output view
    label: str = ""  # what colours the map of What heads do: one of LABELS; a role leaves only the heads that have it bright
    held_out: bool = True  # roles as measured on held-out sentences, where they are stored, instead of on this one
    sinks: str = "keep"  # attention to special tokens and punctuation: one of SINKS

    @property
    def intervention(self) -> Intervention:
        """What the switches change."""
        return Intervention(causal=self.causal, source_positions=self.source_positions, target_positions=self.target_positions)

    @property
    def changes(self) -> list[str]:
        """What the switches change and what that means, one phrase each."""
        said = [] if self.causal else ["look-ahead mask off (every French token may see those after it)"]
        for language, edit in (("English", self.source_positions), ("French", self.target_positions)):
            said += [] if edit == "trained" else [f"{language} positions {POSITION_WORDS[edit]}"]
        return said

    def to_query(self) -> dict[str, str]:
        """URL parameters, without those that have their default."""
        query = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default and value is not None:
                query[field.name] = _write(value)
        return query


def from_query(query: Mapping[str, str], config: Config, views: list[str]) -> tuple[Settings, list[str]]:
    """Settings from URL parameters, and a sentence for each one that had to be dropped."""
    settings, notices = Settings(), []
    for name, written in query.items():
        try:
            settings = replace(settings, **{name: _read(name, written, config, views)})
        except (KeyError, ValueError):
            notices.append(f"The link says {name}={written[:40]}, which this page does not know; it was left out.")
    layers = config.encoder_layers if settings.kind == "encoder" else config.decoder_layers
    if settings.layer is not None and settings.layer >= layers:
        notices.append(f"The link names layer {settings.layer + 1}, but the model has {layers}; it was left out.")
        settings = replace(settings, layer=None, head=None)
    return settings, notices


def _read(name: str, written: str, config: Config, views: list[str]) -> object:
    """One parameter as a value. Raises KeyError for an unknown name, ValueError for an unknown value."""
    choices = {
        "view": views, "kind": ATTENTION_KINDS, "side": SIDES,
        "source_positions": POSITION_EDITS, "target_positions": POSITION_EDITS, "causal": SWITCH, "words": SWITCH, "lengths": SWITCH, "output_part": OUTPUT_PARTS, "layer_part": LAYER_PARTS,
        "space": SPACES, "sinks": SINKS, "label": LABELS, "held_out": SWITCH,
    }  # fmt: skip
    if name in ("text", "target"):
        return written
    if name == "output_temperature":
        return _temperature(written)
    if name in choices:
        if written not in choices[name]:
            raise ValueError(written)
        return written == "on" if choices[name] is SWITCH else written
    limit = {
        "layer": max(config.encoder_layers, config.decoder_layers), "head": config.heads, "heads": config.heads,
        "query": config.max_length, "key": config.max_length, "token": config.max_length, "step": 99, "site": 99,
        "piece": config.vocabulary_size, "row": config.max_length, "unit": config.d_ff,
    }[name]  # fmt: skip
    numbers = tuple(int(part) - 1 for part in written.split(",") if part)
    if any(not 0 <= number < limit for number in numbers) or (name != "heads" and len(numbers) != 1):
        raise ValueError(written)
    return numbers if name == "heads" else numbers[0]


def _temperature(written: str) -> float:
    value = float(written)
    if not 0.05 <= value <= 10:
        raise ValueError(written)
    return value


def _write(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return str(value + 1)
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(str(head + 1) for head in value) if isinstance(value, tuple) else str(value)
