"""Activation patching as a value: what one pass takes over from the pass of another sentence.

Vig et al. (2020), "Investigating Gender Bias in Language Models Using Causal Mediation Analysis"; Meng et al. (2022), "Locating and
Editing Factual Associations in GPT", who call it causal tracing; Wang et al. (2022), "Interpretability in the Wild".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model.trace.values import rows_of, shown, whole_number

EMBEDDING, RESIDUAL = "embedding", "residual"  # parts beside the sublayers: the stream before the first layer, and behind a layer
Site = tuple[str, str, int | None, int | None, int | None]
PARTS_OF_SITE = ("stack", "part", "layer", "head", "position")


@dataclass(frozen=True)
class Patch:
    """Values that a pass takes from the pass of the unchanged model over another sentence, the donor. Layers, heads, positions from 0.

    A site is (stack, part, layer, head, position). part: EMBEDDING (layer None), RESIDUAL, or the name of a sublayer of the stack, as
    `Stack.sublayers` has it: what it writes. head: of an attention sublayer, its output before W_O; None: the whole sublayer.
    position: a token of the stack, the same one in both sentences; None: every token.
    Sites of one donor do not depend on their order. Raises ValueError, in words, for what has no meaning.
    """

    source: str  # the donor's text
    sites: frozenset[Site] = field(default_factory=frozenset)
    target: str = ""  # what the donor's pass reads beside it, as `trace(source, target)` does; empty: what the model says itself

    def __post_init__(self) -> None:
        for name in ("source", "target"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"The {name} of a patch must be text, not {shown(getattr(self, name))}.")
        if not self.source.strip():
            raise ValueError("A patch needs a source: the text of the sentence that its values are taken from.")
        sites = rows_of("The sites of a patch", self.sites, len(PARTS_OF_SITE), f"places ({', '.join(PARTS_OF_SITE)})")
        object.__setattr__(self, "sites", frozenset(_site(site) for site in sites))

    @property
    def donor(self) -> tuple[str, str]:
        """What tells the pass that values are taken from: (source, target)."""
        return self.source, self.target

    def at(self, *place: str | int | None) -> list[Site]:
        """The sites at (stack, part, layer), or at (stack, part, layer, head), in a fixed order."""
        return sorted((site for site in self.sites if site[: len(place)] == place), key=order)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; sites as a sorted list."""
        return {"source": self.source, "sites": [list(site) for site in sorted(self.sites, key=order)], "target": self.target}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Patch:
        """The reverse of `to_dict`. Raises ValueError for unknown fields and where the source is missing."""
        unknown = set(values) - {"source", "sites", "target"}
        if unknown or "source" not in values:
            raise ValueError(f"A patch has source, sites and target, not {', '.join(sorted(map(str, values))) or 'nothing'}.")
        return cls(**values)


def order(site: Site) -> tuple[str | int, ...]:
    """What sites are sorted by: "every one" comes first."""
    return tuple(-1 if value is None else value for value in site)


def _site(site: tuple[Any, ...]) -> Site:
    """One site, checked."""
    stack, part, layer, head, position = site
    for name, value in zip(PARTS_OF_SITE, (stack, part), strict=False):
        if not isinstance(value, str) or not value.isidentifier():
            raise ValueError(f"The {name} in the sites of a patch must be the name of one, not {shown(value)}.")
    numbers = [
        None if at is None else whole_number(f"The {name} in the sites of a patch (None: none, or every one)", at, 0)
        for name, at in zip(PARTS_OF_SITE[2:], (layer, head, position), strict=True)
    ]
    if (layer is None) != (part == EMBEDDING):
        raise ValueError(f"The sites of a patch hold {shown(site)}: every part but {EMBEDDING!r} has a layer, and that has none.")
    if head is not None and part in (EMBEDDING, RESIDUAL):
        raise ValueError(f"The sites of a patch hold {shown(site)}: only attention has heads.")
    return stack, part, numbers[0], numbers[1], numbers[2]
