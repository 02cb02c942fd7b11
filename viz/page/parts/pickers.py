"""Choosing one thing of few or of many: buttons while few, a list when many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal

import streamlit as st

from model.trace.tokens import Tokens
from viz.charts.parts.words import LONG, joined_labels
from viz.page.choices import plain
from viz.page.store import tied
from viz.theme import token_labels


def pick_one(
    label: str, options: Mapping[int, str], current: int, key: str, take: Callable[[int], Mapping[str, object]], most: int = LONG,
    list_width: int | Literal["stretch"] = 320, buttons_width: Literal["content", "stretch"] = "content", shows_label: bool = True,
) -> None:  # fmt: skip
    """Options by number, each with its text; the widget shows the one that is chosen.

    take: what a choice writes into the settings. most: buttons; more options are in a list. key: of the widget.
    """
    look = {
        **tied(key=key, value=current, take=take, options=True),
        "label_visibility": "visible" if shows_label else "collapsed",
    }
    if len(options) > most:
        st.selectbox(label, list(options), format_func=options.__getitem__, width=list_width, **look)
    else:
        labels = {option: plain(text) for option, text in options.items()}
        st.pills(label, list(options), format_func=labels.__getitem__, required=True, wrap=True, width=buttons_width, **look)


def choose_part(label: str, titles: Mapping[str, str], name: str, key: str) -> str:
    """One of a few, by name, as a row of buttons; the choice goes into the setting of that name. key: of the widget."""
    return st.segmented_control(
        label,
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        label_visibility="collapsed",
        **tied(name, key, options=True),
    )


def pick_token(tokens: Tokens, token: int, prefix: str, take: Callable[[int], Mapping[str, object]]) -> None:
    """Every token, from 0. Repeated ones, and all in a list, carry their position. prefix: of the widget's key."""
    counts, many = Counter(tokens.shown), len(tokens) > LONG
    labels = {
        index: label + (f" ({index + 1})" if many or counts[piece] > 1 else "")
        for index, (piece, label) in enumerate(zip(tokens.shown, token_labels(tokens), strict=True))
    }
    key = f"{prefix}-tokens" if many else f"{prefix}-token"
    pick_one("Token", labels, token, key, take, buttons_width="stretch", shows_label=many)


def pick_labels(words: Tokens) -> dict[int, str]:
    """Words by their place, from 0; in a long sentence with their number."""
    many = len(words) > LONG
    return {at: f"{at + 1} · {label}" if many else label for at, label in enumerate(joined_labels(words))}


def numbered(label: str, key: str, count: int, current: int, name: str, **also: object) -> int:
    """A row of numbers 1 .. count to choose one from; counts from 0 in code. A second click does not unchoose.

    name: of the setting; also: what else a choice writes.
    """

    def take(index: int) -> dict[str, object]:
        return {name: index, **also}

    return st.segmented_control(
        label, range(count), format_func=lambda index: str(index + 1), required=True, selection_mode="single",
        **tied(key=key, value=min(current, count - 1), take=take, options=True),
    )  # fmt: skip
