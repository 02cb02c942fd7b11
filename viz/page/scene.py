"""What a view is and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import getitem
from pathlib import Path
from typing import TypeVar, cast

from torch import Tensor

from model.analysis.reader import AnyReader
from model.analysis.roles import without_sinks
from model.analysis.words import join_words
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps, Trace
from viz.canvas import Screen
from viz.charts import head_sentence
from viz.charts.parts.narrow import fitted
from viz.page import caches, engine, store
from viz.page.params import Param
from viz.page.state import State
from viz.page.wording import Wording, translates, wording
from viz.takeaway import Sheet
from viz.theme import Palette

GROUPS = ("Read", "Attend", "Compute", "Say", "Experiment")  # of views, in the order of the computation
SIDE = "side"  # the language of the side that is open
T = TypeVar("T")


@dataclass
class Scene:
    """The picture that is being drawn. Views read it, and change settings through `choose`."""

    settings: State
    translator: AnyReader
    result: engine.Pass
    colours: Palette
    trained: AnyReader | None = None  # where `translator` is a moment of its training
    calculation: str | None = None  # slug of the view that a click on a cell opens; None: there is none
    screen: Screen = field(default_factory=Screen)
    calls: dict[Hashable, tuple[object, Callable]] = field(default_factory=dict)  # how values were made, for `viz.page.recipes`

    @property
    def narrow(self) -> bool:
        """Whether the screen is a phone's."""
        return self.screen.narrow

    @property
    def on_wall(self) -> bool:
        """Whether one picture has a projector's screen to itself, with type that the back row can read: little fits beside each other."""
        return self.settings.present == "1" and not self.narrow

    @property
    def trace(self) -> Trace:
        """The pass on screen: the one that was asked for, or, to compare, that of the unchanged model."""
        return self.before if self.settings.compare == "before" else self.result.trace

    @property
    def source(self) -> Tokens:
        """The sentence as the model reads it."""
        return self.result.trace.source

    @property
    def wording(self) -> Wording:
        """What the texts of this model are called."""
        return wording(self.trace.anatomy)

    @property
    def own(self) -> Tokens | None:
        """The reader's own translation as labels; None where the model translates."""
        return self.result.trace.labels if self.settings.target.strip() else None

    @cached_property
    def before(self) -> Trace:
        """The pass of the unchanged model over its own translation (or the reader's)."""
        return engine.run(self.translator, self.source, self.own, Intervention()).trace

    @property
    def compares(self) -> bool:
        """Whether pictures show the difference between the unchanged model and the changed one."""
        return self.settings.compare == "difference" and not self.settings.change.changes_nothing

    @property
    def translates(self) -> bool:
        """Whether the pass on screen is over what the model, as it is on screen, says by itself."""
        changed = self.settings.compare != "before" and not self.settings.change.changes_nothing
        return not self.settings.target.strip() and not (changed and self.settings.forcing == "forced")

    @property
    def pass_key(self) -> tuple:
        """What tells the pass that was asked for from others, where a picture shows it under "Before", too."""
        trace = self.result.trace
        return trace.intervention, tuple(trace.last.labels.ids)

    @cached_property
    def whole_maps(self) -> AttentionMaps:
        """Who attends to whom: between pieces, or between words where the reader joined them."""
        return join_words(self.trace) if self.settings.words else self.trace

    @property
    def hides(self) -> dict[str, bool]:
        """How attention is hidden, as `without_sinks` is told."""
        sinks = self.settings.sinks
        return {"renormalise": sinks != "hide"} | ({"first": True} if sinks == "first" else {})

    @cached_property
    def _without_sinks(self) -> tuple[AttentionMaps, dict[str, Tensor]]:
        return without_sinks(self.whole_maps, **self.hides)

    @property
    def maps(self) -> AttentionMaps:
        """The same, without attention to special tokens and punctuation where the reader hides it."""
        return self.whole_maps if self.settings.sinks == "keep" else self._without_sinks[0]

    @cached_property
    def maps_before(self) -> AttentionMaps:
        """The maps of the unchanged model, joined and filtered like `maps`."""
        whole = join_words(self.before) if self.settings.words else self.before
        if self.settings.sinks == "keep":
            return whole
        return without_sinks(whole, **self.hides)[0]

    def hidden(self, kind: str, layer: int, heads: list[int]) -> str:
        """How much of these heads' attention is hidden, mean over rows, as a sentence; empty where nothing is."""
        if self.settings.sinks == "keep" or not heads:
            return ""
        share = float(self._without_sinks[1][kind][layer, heads].mean())
        whose = "this head's" if len(heads) == 1 else "these heads'"
        rest = "; what is left of each row is divided by its sum" if self.settings.sinks != "hide" else ""
        marks = dict.fromkeys(
            f"`{piece}`" for tokens in (self.trace.columns(kind), self.trace.queries(kind))
            for piece, apart in zip(tokens.pieces, tokens.special, strict=True) if apart
        )  # fmt: skip
        ends = "`</s>`, `<s>`" if translates(self.trace.anatomy) else ", ".join(marks)
        where = "the first token" if self.settings.sinks == "first" else f"{ends} and punctuation" if ends else "punctuation"
        return f"hidden: {share:.0%} of {whose} attention goes to {where} (drawn as 0){rest}."

    @property
    def key(self) -> Hashable:
        """What tells one picture of attention from another: the pass, and how much of it is shown."""
        settings = self.settings
        return caches.key_of((self.translator, self.trace, settings.words, settings.sinks, self.compares))

    @property
    def open_head(self) -> tuple[str, int, int]:
        """(kind, layer, head) of the head that is open; the suggested one before any choice."""
        return opened_head(self.settings, self.trained or self.translator)

    @property
    def suggested_head(self) -> tuple[str, int, int]:
        """The head to open before any choice: the trained model's, so that it stays the same at every moment of the training."""
        return engine.suggested_head(self.trained or self.translator)

    @property
    def open_cell(self) -> tuple[int, int]:
        """(query, key) of the calculation that is open, as pieces; before any choice the strongest telling cell of the head."""
        return self.cell_of(self.trace)

    def cell_of(self, trace: Trace) -> tuple[int, int]:
        """`open_cell` in another pass over the same sentence."""
        kind, layer, head = self.open_head
        query, key = self.settings.query, self.settings.key
        rows, columns = trace.attention[kind].weights.shape[-2:]
        query, key = (None if at is not None and at >= limit else at for at, limit in ((query, rows), (key, columns)))
        if query is None:
            query, strongest, _ = head_sentence(trace, kind, layer, head)
            return query, strongest if key is None else key
        return query, int(trace.attention[kind].weights[layer, head, query].argmax()) if key is None else key

    def picture(self, name: str, build: Callable[[], T], *choices: object) -> T:
        """What `build` draws of this pass with these choices, drawn once: a figure takes 20 to 60 ms to make, 5 to read back."""
        fitting = (lambda: cast(T, fitted(build()))) if self.narrow else build
        return self.noted(caches.picture(name, self, self.colours.name, self.narrow, choices, build=fitting), build)

    def noted(self, value: T, function: Callable, *args: object, **kwargs: object) -> T:
        """A value as it is: who takes it away, or a picture of it, is told which call makes it again.

        An argument may be a call itself: see `viz.takeaway.expressions.call`.
        """
        key = value if isinstance(value, bytes) else id(value)
        self.calls[key] = (value, partial(function, *args, **kwargs))  # the value stays for as long as its id is known
        return value

    def value(self, function: Callable[..., T], *args: object, **kwargs: object) -> T:
        """What a function gives, noted."""
        return self.noted(function(*args, **kwargs), function, *args, **kwargs)

    def part(self, tensor: Tensor, *place: int | slice) -> Tensor:
        """tensor[place], noted."""
        return self.noted(tensor[place], getitem, tensor, place[0] if len(place) == 1 else place)

    def choose(self, **changes) -> None:
        """Change settings in mid-run; what is drawn after this sees them."""
        store.write(**changes)
        self.settings = store.state()


