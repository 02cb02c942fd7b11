"""A figure of Plotly that lies flat, drawn on one canvas of our own: cells, bars, lines and points, without Plotly in the browser.

Plotly builds hundreds of nodes for such a figure and measures each of them; here it is one canvas, drawn at once. What stands in
space stays with Plotly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy
import streamlit
import torch

from viz.canvas.shared import packing
from viz.canvas.shared.files import drawn_by, style
from viz.canvas.shared.mounting import note_picture

FLAT = {"bar", "heatmap", "scatter"}
# What the canvas has no use for: colours of Plotly's own tools and labels, and templates, which hold defaults.
LEFT_OUT = {"hoverlabel", "modebar", "template", "paper_bgcolor"}


def is_flat(figure: Any) -> bool:
    """Whether the canvas can draw a figure: all its parts are flat."""
    return all(part.type in FLAT for part in figure.data)


def pack_figure(figure: Any) -> bytes:
    """A flat figure as bytes for `canvas_figure`: see `packing.join`; the same figure gives the same bytes.

    The header holds data and layout as Plotly has them; an array of numbers is {"at": place, "shape": lengths} there and stands
    in the float32 array behind it. Raises ValueError for a figure that is not flat.
    """
    if not is_flat(figure):
        kinds = ", ".join(sorted({part.type for part in figure.data} - FLAT))
        raise ValueError(f"Only {', '.join(sorted(FLAT))} can be drawn flat, not {kinds}.")
    arrays: list[numpy.ndarray] = []
    data = [_plain(part.to_plotly_json(), arrays) for part in figure.data if _is_seen(part)]
    layout = {name: value for name, value in figure.layout.to_plotly_json().items() if name not in LEFT_OUT}
    header = {"bits": 32, "data": data, "layout": _plain(layout, arrays), **packing.plain_style()}
    body = numpy.concatenate([array.ravel() for array in arrays]) if arrays else numpy.zeros(0, dtype=numpy.float32)
    return packing.join(header, torch.from_numpy(body))


def unpack_figure(packed: bytes) -> dict[str, Any]:
    """The reverse of `pack_figure`: {"data", "layout"} as `plotly.graph_objects.Figure` takes them."""
    header, body = packing.split(packed)
    return {"data": _filled(header["data"], body), "layout": _filled(header["layout"], body)}


def _filled(value: Any, body: numpy.ndarray) -> Any:
    """A value of the header with its arrays of numbers put back."""
    if isinstance(value, list):
        return [_filled(item, body) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"at", "shape"}:
        return body[value["at"] : value["at"] + math.prod(value["shape"])].reshape(value["shape"])
    return {name: _filled(item, body) for name, item in value.items()}


def _is_seen(part: Any) -> bool:
    """Whether a part shows anything: Plotly needs points that nobody sees to draw an axis; the scale of such points is seen."""
    marker = part.marker if part.type == "scatter" else None
    return marker is None or marker.opacity != 0 or bool(marker.showscale)


def _plain(value: Any, arrays: list[numpy.ndarray]) -> Any:
    """A value as JSON has it, its arrays of numbers put behind the others; what is no number becomes null in a list."""
    if isinstance(value, Mapping):
        return {name: _plain(item, arrays) for name, item in value.items()}
    if isinstance(value, numpy.ndarray):
        if value.dtype.kind not in "fiu":
            return _plain(value.tolist(), arrays)
        at = sum(array.size for array in arrays)
        arrays.append(value.astype(numpy.float32))
        return {"at": at, "shape": list(value.shape)}
    if isinstance(value, (list, tuple)):
        return [_plain(item, arrays) for item in value]
    if isinstance(value, numpy.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value


_mount = streamlit.components.v2.component(
    "headlight_figure",
    js=drawn_by("figure/index.js"),
    css=style("shared/shared.css", "shared/tooltip.css", "figure/style.css"),
)


def canvas_figure(packed: bytes, *, key: str) -> None:
    """Mount the figure of `pack_figure`. Clicks in it are reported by `plot_clicks`."""
    note_picture("figure", key, packed)
    _mount(key=key, data=packed)
