"""Choices that several views offer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import streamlit as st

from model.instrument.tokenizer import Tokens
from viz.charts.parts.words import LONG
from viz.theme import token_label

JOINER = "\u2060"


def choose_token(tokens: Tokens, token: int, prefix: str, chosen: Callable[[int], None]) -> None:
    """Every token to click on; many of them in a list. Repeated ones, and all in the list, carry their position.

    A choice calls `chosen(token)`, from 0, at the start of the run that it causes. prefix: of the widget's key.
    """
    counts, many = Counter(tokens.shown), len(tokens) > LONG
    labels = [
        token_label(piece) + (f" ({index})" if many or counts[piece] > 1 else "")
        for index, piece in enumerate(tokens.shown, start=1)
    ]
    key = f"{prefix}-tokens" if many else f"{prefix}-token"
    st.session_state[key] = token
    more = {"key": key, "on_change": lambda: chosen(st.session_state[key])}
    if many:
        st.selectbox("Token", range(len(tokens)), format_func=labels.__getitem__, width=320, **more)
    else:
        shown = [plain(label) for label in labels]
        st.pills(
            "Token", range(len(tokens)), format_func=shown.__getitem__, required=True, label_visibility="collapsed", width="stretch",
            wrap=True, **more,
        )  # fmt: skip


def plain(text: str) -> str:
    """Text for what Streamlit reads as Markdown (labels, notices, captions): shown as it is, on one line.

    A backslash takes the meaning from every mark that has one. Links, e-mail addresses, emoji and icons are found in the finished
    text, where no backslash is left; an invisible word joiner keeps them apart.
    """
    one_line = re.sub(r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+", " ", text)
    shielded = re.sub(r"[\\`*\[\]{}<>~$|&!]|:(?=\S)|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", one_line)
    shielded = re.sub(r"^(\s*)([#+=-])", r"\1\\\2", shielded)  # headings, lists, rules
    shielded = re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", shielded)  # numbered lists
    joined = re.sub(r":(?=\S)|@(?=\w)|\bwww(?=\.)", f"\\g<0>{JOINER}", shielded, flags=re.IGNORECASE)
    joined = re.sub(r"(?<=[-<>~])(?=[-=>])|(?<=[-<>~])(?=\\[>])", JOINER, joined)  # "->" would become an arrow
    spaces = len(joined) - len(joined.lstrip(" \t"))
    return "\u00a0" * spaces + joined[spaces:]  # four spaces would begin a block of code
