"""Sentences and formulas as HTML: the one place where they are written to the page."""

from __future__ import annotations

from viz.page.lesson import Formula, Symbol
from viz.page.parts.tags import Html, escaped, joined, tag


def sentence_html(text: str) -> Html:
    """A sentence. All text is escaped."""
    return escaped(text)


def formula_html(formula: Formula) -> Html:
    """A formula whose symbols light up."""
    return joined(_symbol(part) if isinstance(part, Symbol) else part for part in formula)


def _symbol(symbol: Symbol) -> Html:
    letter, _, below = symbol.text.partition("_")
    inside = joined([letter, tag("sub", below)]) if below else escaped(letter)
    return tag(
        "span",
        inside,
        class_="symbol",
        role="button",
        tabindex="0",
        data_marks=symbol.marks,
        data_words=f"{symbol.text.replace('_', ' ')}: {symbol.words}.",
    )
