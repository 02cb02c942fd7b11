"""As a table: the numbers of a picture, under it, as HTML and as CSV. Nothing is made of them until the reader opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from viz.canvas import note_numbers
from viz.charts.parts.descriptions import Table, as_csv, cell_text
from viz.page.parts.tags import Html, joined, scroller, tag

MOST_CELLS = 4_000  # of one table on the page; the file has all of them


def as_table(key: str, build: Callable[[], Iterable[Table]]) -> None:
    """A line under a picture that opens into its numbers. key: of the picture; build: makes the tables, once it is open."""
    note_numbers(build)
    with st.container(key=f"{key}-as-table"):
        place = st.expander("As a table", key=f"{key}-table", type="compact", on_change="rerun")
        if not place.open:
            return
        tables = list(build())
        with place:
            st.html(scroller("As a table", *map(as_html, tables), class_="as-table", data_testid="as-table"))
            name = f"headlight_{key}.csv"
            st.download_button("Download as CSV", as_csv(tables), name, "text/csv", key=f"{key}-csv", on_click="ignore")


def as_html(table: Table) -> Html:
    """A table whose rows and columns are named for a screen reader; a long one is cut, and says so. All text is escaped."""
    most = max(1, MOST_CELLS // len(table.head))
    head = tag("tr", *(tag("th", name, scope="col") if name else tag("td") for name in table.head))
    rows = (
        tag("tr", tag("th", str(name), scope="row"), *(tag("td", cell_text(cell)) for cell in cells))
        for name, *cells in table.rows[:most]
    )
    cut = tag("p", f"{len(table.rows) - most} more rows are in the file.") if len(table.rows) > most else ""
    body = joined([tag("caption", table.caption), tag("thead", head), tag("tbody", *rows)])
    return joined([tag("table", body, translate="no"), cut])
