"""What there is to look at in a model, as a value: its stacks of layers, its kinds of attention, and what it lacks and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Predicts = Literal["next", "same", "nothing"]
Scores = Literal["scaled dot", "dot", "dot + bias", "additive"]
Positions = Literal["sinusoidal", "learned", "rotary", "relative", "none"]
Norm = Literal["pre", "post", "parallel", "sandwich", "none"]
FEED_FORWARD = "feed_forward"  # the sublayer that is no attention
QUERY_STREAM = "query"  # the kind of attention of a second stream over the same tokens, which asks the first (Yang et al. 2019)
EDITS = frozenset(  # the fields of an Intervention
    "causal source_positions target_positions position_scale window cut heads_off temperature scaled patch".split()
)
PARTS = {  # what a Trace may lack, as a sentence names it
    "weights": "attention weights", "scores": "attention scores", "bias": "bias beside its attention scores", "queries": "queries",
    "keys": "keys", "values": "values", "outputs": "head outputs", "residual": "residual stream",
    "embeddings": "embeddings apart from the positions", "positions": "positions in the stream", "feed_forward": "feed-forward units",
    "logits": "logits", "loss": "loss",
}  # fmt: skip
OF_ATTENTION = frozenset("weights scores bias queries keys values outputs".split())  # parts that go by kind of attention
OF_PREDICTION = frozenset(("logits", "loss"))  # parts of the stack that predicts; all others go by stack
OF_TOKENIZER = {"merges": "merges of byte pairs behind its pieces"}  # what a tokenizer may lack, as a sentence names it
OF_MODEL = {  # what a model may not answer beside its passes, as a sentence names it
    "parameters": "matrices of its layers", "passes": "passes with one part after another taken away", "gradients": "gradients of what it says",
    "search": "steps of its search", "unembed": "logits of states behind its earlier layers",
}  # fmt: skip
_NAMES = PARTS | OF_TOKENIZER | OF_MODEL


@dataclass(frozen=True)
class Stack:
    """Layers that run over one sequence of tokens."""

    name: str  # key of `Trace.residual` and the like
    title: str
    language: str  # of its tokens: "English"; empty where it is not known
    layers: int
    sublayers: tuple[str, ...]  # of one layer, in the order in which they write: names of kinds of attention, FEED_FORWARD
    predicts: Predicts  # what row t is about: the token after t, the token at t, or nothing

    @property
    def points(self) -> list[str]:
        """What stands before every point of the residual stream: "embedding", "layer 1 attention", ...; layers from 1, for people."""
        names = {FEED_FORWARD: "feed-forward", **dict.fromkeys(self.sublayers[:1], "attention")}
        sublayers = [names.get(name, f"{name}-attention") for name in self.sublayers]
        return ["embedding", *(f"layer {layer} {name}" for layer in range(1, self.layers + 1) for name in sublayers)]


@dataclass(frozen=True)
class Kind:
    """One family of attention maps: the rows of one stack ask, the tokens of a stack (the same one or another) answer."""

    name: str
    title: str
    asks: str  # name of a stack: queries, rows
    answers: str  # name of a stack: keys and values, columns
    layers: int
    heads: int  # of queries, and so of maps
    key_heads: int  # of keys and values: as many, or fewer, each shared by heads / key_heads neighbours (Ainslie et al. 2023)
    d_head: int
    masked: bool  # it was trained with the look-ahead mask
    scores: Scores  # Q K^T / sqrt(d_head), Q K^T, Q K^T plus a bias, or Bahdanau's additive ones

    @property
    def is_self(self) -> bool:
        """Whether tokens attend to tokens of their own sequence."""
        return self.asks == self.answers


@dataclass(frozen=True)
class Anatomy:
    """What a model is made of, as far as it can be looked at. Stacks stand in the order of the computation.

    Raises ValueError where the parts do not belong together.
    """

    stacks: tuple[Stack, ...]
    kinds: tuple[Kind, ...]
    d_model: int
    vocabulary: int  # pieces
    positions: Positions
    norm: Norm
    obeys: frozenset[str] = EDITS  # fields of an Intervention that it can follow
    missing: Mapping[str, str] = field(
        default_factory=dict, hash=False
    )  # {one of PARTS, OF_TOKENIZER, OF_MODEL or EDITS, or "part:place": why, a sentence}
    longest: int | None = None  # tokens that one sequence may have; None: any number

    def __post_init__(self) -> None:
        names = [stack.name for stack in self.stacks]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"An Anatomy needs stacks with names of their own, not {', '.join(names) or 'none'}.")
        if len({kind.name for kind in self.kinds}) < len(self.kinds):
            raise ValueError(f"Two kinds of attention have one name: {', '.join(kind.name for kind in self.kinds)}.")
        for kind in self.kinds:
            if kind.asks not in names or kind.answers not in names:
                raise ValueError(
                    f"{kind.name!r} is attention from {kind.asks!r} to {kind.answers!r}; there is {', '.join(names)}."
                )
            if kind.key_heads < 1 or kind.heads % kind.key_heads:
                raise ValueError(f"{kind.heads} heads of {kind.name!r} cannot share {kind.key_heads} heads of keys.")
        if sum(stack.predicts != "nothing" for stack in self.stacks) > 1:
            raise ValueError("Only one stack of a model can predict.")
        for what in sorted(self.obeys - EDITS):
            raise ValueError(f"{what!r} is no field of an Intervention.")
        for what in self.missing:
            if what.split(":")[0] not in _NAMES.keys() | EDITS:
                raise ValueError(f"{what!r} cannot be missing: it is none of {', '.join([*_NAMES, *sorted(EDITS)])}.")

    @property
    def kind_names(self) -> tuple[str, ...]:
        """The kinds of attention, in their order."""
        return tuple(kind.name for kind in self.kinds)

    @property
    def stack_names(self) -> tuple[str, ...]:
        """The stacks, in their order."""
        return tuple(stack.name for stack in self.stacks)

    @property
    def predicting(self) -> Stack | None:
        """The stack whose rows predict; None where no row does."""
        return next((stack for stack in self.stacks if stack.predicts != "nothing"), None)

    def stack(self, name: str) -> Stack:
        """One stack by its name. Raises ValueError for one that there is not."""
        for stack in self.stacks:
            if stack.name == name:
                return stack
        raise ValueError(f"This model has no stack {name!r}: it has {', '.join(self.stack_names)}.")

    def kind(self, name: str) -> Kind:
        """One kind of attention by its name. Raises ValueError for one that there is not."""
        for kind in self.kinds:
            if kind.name == name:
                return kind
        raise ValueError(f"This model has no {name} attention: it has {', '.join(self.kind_names) or 'none'}.")

    def asking(self, kind: str) -> Stack:
        """The stack whose tokens are the rows of a kind of attention."""
        return self.stack(self.kind(kind).asks)

    def answering(self, kind: str) -> Stack:
        """The stack whose tokens are the columns of a kind of attention."""
        return self.stack(self.kind(kind).answers)

    def self_kind(self, stack: str) -> Kind | None:
        """The self-attention of a stack; None where it has none."""
        return next((kind for kind in self.kinds if kind.is_self and kind.asks == stack), None)

    @property
    def across(self) -> Kind | None:
        """The attention from one stack to another; None where there is none."""
        return next((kind for kind in self.kinds if not kind.is_self), None)

    def sublayer_title(self, name: str) -> str:
        """What a sublayer is called beside the others of its layer: self-attention, cross-attention, feed-forward."""
        if name == FEED_FORWARD:
            return "feed-forward"
        kind = self.kind(name)
        return "self-attention" if kind.is_self else kind.title.lower()

    def bridge(self) -> Kind:
        """The same. Raises ValueError where there is none."""
        kind = self.across
        if kind is None:
            raise ValueError("This model has no attention from one sequence to another.")
        return kind

    @property
    def masked(self) -> bool:
        """Whether any of its attention was trained with the look-ahead mask: without one there is none to take away."""
        return any(kind.masked for kind in self.kinds)

    @property
    def alters(self) -> frozenset[str]:
        """Fields of an Intervention that it can follow and that change something: what to offer."""
        return self.obeys if self.masked else self.obeys - {"causal"}

    @property
    def default_kind(self) -> str:
        """The kind of attention to look at first: from one stack to another where there is such, else the first; "" where none is."""
        return next((kind.name for kind in (self.across, *self.kinds) if kind is not None), "")

    @property
    def default_stack(self) -> str:
        """The stack to look at first."""
        return self.stacks[0].name

    def writes(self, kind: str) -> bool:
        """Whether what a kind of attention writes goes into the stream of the stack that asks. XLNet's query stream asks the content
        stream in every layer and has a stream of its own, which is not seen (Yang et al. 2019)."""
        return kind in self.asking(kind).sublayers

    @property
    def query_stream(self) -> Kind | None:
        """The attention whose rows predict a token without seeing it; None where rows predict from the stream of their stack."""
        return next((kind for kind in self.kinds if not self.writes(kind.name)), None)

    def produces(self, kind: str) -> bool:
        """Whether the rows of a kind of attention go by the tokens that they produce, which are not those that they read."""
        return self.asking(kind).predicts == "next"

    def has_equal_axes(self, kind: str) -> bool:
        """Whether rows and columns of a kind of attention go by the same tokens, one by one."""
        return self.kind(kind).is_self and not self.produces(kind)

    def short_title(self, kind: str) -> str:
        """A kind of attention in a list: "encoder" for the self-attention of the encoder, "cross-attention"."""
        found = self.kind(kind)
        return (self.asking(kind).title if found.is_self and self.writes(kind) else found.title).lower()

    def point_before(self, kind: str, layer: int) -> int:
        """The point of the residual stream that an attention sublayer reads; layer from 0. Raises ValueError for what is no sublayer."""
        names = self.asking(kind).sublayers
        if kind not in names:
            raise ValueError(f"{self.kind(kind).title} has a stream of its own, which is not seen.")
        return layer * len(names) + names.index(kind)

    def why(self, what: str, place: str = "") -> str:
        """Why something is missing, as a sentence: `missing` has it for one kind or stack ("scores:cross") or for all; "" else."""
        return self.missing.get(f"{what}:{place}", self.missing.get(what, ""))

    def absence(self, what: str, place: str = "") -> str:
        """What is missing and why, as a message: "This model shows no queries. …"."""
        where = f" of {place}" if place and len(self.kinds) + len(self.stacks) > 2 else ""
        why = self.why(what, place)
        return f"This model shows no {_NAMES.get(what, what)}{where}." + (f" {why}" if why else "")
