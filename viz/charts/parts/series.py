"""A figure read back: who its numbers belong to, and each of them in the words of its hover."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from viz.theme import MINUS

FIELD = re.compile(r"%\{(\w+)(?:\[(\d+)\])?(?::([^}]*))?\}")  # of a hover: %{z:.2f}, %{customdata[0]}
TAG = re.compile(r"</?[a-z][^>]*>")
VERB = re.compile(r"(, this head)?( attends to|:)?$")  # at the end of a row's name
AXES = ("x", "y")


@dataclass(frozen=True, eq=False)
class Series:
    """One part of a figure."""

    name: str
    measure: str  # what is on the axis of its numbers; empty where the axis has no title, and of a matrix
    rows: list[str]
    columns: list[str]  # a single one without a name for what is not a matrix
    values: np.ndarray  # float64 (row, column), NaN where there is nothing; or text, of points that stand for no number
    words: Callable[[int, int], str]  # what the hover of (row, column) says, line by line

    @property
    def has_numbers(self) -> bool:
        """Whether there is any number in it."""
        return self.values.dtype != object and bool(np.isfinite(self.values).any())

    def strongest(self) -> tuple[int, int]:
        """The (row, column) furthest from zero, of what is compared with everything else that is not itself."""
        sizes = np.nan_to_num(np.abs(self.values), nan=-1.0)
        if self.rows == self.columns and len(self.rows) > 1 and np.allclose(self.values, self.values.T, equal_nan=True):
            np.fill_diagonal(sizes, -1.0)
        row, column = np.unravel_index(sizes.argmax(), sizes.shape)
        return int(row), int(column)


def series(figure: go.Figure) -> list[Series]:
    """What a figure shows, part by part in its order; parts without a hover are left out."""
    parts = [_Part(figure, part) for part in figure.data if part.hoverinfo != "skip"]
    return [part.matrix() if part.trace.type == "heatmap" else part.points() for part in parts]


def plain(markup: object) -> str:
    """Plotly's markup as text, one line a <br>."""
    return unescape(TAG.sub("", str(markup).replace("<br>", "\n").replace("<sup>", "^")))


def array(values: Any) -> np.ndarray | None:
    """Numbers or texts of a figure; Plotly keeps numbers as {dtype, bdata, shape} once a figure was pickled."""
    if isinstance(values, dict):
        flat = np.frombuffer(b64decode(values["bdata"]), dtype=values["dtype"])
        return flat.reshape([int(size) for size in str(values["shape"]).split(",")]) if "shape" in values else flat
    return None if values is None else np.asarray(values)


