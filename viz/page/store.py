"""The State of this session: one place to read it, one way to write it, one way to tie a widget to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from viz.page.history import History
from viz.page.state import CHANGE, State

MOST_TYPED = 60_000  # characters that a text field takes: far more than a model reads, so that a long paste is answered in words
TELLING = 3.0  # seconds in which a widget is told again what it was told: of two runs close together a browser may draw the second one alone
ECHO = 1.0  # seconds in which nobody sees what a widget was led to and chooses again what it showed before


def begun() -> bool:
    """Whether this session has a State; it gets one from its address."""
    return "state" in st.session_state


def state() -> State:
    """What the page shows now."""
    return st.session_state["state"]


def write(**values: object) -> None:
    """Show other values from now on, by their names in the address (or `change` as a whole); what is pinned stays."""
    pins = st.session_state.get("pins", {})
    free = {name: value for name, value in values.items() if name not in pins and not ("change" in pins and name in CHANGE)}
    st.session_state["state"] = state().having(**free)
    ask()


def ask() -> None:
    """Something was chosen: a run has to draw what follows from it."""
    if not st.session_state.get("draws"):
        st.session_state["undrawn"] = True


@contextmanager
def drawing() -> Iterator[None]:
    """A run that draws what follows from all that was chosen; what it settles itself, it draws as well."""
    st.session_state.update(draws=True, undrawn=False)
    try:
        yield
    finally:
        st.session_state["draws"] = False


def is_behind() -> bool:
    """Whether something was chosen that no run draws: of two things that are asked for at once Streamlit tells the choice of both, and runs
    the fragment of one."""
    return st.session_state.get("undrawn", False) and not st.session_state.get("draws", False)


def pin(names: Collection[str]) -> None:
    """From now on these settings stay as they are, whatever is chosen; all others are free."""
    st.session_state["pins"] = {name: state().value(name) for name in names}


def unpin() -> None:
    """All settings are free."""
    st.session_state["pins"] = {}


def follow(arrived: State) -> None:
    """Show another State as a whole, as an address says it; what is pinned stays."""
    ask()
    st.session_state["state"] = arrived.having(**st.session_state.get("pins", {}))
    st.session_state["turn"] = turn() + 1


def history() -> History:
    """What the reader can undo and redo."""
    return st.session_state["history"] if "history" in st.session_state else History(state().having(present=""))


def note(small: Collection[str]) -> None:
    """What the page shows at the end of a run is a step of the reader's, where it is new. small: see `History.step`."""
    is_led, lasting = st.session_state.pop("led", False), state().having(present="")  # nobody is led back onto a stage
    st.session_state["history"] = history().settle(lasting) if is_led else history().step(lasting, small)


def begin_history() -> None:
    """Nothing that was shown before can be undone."""
    st.session_state.pop("history", None)


def undo() -> None:
    """Show what was there before the last step."""
    _lead(history().undo())


def redo() -> None:
    """Show what was undone last."""
    _lead(history().redo())


def _lead(to: History) -> None:
    st.session_state["history"], st.session_state["led"] = to, True  # what was shown then, but as it is shown now
    follow(to.present.having(present=state().present, room=state().room))


def turn() -> int:
    """How often the page has followed its address: components that remember more than the State begin anew with it."""
    return st.session_state.get("turn", 0)


Take = Callable[[Any], Mapping[str, object]]  # what a choice writes: values by their names in the address
_ITS_OWN = object()


def tied(
    name: str = "",
    key: str = "",
    *,
    value: object = _ITS_OWN,
    take: Take | None = None,
    options: bool = False,
    is_typed: bool = False,
) -> dict[str, Any]:
    """Arguments that tie a widget to a setting: it shows the setting, and what the reader chooses is written.

    key: of the widget, where it is not the setting's name; every widget needs one of its own.
    value: what it shows, where that is not the setting as it is. take: what a choice writes, where that is not the setting alone.
    options: the widget offers options, which may be others in every run, so it is told each time which one is chosen. Any other
    widget is told only what it does not show already. is_typed: the reader may have typed on meanwhile; it begins with its text, whichever run
    the browser draws first, and is told no more than that.
    """
    key = key or name
    value = state().value(name) if value is _ITS_OWN else value
    shows = st.session_state.get(key, value)
    is_new, echoes = key not in st.session_state and not is_typed, st.session_state.setdefault("echoes", {})
    if is_new or shows != value:
        echoes[key] = (shows, monotonic())
    if options or is_new or shows != value or monotonic() - echoes.get(key, (None, -TELLING))[1] < TELLING:
        st.session_state[key] = value
    widget = {"key": key, "on_change": _take, "args": (key, take or (lambda option: {name: option}))}
    return {**widget, "value": value} if is_typed else widget


def _take(key: str, take: Take) -> None:
    if not _is_echo(key):
        st.session_state.get("echoes", {}).pop(key, None)
        write(**take(st.session_state[key]))


def _is_echo(key: str) -> bool:
    """Until the browser knows what a widget must show, it repeats what it showed before with everything that it asks for."""
    before, since = st.session_state.get("echoes", {}).get(key, (None, -ECHO))
    return in_browser() and st.session_state[key] == before and monotonic() - since < ECHO


def in_browser() -> bool:
    """Whether a browser asked for this run, and not a test."""
    return getattr(get_script_run_ctx(), "context_info", None) is not None
