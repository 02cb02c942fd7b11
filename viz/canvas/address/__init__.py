"""The browser's history: an unseen component that decides which changes of the address are entries of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

import streamlit

from viz.canvas.shared.files import script

_mount = streamlit.components.v2.component("headlight_address_bar", js=script("address/index.js"))


_store = streamlit.components.v2.component("headlight_tab_store", js=script("address/store.js"))


def address_bar(*, typed_names: Sequence[str], walked_names: Sequence[str], on_texts: Callable[[dict[str, str]], None]) -> None:
    """From now on a change of the address by typing replaces the entry of the history, and a walk makes one entry.

    typed: parameters that hold what the reader types; walked: those that move in small steps, a slider or a player.
    on_texts: called with what `tab_store` kept for the address that is open, at the start of a run of its own.
    """

    def on_change() -> None:
        on_texts(dict(streamlit.session_state["address-bar"].texts or {}))

    _mount(key="address-bar", data={"typed": list(typed_names), "walked": list(walked_names)}, on_texts_change=on_change)


_complete = streamlit.components.v2.component("headlight_complete_address", js=script("address/complete.js"))


def complete_address(arrived: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Write `query` in place of the parameters with which the page was opened, unless the reader has gone on meanwhile."""
    _complete(key="complete-address", data={"arrived": urlencode(arrived), "query": urlencode(query)})


def tab_store(query: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """Keep texts (parameter -> whole text) in the tab for as long as its address says `query`, where they are cut."""
    _store(key="tab-store", data={"search": urlencode(query), "texts": dict(texts)})
