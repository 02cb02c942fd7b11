"""State <-> address: the parameters of a link as a State, and the other way. What a link has wrong is named and left out."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from model.trace.anatomy import Anatomy
from viz.page import shared
from viz.page.params import MOST_ENTRIES, Limits, Param
from viz.page.state import CHANGE, State
from viz.reading import OURS

MOST_NOTICES = 5  # about one link of the address bar
LONGEST_NAME = 40  # characters of a name or a value from the address that a notice repeats
FOREIGN = re.compile(  # what mail programs, social networks, advertisers and embedding pages hang on any link
    r"_?(utm|pk|mtm|piwik|matomo|hsa|hs|oly|mc|mkt|fb|itm|ga|vero|trk)_\w+|\w*clk?id|_\w+|gbraid|wbraid|igshid?|s_cid|si|ref|ref_\w+|"
    r"embed|embed_options", re.IGNORECASE,
)  # fmt: skip


class Link:
    """How the address of a page with these views is read and written."""

    def __init__(self, views: Mapping[str, Iterable[Param]]) -> None:
        """views: the settings that each view declares, by its slug. Raises ValueError where two declare one name in two ways."""
        self.views = list(views)
        own = [param for params in views.values() for param in params]
        self.params: dict[str, Param] = {param.name: param for param in shared.PARAMS}
        self.params["view"] = replace(self.params["view"], default=self.views[0])
        for param in own:
            if param.name in CHANGE or hasattr(State(), param.name) or self.params.setdefault(param.name, param) is not param:
                raise ValueError(f"Two settings are called {param.name}; the address can carry one of them.")
        self.start = State(view=self.views[0], of_views={param.name: param.default for param in own})
        self.typed_names = tuple(name for name, param in self.params.items() if param.history == "typed")
        self.walked_names = tuple(name for name, param in self.params.items() if param.history == "walked")

    def write(self, state: State, anatomy: Anatomy = OURS) -> dict[str, str]:
        """Parameters, without those that have their default; the view alone where all have it: a bare address is a first visit. A lesson
        has its view beside it: a lesson alone is one that begins.

        anatomy: of the model that is open.
        """
        query, defaults = {}, _defaults(anatomy)
        for name, param in self.params.items():
            value = state.value(name)
            if value != defaults.get(name, param.default) and value is not None:
                query[name] = param.write(value)
        return query | ({"view": state.view} if state.lesson or not query else {})

    def read(self, query: Mapping[str, str], limits: Limits, models: Container[str] | None = None) -> tuple[State, list[str]]:
        """The State of these parameters, and a sentence for each one that had to be dropped, a handful at most.

        limits: what the model has that the link opens. models: the names that there are; None takes any. The sentences repeat what the link says: they are text, and whoever
        shows them as Markdown must make them plain.
        """
        values, notices = _defaults(limits.anatomy), []
        if "lesson" in query and "view" not in query:
            values["view"] = ""  # that of the lesson
        for name, text in query.items():
            if FOREIGN.fullmatch(name):
                continue
            if name == "model" and models is not None and text and text not in models:
                notices.append(f"There is no model “{shortened(text)}” here; the page shows the one that it was started with.")
                continue
            try:
                param = self.params[name]
                values[name] = param.read(text, limits)
            except (KeyError, ValueError):
                notices.append(
                    f"The link says {shortened(name)}={shortened(text)}, which this page does not know; it was left out."
                )
            else:
                if param.is_list and (listed := len(set(text.split(",")))) > MOST_ENTRIES:
                    notices.append(f"The link lists {listed:,} entries under {name}; the page keeps the first {MOST_ENTRIES}.")
        state = self.start.having(**values)
        layers = limits.layers.get(state.kind, 0)
        if state.layer is not None and state.layer >= layers:
            notices.append(f"The link names layer {state.layer + 1}, but the model has {layers}; it was left out.")
            state = state.having(layer=None, head=None)
        return state, few(notices)


def _defaults(anatomy: Anatomy) -> dict[str, Any]:
    """The settings whose default is a matter of the model."""
    return {"kind": anatomy.default_kind, "side": anatomy.default_stack}


def few(notices: list[str]) -> list[str]:
    """As many sentences as a reader takes in; the last one counts the rest."""
    if len(notices) <= MOST_NOTICES:
        return notices
    first = notices[: MOST_NOTICES - 1]
    return [*first, f"The link says {len(notices) - len(first):,} more things that were left out."]


def shortened(text: str) -> str:
    """Text from the address inside a sentence: one line, only what can be seen, cut where it is long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST_NAME]).split())
    return line if len(text) <= LONGEST_NAME else f"{line[:LONGEST_NAME]}…"
