"""The address bar: what arrives from it and what is written to it. The page follows it, back and forward too."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote_plus, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from viz.canvas import address_bar, complete_address, tab_store
from viz.page.settings import FLOATS, Settings

TYPED = ("text", "target", "second")  # what the reader types: it replaces the entry of the history
LONGEST = 60_000  # characters of the parameters as they stand in the address: with more the server refuses to open the page
WALKED = (*FLOATS, "window", "beam", "moment", "step", "row", "query", "key")  # what is moved in small steps: one entry a walk


def mount() -> None:
    """Let the browser tell apart what is typed from what is chosen. Once a run, before anything is written."""
    address_bar(typed=TYPED, walked=WALKED, on_texts=_found)


def _found(texts: dict[str, str]) -> None:
    """After a reload: the tab still has the whole of texts that were too long for the address."""
    texts = {name: text for name, text in texts.items() if name in TYPED and isinstance(text, str)}
    if "settings" in st.session_state:
        follow(replace(st.session_state["settings"], **texts))


def arrived() -> dict[str, str] | None:
    """The parameters that the page must follow now: on the first run, and after back or forward; None where it stays as it is."""
    query = st.query_params.to_dict()
    return query if "settings" not in st.session_state or _moved(query) else None


def _moved(query: dict[str, str]) -> bool:
    """Whether the reader went to another address. A browser says so: a run that a click caused while the latest address was still
    on its way to it carries an older one, which must not undo the click. Without a browser nothing is on its way."""
    navigated = getattr(get_script_run_ctx(), "is_history_navigation", False)
    return (navigated or not _in_browser()) and query != st.session_state.get("address")


def _in_browser() -> bool:
    """Whether a browser asked for this run, and not a test."""
    return getattr(get_script_run_ctx(), "context_info", None) is not None


def follow(settings: Settings) -> None:
    """Take over settings that came from the address: widgets show them, whatever they showed before."""
    whole = st.session_state.get("whole", {})  # back to a text of which the address has the beginning
    cut = {name: whole[text] for name in TYPED if (text := getattr(settings, name)) in whole}
    st.session_state["turn"] = turn() + 1
    st.session_state["settings"] = replace(settings, **cut)


def turn() -> int:
    """How often the page has followed its address: widgets that remember more than the settings begin anew with it."""
    return st.session_state.get("turn", 0)


def keep(settings: Settings) -> None:
    """Settings into the session and the address."""
    st.session_state["settings"] = settings
    whole, before = settings.to_query(), st.session_state.get("address")
    query = st.session_state["address"] = fitting(whole)
    if query != whole:
        texts = {name: text for name, text in whole.items() if query[name] != text}
        st.session_state["whole"] = {query[name]: text for name, text in texts.items()}
        tab_store(query, texts)
    there = st.query_params.to_dict()
    if before is None and there != query and _in_browser():
        complete_address(there, query)  # not by way of Streamlit, which would make an entry of the history before `mount` has arrived
    elif not there == query == before:
        st.query_params.from_dict(query)


def fitting(query: dict[str, str]) -> dict[str, str]:
    """The same parameters within LONGEST, the longest of the typed ones cut where they are too many."""
    query = dict(query)
    for name in sorted(set(TYPED) & set(query), key=lambda name: -len(query[name])):
        room = LONGEST - len(urlencode({**query, name: ""}))
        while len(written := quote_plus(query[name])) > max(0, room):
            query[name] = query[name][: len(query[name]) * max(0, room) // len(written)]
    return query
