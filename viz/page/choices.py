"""Text for what Streamlit reads as Markdown."""

from __future__ import annotations

import re

JOINER = "\u2060"


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
