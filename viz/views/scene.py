"""What a view is and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from model import Translator
from model.trace import Trace
from viz.theme import Palette
from viz.views import engine
from viz.views.settings import Settings


@dataclass
class Scene:
    """The picture that is being drawn. Views read it, and change settings through `choose`."""

    settings: Settings
    translator: Translator
    done: engine.Pass
    colours: Palette

    @property
    def trace(self) -> Trace:
        """The pass on screen."""
        return self.done.trace

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells one trace from another, for caches of what is drawn from it."""
        trace = self.trace
        return engine.cache_key(self.translator), f"{trace.source.text}\n{trace.labels.ids}", str(trace.intervention.to_dict())

    @property
    def open_head(self) -> tuple[str, int, int]:
        """(kind, layer, head) of the head that is open; the suggested one before any choice."""
        kind, layer, head = self.settings.kind, self.settings.layer, self.settings.head
        if layer is not None and head is not None:
            return kind, layer, head
        suggestion = engine.suggested_head(self.translator, engine.cache_key(self.translator))
        return suggestion if kind == suggestion[0] else (kind, layer or 0, head or 0)

    def choose(self, **changes) -> None:
        """Change settings in mid-run; what is drawn after this sees them."""
        self.settings = replace(self.settings, **changes)


@dataclass(frozen=True)
class View:
    """One view of the page: a new one is one file that defines a View and one line in the registry."""

    slug: str  # in the URL
    title: str  # on the page
    sentence: str  # what you see and what to look for
    draw: Callable[[Scene], None]


def remember(key: str, value: object) -> str:
    """Give a widget its value where it has none yet (first visit, or not drawn in the last run). Returns the key."""
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def numbered(label: str, key: str, count: int, chosen: int) -> int:
    """A row of numbers 1 .. count to choose one from; counts from 0 in code. A second click does not unchoose."""
    remember(key, chosen)
    if st.session_state[key] is None or st.session_state[key] >= count:
        st.session_state[key] = min(chosen, count - 1)
    return st.segmented_control(
        label, range(count), key=key, format_func=lambda index: str(index + 1), required=True, selection_mode="single"
    )
