"""The browser's history: an unseen component that decides which changes of the address are entries of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

import streamlit

from viz.canvas.shared.files import drawn_by

_mount = streamlit.components.v2.component("headlight_address_bar", js=drawn_by("address/index.js"))


_store = streamlit.components.v2.component("headlight_tab_store", js=drawn_by("address/store.js"))


def address_bar(
    *, typed_names: Sequence[str], walked_names: Sequence[str], returns: bool,
    on_texts: Callable[[dict[str, str]], None], on_return: Callable[[str], None], on_step: Callable[[str], None],
) -> None:  # fmt: skip
    """From now on a change of the address by typing replaces the entry of the history, and a walk makes one entry.

    typed_names: parameters that hold what the reader types; walked_names: those that move in small steps, a slider or a player.
    on_texts: called with what `tab_store` kept for the address that is open, at the start of a run of its own.
    returns: whether the page was opened by its plain address; then `on_return` is called with the parameters at which a reader
    of this browser was last, if there was one.
    on_step: called with the parameters to which the reader went back or forward. Once the browser has found the server again, the whole
    page runs: a server that was started anew knows no part of it.
    """

    def on_change() -> None:
        on_texts(dict(streamlit.session_state["address-bar"].texts or {}))

    def on_last_change() -> None:
        if last := streamlit.session_state["address-bar"].last:
            on_return(str(last))

    def on_search_change() -> None:
        on_step(str(streamlit.session_state["address-bar"].search or ""))

    data = {"fields": list(typed_names), "steps": list(walked_names), "returns": returns}
    _mount(
        key="address-bar",
        data=data,
        on_texts_change=on_change,
        on_last_change=on_last_change,
        on_search_change=on_search_change,
        on_again_change=lambda: None,
    )


_complete = streamlit.components.v2.component("headlight_complete_address", js=drawn_by("address/complete.js"))


def complete_address(arrived: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Write `query` in place of the parameters with which the page was opened, unless the reader has gone on meanwhile."""
    _complete(key="complete-address", data={"arrived": urlencode(arrived), "query": urlencode(query)})


def tab_store(query: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """Keep texts (parameter -> whole text) in the tab for as long as its address says `query`, where they are cut."""
    _store(key="tab-store", data={"search": urlencode(query), "texts": dict(texts)})
