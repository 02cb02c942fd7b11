"""The address bar: what arrives from it and what is written to it. The page follows it, back and forward too."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from urllib.parse import parse_qsl, quote_plus, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from model.trace.anatomy import Anatomy
from viz.canvas import address_bar, complete_address, tab_store
from viz.page import notices, store
from viz.page.link import Link
from viz.page.state import State

LONGEST = 60_000  # characters of the parameters as they stand in the address: with more the server refuses to open the page


def mount(link: Link) -> None:
    """Let the browser tell apart what is typed from what is chosen. Once a run, before anything is written."""
    if not store.begun():
        st.session_state["bare"] = store.in_browser() and not st.query_params.to_dict() and not st.context.is_embedded
    address_bar(
        typed_names=link.typed_names,
        walked_names=link.walked_names,
        returns=bare(),
        on_texts=partial(_restore, link),
        on_return=_resume,
        on_step=_step,
    )


def bare() -> bool:
    """Whether a reader opened the page by its plain address and the browser remembers no earlier visit: a first one."""
    return st.session_state.get("bare", False)


def _resume(search: str) -> None:
    """Who explored the page before goes on where the last visit ended."""
    st.session_state["resumed"] = _parameters(search)
    st.session_state["bare"] = False


def _step(search: str) -> None:
    """The reader went back or forward: the page follows, unless the run that Streamlit asked for has done so already."""
    if store.begun() and (query := _parameters(search)) != st.session_state.get("address"):
        st.session_state["stepped"] = query


def lead(search: str, **more: str) -> None:
    """Bring the page to other parameters, as a step back does. more: parameters that they have besides."""
    _step(urlencode({**_parameters(search), **more}))


def _parameters(search: str) -> dict[str, str]:
    """The parameters of an address, from its "?" on."""
    return dict(parse_qsl(search.removeprefix("?"), keep_blank_values=True))


def _restore(link: Link, texts: dict[str, str]) -> None:
    """After a reload: the tab still has the whole of texts that were too long for the address."""
    texts = {name: text for name, text in texts.items() if name in link.typed_names and isinstance(text, str)}
    if store.begun():
        follow(link, store.state().having(**texts))


def arrived() -> dict[str, str] | None:
    """The parameters that the page must follow now: on the first run, and after back or forward; None where it stays as it is."""
    query = coming()
    if st.session_state.pop("resumed", None):
        store.begin_history()
    if st.session_state.pop("stepped", None) is not None:
        notices.forget()
    return query


def coming() -> dict[str, str] | None:
    """What `arrived` will say."""
    if resumed := st.session_state.get("resumed"):
        return resumed
    if (stepped := st.session_state.get("stepped")) is not None:
        return stepped
    query = st.query_params.to_dict()
    return query if not store.begun() or _moved(query) else None


def waits() -> bool:
    """Whether an address has come that the page has not followed yet."""
    return "stepped" in st.session_state or "resumed" in st.session_state


def _moved(query: dict[str, str]) -> bool:
    """Whether the reader went to another address. A browser says so: a run that a click caused while the latest address was still
    on its way to it carries an older one, which must not undo the click. Without a browser nothing is on its way."""
    navigated = getattr(get_script_run_ctx(), "is_history_navigation", False)
    return (navigated or not store.in_browser()) and query != st.session_state.get("address")


def follow(link: Link, state: State) -> None:
    """Take over a State that came from the address: widgets show it, whatever they showed before."""
    whole = st.session_state.get("whole", {})  # back to a text of which the address has the beginning
    store.follow(state.having(**{name: whole[text] for name in link.typed_names if (text := state.value(name)) in whole}))


def publish(link: Link, anatomy: Anatomy) -> None:
    """Write what the page shows into the address; anatomy: of the model that is open."""
    whole, before = link.write(store.state(), anatomy), st.session_state.get("address")
    query = st.session_state["address"] = fitting(whole, link.typed_names)
    if query != whole:
        texts = {name: text for name, text in whole.items() if query[name] != text}
        st.session_state["whole"] = {query[name]: text for name, text in texts.items()}
        tab_store(query, texts)
    there = st.query_params.to_dict()
    if before is None and there != query and store.in_browser():
        # not by way of Streamlit, which would make an entry of the history before `mount` has arrived
        complete_address(there, query)
    elif not there == query == before:
        st.query_params.from_dict(query)


def fitting(query: dict[str, str], typed_names: Collection[str]) -> dict[str, str]:
    """The same parameters within LONGEST, the longest of the typed ones cut where they are too many."""
    query = dict(query)
    for name in sorted(set(typed_names) & set(query), key=lambda name: -len(query[name])):
        room = LONGEST - len(urlencode({**query, name: ""}))
        while len(encoding := quote_plus(query[name])) > max(0, room):
            query[name] = query[name][: len(query[name]) * max(0, room) // len(encoding)]
    return query
