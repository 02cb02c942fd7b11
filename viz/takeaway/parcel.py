"""What can be taken away, as plain values: the picture, its numbers, the pass behind it and how to make both again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from model.trace.intervention import Intervention
from model.trace.trace import Trace
from viz.charts.parts.descriptions import Table


@dataclass(frozen=True)
class Code:
    """Python that makes a picture from `trace` and `translator`."""

    expression: str
    imports: Mapping[str, set[str]]  # module -> names


@dataclass(frozen=True)
class Picture:
    """One picture on screen."""

    key: str  # of its element on the page
    title: str
    component: str  # what draws it: a folder of viz/canvas, "plotly" or "vega"
    data: bytes | str  # as that takes it: packed bytes, or JSON
    tables: Callable[[], Iterable[Table]] | None = None  # its numbers
    code: Code | None = None  # how to make it again; None where nothing but the page does
    cells: int = 0  # how many numbers, where that is known before they are made


@dataclass(frozen=True)
class Recipe:
    """How to make a Trace again."""

    checkpoint: str  # name in pretrained/, or a folder
    weights: str  # sha256 of its weights
    text: str
    change: Intervention = Intervention()
    target: str | None = None  # a translation that is read instead of the model's own
    forced: bool = False  # under a change: the decoder reads the translation of the unchanged model
    moment: int | None = None  # of its training, from 0
    loader: str = "load_pretrained"  # the function of `model` that opens it
    says: str = "translates"  # what it does with the sentence before the pass; empty: nothing


@dataclass(frozen=True)
class Parcel:
    """All that the formats choose from."""

    title: str  # of the view
    lines: Sequence[str]  # the sentence, its translation, what is changed
    address: str  # of this very state of the page
    recipe: Recipe
    trace: Callable[[], Trace]
    picture: Picture | None = None  # the one that is chosen; None where the view has none
    theme: str = "light"
