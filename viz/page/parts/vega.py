"""A chart of Altair on the page. Its tables travel apart from it, so that the same chart with other numbers stays alive in the browser."""

from __future__ import annotations

from functools import partial
from io import StringIO
from typing import Any

import pandas
import streamlit as st

from viz.canvas import note_picture
from viz.charts.parts.specs import spec_description, spec_tables, spec_title
from viz.page.parts.table import as_table
from viz.page.parts.tags import tag
from viz.page.shared import TAKE_MENU
from viz.theme import fixed

# A third less work for a browser than hundreds of elements of an SVG.
CANVAS = {"usermeta": {"embedOptions": {"renderer": "canvas"}}}
WALL: dict[str, Any] = {"width": 664, "height": 280}  # px of a chart on a wall, whose style sheet enlarges it as a whole


def vega(spec: dict, key: str, on_wall: bool = False) -> None:
    """A chart as Vega-Lite whose tables stand in it as CSV text; its numbers as a table under it."""
    shape, size = (fixed(spec), WALL) if on_wall else (spec, {"width": "stretch"})
    if not (on_wall or st.session_state.get(TAKE_MENU)):  # a wall enlarges an SVG, which stays sharp, and the menu hands it over
        shape = {**shape, **CANVAS}
    st.html(tag("p", spec_description(spec), class_="told"))
    alt = f"Chart: {spec_title(spec)}"  # Streamlit makes it part of the chart: what changes with the numbers stands before it
    note_picture("vega", key, spec)
    st.vega_lite_chart(spec=tables_apart(shape), theme=None, key=key, alt=alt, **size)
    as_table(key, partial(spec_tables, spec))


def tables_apart(spec: dict) -> dict:
    """The chart with each table under a name ("table 1", ... in the order of its layers) in its `datasets`.

    What Streamlit gets twice but for its datasets, Vega draws again; another chart is compiled and built anew, ten times the work.
    """
    tables: dict[str, pandas.DataFrame] = {}
    return {**_named(spec, tables), "datasets": tables}


def _named(part: dict, tables: dict[str, pandas.DataFrame]) -> dict:
    """A chart, or one of its layers, with names in the place of tables, which are put into `tables`."""
    layer = dict(part)
    if isinstance(part.get("data"), dict) and part["data"].get("values"):
        name = f"table {len(tables) + 1}"
        layer["data"], tables[name] = {"name": name}, _table(part["data"])
    if "layer" in part:
        layer["layer"] = [_named(inner, tables) for inner in part["layer"]]
    return layer


def _table(data: dict) -> pandas.DataFrame:
    """CSV text with the kinds of its columns, as a table."""
    kinds = {name: str if kind == "string" else float for name, kind in data["format"]["parse"].items()}
    return pandas.read_csv(StringIO(data["values"]), dtype=kinds, keep_default_na=False)
