"""Captions: the quiet lines beside and under pictures, in Markdown; words of the field lead to the view that shows them."""

from __future__ import annotations

import re
from typing import Literal

import streamlit as st

from viz.page.glossary import terms_in

APART = re.compile(
    r"`[^`]*`|!?\[[^\]]*\]\([^)]*\)|\$[^$]*\$|https?://\S+|\\."
)  # code, links, formulas and what is escaped stay as they are


def caption_line(text: str, width: Literal["stretch", "content"] = "stretch") -> None:
    """A caption. text: Markdown, with what the reader typed escaped."""
    st.caption(linked(text), width=width)


def linked(text: str) -> str:
    """Markdown in which each word of the field, at its first place, is a link; what it means is said by `viz.canvas.pointing`."""
    apart = [match.span() for match in APART.finditer(text)]
    parts, end = [], 0
    for start, stop, term in terms_in(text):
        if not any(first < stop and start < last for first, last in apart):
            parts += [text[end:start], f"[{text[start:stop]}](?view={term.view})"]
            end = stop
    return "".join([*parts, text[end:]])
