"""A change to how the model works, as a value: frozen, hashable, JSON-able. It is an argument of a pass, never state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from model.trace.anatomy import Stack
from model.trace.patch import Patch
from model.trace.values import one_of, real_number, rows_of, shown, switch, whole_number

POSITION_EDITS = ("trained", "none", "shuffled", "reversed")
Link = tuple[str, int | None, int | None, int | None]
TEMPERATURES = (1e-6, 1e6)  # beyond them scores leave the range of float32
LARGEST_SCALE = 1e4  # of positional encodings; likewise
LARGEST_WINDOW = 10**6  # positions; wider than any sentence


@dataclass(frozen=True)
class Intervention:
    """What to change in one pass; the defaults change nothing. Layers, heads and positions count from 0.

    Raises ValueError, in words, for a value that has no meaning.
    """

    causal: bool = True  # the decoder's look-ahead mask; False lets every target token see all others
    source_positions: str = "trained"  # one of POSITION_EDITS; "shuffled" draws one fixed order for each length
    target_positions: str = "trained"
    position_scale: float = 1.0  # factor on both positional encodings
    window: int | None = None  # self-attention only within +-window positions; None: everywhere
    cut: frozenset[Link] = frozenset()  # links taken away: (kind, layer, query, key); None in a place: every one
    heads_off: frozenset[tuple[str, int, int]] = frozenset()  # heads whose output is zeroed: (kind, layer, head)
    temperature: float = 1.0  # softmax(scores / temperature)
    scaled: bool = True  # False leaves 1 / sqrt(d_head) out of the scores
    patch: Patch | None = None  # values taken over from another sentence; one without sites is None

    def __post_init__(self) -> None:
        found = {
            "causal": switch("causal", self.causal),
            "source_positions": one_of("source_positions", self.source_positions, POSITION_EDITS),
            "target_positions": one_of("target_positions", self.target_positions, POSITION_EDITS),
            "position_scale": real_number("position_scale", self.position_scale, -LARGEST_SCALE, LARGEST_SCALE),
            "window": None if self.window is None else whole_number("window (None: everywhere)", self.window, 0, LARGEST_WINDOW),
            "cut": frozenset(_link(link) for link in rows_of("cut", self.cut, 4, "links (kind, layer, query, key)")),
            "heads_off": frozenset(_head(head) for head in rows_of("heads_off", self.heads_off, 3, "heads (kind, layer, head)")),
            "temperature": real_number("temperature", self.temperature, *TEMPERATURES),
            "scaled": switch("scaled", self.scaled),
            "patch": _patch(self.patch),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def changes_nothing(self) -> bool:
        """True for the defaults."""
        return self == Intervention()

    def positions_on(self, stack: Stack) -> str:
        """What is done to the positions of a stack, one of POSITION_EDITS: a stack that predicts the next token reads a target."""
        return self.target_positions if stack.predicts == "next" else self.source_positions

    @property
    def changed_fields(self) -> frozenset[str]:
        """Names of the fields that are not at their default."""
        return frozenset(field.name for field in fields(self) if getattr(self, field.name) != field.default)

    @property
    def keeps_earlier_steps(self) -> bool:
        """Whether a new target token leaves the decoder's earlier rows as they were, so that decoding may cache them."""
        return self.causal and self.target_positions in ("trained", "none")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; links, heads and sites as sorted lists."""
        lists = {"cut": sorted(map(list, self.cut), key=_order), "heads_off": sorted(map(list, self.heads_off))}
        return {**asdict(self), **lists, "patch": self.patch and self.patch.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Intervention:
        """The reverse of `to_dict`; missing fields keep their default. Raises ValueError for what is no dict and for unknown fields."""
        if not isinstance(values, Mapping):
            raise ValueError(f"An Intervention is read from a dict of its fields, not from {shown(values)}.")
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown Intervention fields: {', '.join(sorted(map(str, unknown)))}.")
        return cls(**values)


def _order(link: list[str | int | None]) -> tuple[str | int, ...]:
    """What links are sorted by: "every one" comes first."""
    return tuple(-1 if value is None else value for value in link)


def _link(link: tuple[Any, ...]) -> Link:
    """One link of `cut`, checked."""
    kind = _kind("cut", link[0])
    layer, query, key = (
        None if at is None else whole_number(f"The {name} in cut (None: every one)", at, 0)
        for name, at in zip(("layer", "query", "key"), link[1:], strict=True)
    )
    if query is None and key is None:
        raise ValueError(f"cut holds {link!r}: name the query, the key, or both.")
    return kind, layer, query, key


def _patch(patch: object) -> Patch | None:
    """A Patch as it is or as a dict has it, checked."""
    if isinstance(patch, Mapping):
        patch = Patch.from_dict(patch)
    if patch is not None and not isinstance(patch, Patch):
        raise ValueError(f"patch must be a Patch or None, not {shown(patch)}.")
    return patch if patch is not None and patch.sites else None


def _kind(where: str, kind: object) -> str:
    """The name of a kind of attention; which ones there are, an Anatomy knows (`model.places`)."""
    if not isinstance(kind, str) or not kind.isidentifier():
        raise ValueError(f"The kind of attention in {where} must be the name of one, not {shown(kind)}.")
    return kind


def _head(head: tuple[Any, ...]) -> tuple[str, int, int]:
    """One head of `heads_off`, checked."""
    kind, layer, index = head
    return (
        _kind("heads_off", kind),
        whole_number("The layer in heads_off", layer, 0),
        whole_number("The head in heads_off", index, 0),
    )
