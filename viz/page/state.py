"""Everything on screen is a function of one value, the State. All of it but an open empty field is in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from model.trace.intervention import Intervention
from viz.reading import OURS

EXAMPLES = (
    "The animal didn't cross the street because it was too tired.",
    "I think that you should go home now.",
    "Two dogs are playing in the snow.",
    "The book that I bought yesterday is very good.",
)
WALL, NOTES = "1", "notes"  # values of `present`


@dataclass(frozen=True)
class State:
    """What the page shows. The defaults are what an address shows that says no more than a view.

    Settings that one view declares are read by their names, too.
    """

    text: str = EXAMPLES[0]
    model: str = ""  # one of the checkpoints beside the one that the page was started with; empty: that one
    moment: int | None = None  # of its training, from 0; None: the trained model
    target: str = ""  # the reader's own translation; empty: the model's
    second: str | None = None  # a sentence to compare with; None: the page suggests one that differs in a word
    asks_target: bool = False  # the field for it is open although it is empty
    change: Intervention = Intervention()  # what is changed in the model
    lab: bool = False  # the whole panel of changes is open
    compare: str = "after"  # under a change: which pass is drawn
    forcing: str = "free"  # under a change: the model translates again, or reads its original translation
    view: str = "all-heads"  # slug of a view
    kind: str = OURS.default_kind  # the open head ...
    layer: int | None = None  # ... from 0; None: the head that the page suggests
    head: int | None = None
    side: str = OURS.default_stack  # which stack the views of one side show
    words: bool = False  # attention between words instead of pieces
    query: int | None = None  # the cell whose calculation is open, as pieces from 0; None: the strongest telling one
    key: int | None = None
    token: int | None = None  # the token that the views of one side look at, from 0; None: the first
    row: int | None = None  # the decoder row whose label is looked at, from 0; None: the page suggests one
    label: str = ""  # what colours the map of heads; a role leaves only the heads that have it bright
    held_out: bool = True  # roles as measured on held-out sentences, where they are stored, instead of on this one
    lesson: int | None = None  # the lesson that is open, from 1; None: none is
    part: int = 0  # which of its steps, from 0
    present: str = ""  # WALL: one picture, large, for a class; NOTES: what its speaker may say; else the page
    room: str = ""  # the class that the reader is in: six letters
    sinks: str = "keep"  # attention to special tokens and punctuation
    of_views: Mapping[str, Any] = field(default_factory=dict, hash=False)  # what single views declare, by name

    def __getattr__(self, name: str) -> Any:
        """A setting of a view. Raises AttributeError for one that no view declares."""
        try:
            return self.__dict__["of_views"][name]
        except KeyError:
            raise AttributeError(f"No view declares a setting {name!r}.") from None

    @property
    def has_own_field(self) -> bool:
        """Whether the field for the reader's own translation is open."""
        return self.asks_target or bool(self.target)

    def value(self, name: str) -> Any:
        """A setting by its name in the address."""
        return getattr(self.change if name in CHANGE else self, name)

    def having(self, **values: Any) -> State:
        """The same with other values, by their names in the address (or `change` as a whole). Raises AttributeError for others."""
        change = {name: value for name, value in values.items() if name in CHANGE}
        shared = {name: value for name, value in values.items() if name in SHARED}
        own = {name: value for name, value in values.items() if name not in CHANGE and name not in SHARED}
        if unknown := own.keys() - self.of_views.keys():
            raise AttributeError(f"No view declares a setting {sorted(unknown)[0]!r}.")
        if change:
            shared["change"] = replace(shared.get("change", self.change), **change)
        return replace(self, **shared, of_views={**self.of_views, **own})


CHANGE = frozenset(field.name for field in fields(Intervention))
SHARED = frozenset(field.name for field in fields(State)) - {"of_views"}
