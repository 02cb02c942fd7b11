"""Everything on screen is a function of these settings; all of them are in the URL. People count from 1, code from 0."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, fields, replace

from model.analysis.roles import ROLE
from model.trace.intervention import POSITION_EDITS, Intervention, Link
from model.transformer.config import Config

EXAMPLES = (
    "The animal didn't cross the street because it was too tired.",
    "I think that you should go home now.",
    "Two dogs are playing in the snow.",
    "The woman who lives next door gave me her old bicycle.",
)
SWITCH = ("on", "off")
SPACES = ("2d", "3d")
OUTPUT_PARTS = ("pieces", "loss", "lens", "change")
LAYER_PARTS = ("growth", "norm", "units")
SINKS = ("keep", "hide", "renormalise")
LABELS = ("", "distance", *ROLE)  # "": entropy
COMPARE = ("after", "before", "difference")
FORCING = ("free", "forced")
PAINT = ("off", "layer", "all")
POSITION_PARTS = ("encoding", "laboratory", "learned")
KNOCKOUT_PARTS = ("heads", "layers", "words")
DECODING_PARTS = ("steps", "beam")
MOST_LINKS = 500  # that one link of the address bar may name
MOST_NOTICES = 5  # about one link of the address bar
LONGEST_NAME = 40  # characters of a name or a value from the address that a notice repeats
FOREIGN = re.compile(  # what mail programs, social networks, advertisers and embedding pages hang on any link
    r"_?(utm|pk|mtm|piwik|matomo|hsa|hs|oly|mc|mkt|fb|itm|ga|vero|trk)_\w+|\w*clk?id|_\w+|gbraid|wbraid|igshid?|s_cid|si|ref|ref_\w+|"
    r"embed|embed_options", re.IGNORECASE,
)  # fmt: skip
PLACES = ("cut", "heads_off", "forced")  # lists of links, heads, choices
FLOATS = {"output_temperature": (0.1, 5.0), "temperature": (0.1, 5.0), "position_scale": (0.0, 4.0)}  # ranges of the sliders


@dataclass(frozen=True)
class Settings:
    """What the page shows. The defaults are the first visit."""

    text: str = EXAMPLES[0]
    model: str = ""  # one of the checkpoints beside the one that the page was started with; empty: that one
    moment: int | None = None  # of its training, from 0; None: the trained model
    target: str = ""  # the reader's own translation; empty: the model's
    causal: bool = True
    source_positions: str = "trained"
    target_positions: str = "trained"
    position_scale: float = 1.0  # from here to `scaled`: as in Intervention
    window: int | None = None
    cut: frozenset[Link] = frozenset()
    heads_off: frozenset[tuple[str, int, int]] = frozenset()
    temperature: float = 1.0
    scaled: bool = True
    lab: bool = False  # the whole panel of changes is open
    compare: str = "after"  # under a change: which pass is drawn, one of COMPARE
    forcing: str = "free"  # under a change: the model translates again, or reads its original translation; one of FORCING
    paint: str = "off"  # what a click on a cell of One head does: opens its calculation, cuts the link here, or in all layers
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
    position_part: str = "encoding"  # which part of Positions: one of POSITION_PARTS
    order: int = 1  # which shuffled order of the words the bag-of-words experiment takes
    knockout_part: str = "heads"  # what is switched off in turn: one of KNOCKOUT_PARTS
    knockout_word: int | None = None  # the target word whose log-probability counts, from 0; None: the whole sentence
    decoding_part: str = "steps"  # which part of Word by word: one of DECODING_PARTS
    forced: tuple[tuple[int, int], ...] = ()  # what if: (step, piece id) that replaces the model's own choice
    beam: int = 4  # hypotheses kept by beam search
    second: str = ""  # the sentence that Two sentences compares with
    sinks: str = "keep"  # attention to special tokens and punctuation: one of SINKS

    def __post_init__(self) -> None:
        """Lists name everything once."""
        for name in ("heads", "forced"):
            if listed := getattr(self, name):
                object.__setattr__(self, name, tuple(dict.fromkeys(listed)))

    @property
    def intervention(self) -> Intervention:
        """What is changed in the model."""
        return Intervention(**{field.name: getattr(self, field.name) for field in fields(Intervention)})

    def to_query(self) -> dict[str, str]:
        """URL parameters, without those that have their default."""
        query = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default and value is not None:
                query[field.name] = _write(field.name, value)
        return query


def from_query(
    query: Mapping[str, str], config: Config, views: list[str], models: Container[str] | None = None
) -> tuple[Settings, list[str]]:
    """Settings from URL parameters, and a sentence for each one that had to be dropped, a handful at most.

    models: the names that there are; None takes any. The sentences repeat what the link says: they are text, and whoever shows
    them as Markdown must make them plain.
    """
    settings, notices = Settings(), []
    for name, written in query.items():
        if FOREIGN.fullmatch(name):
            continue
        if name == "model" and models is not None and written and written not in models:
            notices.append(f"There is no model “{shortened(written)}” here; the page shows the one that it was started with.")
            continue
        try:
            settings = replace(settings, **{name: _read(name, written, config, views)})
        except (KeyError, ValueError):
            notices.append(f"The link says {shortened(name)}={shortened(written)}, which this page does not know; it was left out.")
        else:
            if name in PLACES and (listed := len(set(written.split(",")))) > MOST_LINKS:
                notices.append(f"The link lists {listed:,} entries under {name}; the page keeps the first {MOST_LINKS}.")
    layers = config.anatomy().kind(settings.kind).layers
    if settings.layer is not None and settings.layer >= layers:
        notices.append(f"The link names layer {settings.layer + 1}, but the model has {layers}; it was left out.")
        settings = replace(settings, layer=None, head=None)
    return settings, few(notices)


def few(notices: list[str]) -> list[str]:
    """As many sentences as a reader takes in; the last one counts the rest."""
    if len(notices) <= MOST_NOTICES:
        return notices
    shown = notices[: MOST_NOTICES - 1]
    return [*shown, f"The link says {len(notices) - len(shown):,} more things that were left out."]


def shortened(text: str) -> str:
    """Text from the address inside a sentence: one line, only what can be seen, cut where it is long."""
    seen = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST_NAME]).split())
    return seen if len(text) <= LONGEST_NAME else f"{seen[:LONGEST_NAME]}…"


def _read(name: str, written: str, config: Config, views: list[str]) -> object:
    """One parameter as a value. Raises KeyError for an unknown name, ValueError for an unknown value."""
    choices = {
        "view": views, "kind": config.anatomy().kind_names, "side": config.anatomy().stack_names, "source_positions": POSITION_EDITS, "target_positions": POSITION_EDITS,
        "causal": SWITCH, "words": SWITCH, "lengths": SWITCH, "output_part": OUTPUT_PARTS, "layer_part": LAYER_PARTS, "space": SPACES,
        "sinks": SINKS, "label": LABELS, "held_out": SWITCH, "scaled": SWITCH, "lab": SWITCH, "compare": COMPARE, "forcing": FORCING,
        "paint": PAINT, "position_part": POSITION_PARTS, "knockout_part": KNOCKOUT_PARTS, "decoding_part": DECODING_PARTS,
    }  # fmt: skip
    if name in ("text", "target", "second", "model"):
        return written
    if name in FLOATS:
        return _number(written, *FLOATS[name])
    if name in PLACES:
        return _read_places(name, written, config)
    if name in choices:
        if written not in choices[name]:
            raise ValueError(written)
        return written == "on" if choices[name] is SWITCH else written
    if name in ("window", "order", "beam"):  # counts, written as they are
        return int(_number(written, *{"window": (0, config.max_length), "order": (1, 9999), "beam": (2, 8)}[name]))
    limit = {
        "layer": max(config.encoder_layers, config.decoder_layers), "head": config.heads, "heads": config.heads,
        "query": config.max_length, "key": config.max_length, "token": config.max_length, "step": 99, "site": 99, "moment": 99,
        "piece": config.vocabulary_size, "row": config.max_length, "unit": config.d_ff, "knockout_word": config.max_length,
    }[name]  # fmt: skip
    numbers = tuple(int(part) - 1 for part in written.split(",") if part)
    if any(not 0 <= number < limit for number in numbers) or (name != "heads" and len(numbers) != 1):
        raise ValueError(written)
    return tuple(dict.fromkeys(numbers)) if name == "heads" else numbers[0]


def _read_places(name: str, written: str, config: Config) -> object:
    """cut=cross.4.2.*,encoder.*.1.3 and the like: kind, layer, query, key from 1, * for all; heads_off=cross.4.7; forced=3.812."""
    layers = {kind.name: kind.layers for kind in config.anatomy().kinds}
    limits = {
        "cut": (0, config.max_length, config.max_length), "heads_off": (0, config.heads), "forced": (config.max_length, config.vocabulary_size),
    }[name]  # fmt: skip
    found = []
    for item in list(dict.fromkeys(written.split(",")))[:MOST_LINKS]:
        parts = item.split(".")
        kind = parts.pop(0) if name != "forced" else None
        sizes = limits if kind is None else (layers[kind], *limits[1:])
        numbers = [None if part == "*" and name == "cut" else int(part) - 1 for part in parts]
        if len(numbers) != len(sizes) or any(n is not None and not 0 <= n < size for n, size in zip(numbers, sizes, strict=True)):
            raise ValueError(item)
        if name == "cut" and numbers[1:] == [None, None]:
            raise ValueError(item)
        found.append(tuple(numbers) if kind is None else (kind, *numbers))
    return tuple(found) if name == "forced" else frozenset(found)


def _number(written: str, least: float, most: float) -> float:
    value = float(written)
    if not least <= value <= most:
        raise ValueError(written)
    return value


def _write(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return str(value if name in ("window", "order", "beam") else value + 1)
    if isinstance(value, float):
        return f"{value:g}"
    if name in PLACES:
        items = value if name == "forced" else sorted(value, key=lambda item: [str(part) for part in item])
        return ",".join(".".join(_place(part) for part in item) for item in items)
    return ",".join(str(head + 1) for head in value) if isinstance(value, tuple) else str(value)


def _place(part: str | int | None) -> str:
    return part if isinstance(part, str) else "*" if part is None else str(part + 1)
