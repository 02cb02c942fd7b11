"""Sentences and formulas as HTML: the one place where they are written to the page, and where words of the field are underlined."""

from __future__ import annotations

from functools import cache

from viz.page.glossary import TERMS, terms_in
from viz.page.lesson import Formula, Symbol
from viz.page.parts.tags import Html, escaped, joined, tag


def sentence_html(text: str) -> Html:
    """A sentence with every word of the field as a link to the view that shows it; what it means, there or in `viz.canvas.pointing`, comes on hover, focus and tap. All text is escaped."""
    parts, end = [], 0
    for start, stop, term in terms_in(text):
        parts += [
            text[end:start],
            tag(
                "a",
                text[start:stop],
                class_="term",
                href=f"?view={term.view}",
                data_view=term.view,
                data_means=None if term.general else term.sentence,
            ),
        ]
        end = stop
    return joined([*parts, text[end:]])


@cache
def glossary_html() -> Html:
    """All words of the field with their sentences."""
    entries = (
        joined(
            [
                tag("dt", tag("a", term.name, class_="term", href=f"?view={term.view}", data_view=term.view)),
                tag("dd", term.sentence),
            ]
        )
        for term in TERMS
    )
    return tag("dl", *entries, class_="glossary", data_testid="glossary")


def formula_html(formula: Formula) -> Html:
    """A formula whose symbols light up."""
    return joined(_symbol(part) if isinstance(part, Symbol) else part for part in formula)


def _symbol(symbol: Symbol) -> Html:
    letter, _, below = symbol.text.partition("_")
    inside = joined([letter, tag("sub", below)]) if below else escaped(letter)
    words = f"{symbol.text.replace('_', ' ')}: {symbol.words}."
    return tag("span", inside, class_="symbol", role="button", tabindex="0", data_marks=symbol.marks, data_words=words)
