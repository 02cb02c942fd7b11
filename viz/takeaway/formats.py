"""Everything that can be taken away as a file, one entry a format: a new one is one function and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from viz.charts.parts.descriptions import Table, as_csv
from viz.takeaway.arrays import mebibytes, size
from viz.takeaway.code import as_notebook, as_script
from viz.takeaway.files import as_npz, as_safetensors
from viz.takeaway.parcel import Parcel, Picture
from viz.takeaway.sheet import ASKS_PYTHON, PLOTLY, Sheet
from viz.takeaway.tikz import as_tikz
from viz.theme import palette

MOST_TIKZ = 2_500  # cells: LaTeX is slow with many, and nobody reads them in print
MOST_CELLS = 1_000_000  # of a CSV file: what a spreadsheet opens
MOST_TRACE = 512 * 2**20  # bytes: a pass over the longest sentences has more, and is then best made from the snippet


@dataclass(frozen=True)
class Format:
    """One kind of file."""

    slug: str
    title: str  # on its button
    row: Literal["Picture", "Numbers", "The pass", "Make it again"]
    ending: str  # of the file's name
    mime: str
    make: Callable[[Parcel], bytes | str]
    hint: str  # what is in it, in words
    lacks: Callable[[Parcel], str] = lambda parcel: ""  # why there is none, in words; empty where there is one


def _picture(parcel: Parcel) -> Picture:
    assert parcel.picture is not None
    return parcel.picture


def _sheet(parcel: Parcel) -> str:
    picture = _picture(parcel)
    return Sheet(picture.component, picture.data, picture.title, parcel.lines, parcel.address, parcel.theme).html()


def _no_sheet(parcel: Parcel) -> str:
    return (
        ""
        if parcel.picture and (parcel.picture.component in ASKS_PYTHON.keys() | {"figure", PLOTLY})
        else "The browser makes it."
    )


def _tables(parcel: Parcel) -> str:
    return as_csv(_picture(parcel).tables())


def _no_tables(parcel: Parcel) -> str:
    if not parcel.picture or not parcel.picture.tables:
        return "This picture has no numbers of its own."
    if parcel.picture.cells <= MOST_CELLS:
        return ""
    return f"These are {parcel.picture.cells:,} numbers; CSV has {MOST_CELLS:,} at most. NPZ has them all."


def matrices(parcel: Parcel) -> list[Table]:
    """The tables of a picture that are matrices of numbers: more than one column, and few enough cells to print."""
    picture = parcel.picture
    tables = picture.tables() if picture and picture.tables and picture.cells <= MOST_TIKZ else ()
    return [
        table for table in tables if len(table.head) > 2 and _is_matrix(table) and len(table.head) * len(table.rows) <= MOST_TIKZ
    ]


def _is_matrix(table: Table) -> bool:
    cells = [value for _, *values in table.rows for value in values]
    return any(isinstance(value, float) for value in cells) and all(isinstance(value, float) or not value for value in cells)


def _tikz(parcel: Parcel) -> str:
    colours = palette(parcel.theme)
    return "\n\n".join(as_tikz(table, colours.positive, colours.negative) for table in matrices(parcel))


def _no_tikz(parcel: Parcel) -> str:
    return "" if matrices(parcel) else f"TikZ is for matrices of up to {MOST_TIKZ:,} cells."


def _no_trace(parcel: Parcel) -> str:
    bytes_ = size(parcel.trace())
    if bytes_ <= MOST_TRACE:
        return ""
    return f"This pass has {mebibytes(bytes_)}; files have {mebibytes(MOST_TRACE)} at most. The snippet makes the pass again on your machine."


TRACE = "Every tensor of the pass under its name (attention.encoder.weights …), with its tokens, the change and the hash of the weights"
FORMATS: dict[str, Format] = {
    format_.slug: format_
    for format_ in (
        Format("html", "HTML", "Picture", "html", "text/html", _sheet, "The picture as one file that still answers to the pointer, without network", _no_sheet),
        Format("csv", "CSV", "Numbers", "csv", "text/csv", _tables, "The numbers of the picture: part, row, column, value", _no_tables),
        Format("tikz", "TikZ", "Numbers", "tex", "text/x-tex", _tikz, "The matrix as a picture for LaTeX", _no_tikz),
        Format("npz", "NPZ", "The pass", "npz", "application/octet-stream", lambda parcel: as_npz(parcel.trace(), parcel.recipe), f"{TRACE}, for numpy", _no_trace),
        Format("safetensors", "safetensors", "The pass", "safetensors", "application/octet-stream",
               lambda parcel: as_safetensors(parcel.trace(), parcel.recipe), f"{TRACE}, as safetensors", _no_trace),
        Format("python", "Python", "Make it again", "py", "text/x-python", as_script, "A script that makes this pass and this picture again"),
        Format("notebook", "Notebook", "Make it again", "ipynb", "application/x-ipynb+json", as_notebook, "The same as a Jupyter notebook"),
    )
}  # fmt: skip
