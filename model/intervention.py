"""A change to how the model works, as a value: frozen, hashable, JSON-able. It is an argument of a pass, never state."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

POSITION_EDITS = ("trained", "none", "shuffled", "reversed")
Link = tuple[str, int | None, int | None, int | None]
ATTENTION_KINDS = ("encoder", "decoder", "cross")  # encoder self-attention, decoder self-attention, cross-attention


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

    def __post_init__(self) -> None:
        for name in ("source_positions", "target_positions"):
            if getattr(self, name) not in POSITION_EDITS:
                raise ValueError(f"{name} must be one of {', '.join(POSITION_EDITS)}, not {getattr(self, name)!r}.")
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"temperature must be a number above 0, not {self.temperature!r}.")
        if self.position_scale != self.position_scale or abs(self.position_scale) == float("inf"):
            raise ValueError(f"position_scale must be a finite number, not {self.position_scale!r}.")
        if self.window is not None and self.window < 0:
            raise ValueError(f"window must be None or at least 0, not {self.window!r}.")
        object.__setattr__(self, "cut", frozenset(tuple(link) for link in self.cut))
        object.__setattr__(self, "heads_off", frozenset(tuple(head) for head in self.heads_off))
        for name, items, size in (("cut", self.cut, 4), ("heads_off", self.heads_off, 3)):
            for item in items:
                if len(item) != size or item[0] not in ATTENTION_KINDS:
                    raise ValueError(
                        f"{name} holds {item!r}: expected {size} values, the first one of {', '.join(ATTENTION_KINDS)}."
                    )

        for link in self.cut:
            if link[2] is None and link[3] is None:
                raise ValueError(f"cut holds {link!r}: name the query, the key, or both.")

    @property
    def changes_nothing(self) -> bool:
        """True for the defaults."""
        return self == Intervention()

    @property
    def keeps_earlier_steps(self) -> bool:
        """Whether a new target token leaves the decoder's earlier rows as they were, so that decoding may cache them."""
        return self.causal and self.target_positions in ("trained", "none")

    def to_dict(self) -> dict:
        """Plain JSON values; links and heads as sorted lists."""
        order = lambda item: tuple(-1 if value is None else value for value in item)  # noqa: E731
        return {**asdict(self), "cut": sorted(map(list, self.cut), key=order), "heads_off": sorted(map(list, self.heads_off))}

    @classmethod
    def from_dict(cls, values: dict) -> Intervention:
        """The reverse of `to_dict`; missing fields keep their default. Raises ValueError that names an unknown field."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown Intervention fields: {', '.join(sorted(unknown))}.")
        return cls(**values)