class _Part:
    """One trace of a figure."""

    def __init__(self, figure: go.Figure, trace: Any) -> None:
        self.figure, self.trace = figure, trace
        self.name = plain(trace.name or "")
        self.template = (trace.hovertemplate or "%{hovertext}").split("<extra>")[0]
        self._ticks = {axis: self._texts(axis) for axis in AXES}
        self._places = {
            axis: (array(trace[axis]), trace[f"{axis}0"] or 0, trace[f"d{axis}"] or 1) for axis in AXES if f"{axis}0" in trace
        }  # none in space

    def matrix(self) -> Series:
        """Cells by the names of their rows and columns."""
        values = np.asarray(array(self.trace.z), dtype=np.float64)
        rows, columns = (
            [self._plain_name(axis, at) for at in range(size)] for axis, size in zip("yx", values.shape, strict=True)
        )
        return Series(self.name, "", rows, columns, values, lambda row, column: self.words((row, column)))

    def points(self) -> Series:
        """Bars, lines and points by their labels: with their value or, where they only stand somewhere, with what is said of them."""
        axis = self._value_axis()
        if axis is None:
            texts = [plain(text).split("\n") for text in self.trace.hovertext or ()]
            values = np.array([["; ".join(lines[1:])] for lines in texts], dtype=object).reshape(len(texts), 1)
            return Series(self.name, "", [lines[0] for lines in texts], [""], values, lambda row, _: self.words((row,)))
        values = np.asarray(array(self.trace[axis]), dtype=np.float64)[:, None]
        labels = [self._label(axis, at) for at in range(len(values))]
        measure = plain(self._axis(axis).title.text or "")
        return Series(self.name, measure, labels, [""], values, lambda row, _: self.words((row,)))

    def words(self, place: tuple[int, ...]) -> str:
        """What the hover says of a cell (row, column) or of a point (place,)."""
        return plain(FIELD.sub(lambda field: self._filled(place, field), self.template))

    def _value_axis(self) -> str | None:
        """Which of x and y is the number; None for points that only stand somewhere."""
        if self.trace.type == "bar":
            return "x" if self.trace.orientation == "h" else "y"
        if self.trace.type != "scatter" or self.trace.hovertemplate is None:
            return None
        fields = {name for name, _, _ in FIELD.findall(self.template)}
        if "hovertext" in fields and len(fields & set(AXES)) == 1:
            return "y" if "x" in fields else "x"  # the number is written out, so the axis that is named is the label's
        bold = FIELD.search(self.template[max(0, self.template.find("<b>")) :])
        if bold and bold[1] in AXES:
            return bold[1]
        heights = array(self.trace.y)
        counted = heights is not None and np.array_equal(heights, np.arange(1, len(heights) + 1))
        return "x" if counted else "y"

    def _label(self, axis: str, at: int) -> str:
        """Whom a number belongs to: what the hover says first, else what stands on the other axis."""
        other = "y" if axis == "x" else "x"
        first = FIELD.search(self.template)
        is_label = first is not None and first[1] not in (axis, "hovertext") and not (first[1] == "text" and self._ticks[other])
        return plain(self._filled((at,), first)).split("\n")[0] if is_label else self._plain_name(other, at)

    def _filled(self, place: tuple[int, ...], field: re.Match) -> str:
        """One field of a hover, as markup."""
        name, index, style = field.groups()
        values = array(self.trace[name])
        if name in AXES and (values is None or self.trace.type == "heatmap" or (self._ticks[name] and not style)):
            at = place[-1] if name == "x" else place[0]
            return str(at + 1) if style == "d" else self._name(name, at)
        if values is None:
            return ""
        value = values[place] if index is None else values[place][int(index)]
        return _formatted(value, style) if style else _number(value)

    def _name(self, axis: str, at: int) -> str:
        """What stands on an axis at the place of one row, column or point, as markup: its tick, else its coordinate."""
        values, start, step = self._places[axis]
        value = _number(values[at] if values is not None else start + at * step)
        return self._ticks[axis].get(value, value)

    def _plain_name(self, axis: str, at: int) -> str:
        """The same as text, without the verb that a hover goes on with."""
        return VERB.sub("", plain(self._name(axis, at)).replace("\n", " "))

    def _axis(self, axis: str) -> Any:
        return self.figure.layout[(self.trace[f"{axis}axis"] or axis).replace(axis, f"{axis}axis")]

    def _texts(self, axis: str) -> dict[str, str]:
        """Texts of an axis by their values; none in space."""
        layout = self._axis(axis) if f"{axis}axis" in self.trace else None
        if layout is None or layout.ticktext is None or layout.tickvals is None:
            return {}
        return dict(zip(map(_number, array(layout.tickvals)), map(str, layout.ticktext), strict=False))


def _formatted(value: Any, style: str) -> str:
    """A number as d3 formats it, with a real minus."""
    number = float(value)
    return format(int(number) if number.is_integer() and style[-1] in ",d" else number, style).replace("-", MINUS)


def _number(value: Any) -> str:
    """A coordinate without a format: whole numbers without a point. Text as it is."""
    return f"{value:g}".replace("-", MINUS) if isinstance(value, (int, float, np.number)) else str(value)