def opened_head(settings: State, model: AnyReader) -> tuple[str, int, int]:
    """(kind, layer, head) that the settings open in a model as it was trained."""
    kind, layer, head = settings.kind, settings.layer, settings.head
    if layer is not None and head is not None:
        return kind, layer, head
    suggestion = engine.suggested_head(model)
    return suggestion if kind == suggestion[0] else (kind, layer or 0, head or 0)


caches.key_of.register(Scene, lambda scene: scene.key)


@dataclass(frozen=True)
class View:
    """One view of the page: a new one is one file that defines a View, its CSS beside it, and one line in the registry."""

    slug: str  # in the URL
    title: str  # on the page
    sentence: str  # what you see and what to look for
    draw: Callable[[Scene], None]
    general: str = ""  # the same for a model that translates nothing; empty: the same words
    says: Callable[[Scene], str] | None = None  # the sentence where it depends on what is changed or hidden
    group: str = "Experiment"  # one of GROUPS
    rank: int = 0  # its place in the group; those of one rank stand in the order of the registry
    entry: str = ""  # views with one name here are faces of one thing, and share a row of the rail
    part: str = (
        ""  # where it is on the map of the model: "heads" (all), "head", "layer" (its heads), or a part of viz.canvas.rail
    )
    shows: Set[str] = frozenset()  # which settings of how attention is drawn it shows: "words", "sinks"
    differs: bool = False  # whether it can show the difference between the unchanged and the changed model
    needs: Set[str] = frozenset()  # what it needs of a model: see viz.page.needs
    params: tuple[Param, ...] = ()  # its own settings, as the address has them
    picture: str = ""  # key of the card that is its picture where only one has room; empty: the first
    style: str = ""  # its CSS; see `style_beside`
    calculates: bool = False  # whether a click on a cell of a head, wherever it stands, opens this view
    greeting: Mapping[str, object] | None = None  # the settings with which a first visit opens it; None: it does not
    tokens: tuple[str, ...] = ()  # keys of its widgets that offer tokens or sentences to read, which a browser must not translate
    languages: Mapping[str, str] = field(default_factory=dict)  # key of a widget -> "en" or "fr"; SIDE: as the open side is
    lines: Callable[[Scene], list[str]] = lambda scene: []  # what its saved pictures say besides the sentence and the change
    paper: Callable[[Scene], Sheet] | None = None  # the picture that stands for it in a lesson's hand-out

    def about(self, scene: Scene) -> str:
        """Its sentence under what is changed and hidden now."""
        if self.says:
            return self.says(scene)
        return self.general if self.general and not translates(scene.trace.anatomy) else self.sentence


def style_beside(file: str) -> str:
    """The CSS beside the file of a view."""
    return Path(file).with_suffix(".css").read_text(encoding="utf-8")
