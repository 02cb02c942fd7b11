"""HTML from text: whatever is not HTML already is escaped, once."""

from __future__ import annotations

import html
from collections.abc import Iterable


class Html(str):
    """Text that is HTML: it goes into a tag as it is."""


def escaped(text: str) -> Html:
    """Text as HTML; what is HTML already stays."""
    return text if isinstance(text, Html) else Html(html.escape(text))


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Several parts one behind the other."""
    return Html(between.join(map(escaped, parts)))


def tag(name: str, *inside: str, **attributes: str | None) -> Html:
    """One element. Attributes that are None are left out; `class_` is class, `data_testid` data-testid."""
    text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for key, value in attributes.items() if value is not None
    )
    return Html(f"<{name}{text}>{joined(inside)}</{name}>")


def table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """A table that no browser translates. names: heads of the columns; rows: their cells, text or whole <td> elements."""
    head = tag("tr", *(tag("th", name) for name in names))
    return tag("table", head, *(tag("tr", *map(_cell, row)) for row in rows), translate="no")


def scroller(label: str, *inside: str, class_: str, data_testid: str | None = None) -> Html:
    """A box whose content may be larger than it: the keyboard can scroll it, and label says what it is."""
    return tag("div", *inside, class_=class_, data_testid=data_testid, tabindex="0", role="group", aria_label=label)


def _cell(content: str) -> Html:
    return Html(content) if isinstance(content, Html) and content.startswith("<td") else tag("td", content)
