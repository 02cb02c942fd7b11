"""Every attention head of a Trace at once, on one canvas: packing and mounting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit
import torch
import torch.nn.functional as F
from torch import Tensor

from model.analysis.change import aligned
from model.trace.trace import AttentionMaps
from viz import reading
from viz.canvas.shared import packing
from viz.canvas.shared.files import drawn_by, style
from viz.canvas.shared.mounting import note_picture
from viz.theme import SHADED_CHANGE, SHADED_WEIGHT

MOST_BINS = 64  # of an axis of one head: more than a small multiple has pixels
DIFFERENCE_TEXTS = {
    "label": "Change of attention of every head. Arrow keys move between heads, Enter opens one.",
    "squares": "after minus before · one square, one head",
    "shade": SHADED_CHANGE,
}
TEXTS = {
    "label": "Attention of every head. Arrow keys move between heads, Enter opens one.",
    "squares": "one square, one head · rows are layers, columns are heads",
    "shade": SHADED_WEIGHT,
}
SORTED = "one square, one head · numbers at the left count from the first"


def pack_grid(trace: AttentionMaps, before: AttentionMaps | None = None, order: Order | None = None) -> bytes:
    """All heads of all kinds as bytes for `heads_grid`: see `packing.join`; the same trace gives the same bytes.

    order: of a model with very many heads, those that are drawn, by kind.
    before: draw how weights changed since this pass instead (`packing.signed_coarse_codes`), matched by `change.aligned`.

    The array is uint8, kind after kind, each (layer, head, row, column): `packing.coarse_codes` of the weights,
    max-pooled on the trace's device to at most MOST_BINS rows and columns. header["kinds"] gives the shapes.
    """
    kinds, arrays = [], []
    matched = None if before is None else aligned(before, trace)
    for kind, map_ in trace.attention.items():
        places = None if order is None else order.places[kind]
        weights = squares(map_.weights, places)
        if matched is None:
            pooled = max_pool(weights, MOST_BINS)
            codes = packing.coarse_codes(pooled)
        else:
            others = squares(matched.attention[kind].weights, places).to(weights.device)
            pooled = strongest_pool(weights - others, MOST_BINS)
            codes = packing.signed_coarse_codes(pooled)
        kinds.append(_kind_header(trace, kind, pooled) | ({} if order is None else order.header(kind, pooled.size(1))))
        arrays.append(codes.flatten())
    header = {
        "bits": 8,
        "kinds": kinds,
        "tokens": packing.token_lists(trace),
        "off": sorted(list(item) for item in trace.intervention.heads_off),
        "signed": matched is not None,
        "texts": (TEXTS if matched is None else DIFFERENCE_TEXTS)
        | ({} if order is None or order.by_place else {"squares": SORTED}),
        **packing.style(trace),
    }
    return packing.join(header, torch.cat(arrays))


@dataclass(frozen=True)
class Order:
    """Which heads are drawn, and in which order."""

    places: Mapping[str, Sequence[tuple[int, int]]]  # by kind: (layer, head), row after row
    by_place: bool = True  # rows are whole layers

    def header(self, kind: str, across: int) -> dict:
        """What the drawing has to know of one kind, of which `across` heads stand in a row."""
        places = self.places[kind]
        firsts = range(0, len(places), across)
        names = [str((places[at][0] if self.by_place else at) + 1) for at in firsts]
        return {"places": [list(place) for place in places], "row_names": names, "is_whole": self.by_place}


def squares(weights: Tensor, places: Sequence[tuple[int, int]] | None) -> Tensor:
    """(layer, head, query, key) -> (row, column, query, key) of the heads at these places, zeros behind the last; None: as they are."""
    if places is None:
        return weights
    across = weights.size(1)
    rows = max(1, -(-len(places) // across))
    grid = weights.new_zeros(rows * across, *weights.shape[-2:])
    if places:
        layers, heads = zip(*places, strict=True)
        grid[: len(places)] = weights[list(layers), list(heads)]
    return grid.unflatten(0, (rows, across))


def max_pool(weights: Tensor, limit: int) -> Tensor:
    """(layer, head, query, key) -> (layer, head, min(query, limit), min(key, limit)): the largest weight of each bin.

    Bin i of n positions in b bins is floor(i n / b) .. ceil((i + 1) n / b); what fits is returned as it is.
    """
    rows, columns = min(weights.size(-2), limit), min(weights.size(-1), limit)
    if (rows, columns) == tuple(weights.shape[-2:]):
        return weights
    return F.adaptive_max_pool2d(weights.float(), (rows, columns))


def strongest_pool(changes: Tensor, limit: int) -> Tensor:
    """Like `max_pool` for signed numbers: of each bin the one that is largest without its sign; NaN only where all are."""
    if max(changes.shape[-2:]) <= limit:
        return changes
    missing = max_pool((~changes.isnan()).float(), limit) == 0
    up, down = (max_pool((sign * changes).nan_to_num(0).clamp(min=0), limit) for sign in (1, -1))
    return torch.where(up >= down, up, -down).masked_fill(missing, float("nan"))


def _kind_header(trace: AttentionMaps, kind: str, pooled: Tensor) -> dict:
    """Shape, axes and words of one kind; `pooled` (layer, head, row, column)."""
    layers, heads, rows, columns = pooled.shape
    queries, keys = trace.attention[kind].weights.shape[-2:]
    return {
        "name": kind,
        "title": trace.anatomy.short_title(kind).removesuffix("-attention").capitalize(),
        "long": trace.anatomy.kind(kind).title,
        "caption": reading.captions(trace)[kind],
        "layers": layers,
        "heads": heads,
        "rows": rows,
        "columns": columns,
        "queries": queries,
        "keys": keys,
        "axes": packing.axes(trace, kind),
    }


_mount = streamlit.components.v2.component(
    "headlight_heads_grid",
    js=drawn_by("grid/index.js"),
    css=style("shared/shared.css", "shared/tooltip.css", "grid/style.css"),
)


def heads_grid(
    packed: bytes,
    *,
    selected: tuple[str, int, int] | None,
    dim: list[tuple[str, int, int]] | None = None,
    star: tuple[str, int, int] | None = None,
    key: str,
    alt: str = "",
    on_open: Callable[[str, int, int], None] = lambda kind, layer, head: None,
) -> None:
    """Mount the grid of `pack_grid`, with `selected` (kind, layer, head) framed, those in `dim` faint, and a star on the alignment head.

    alt: what it shows, in words. on_open: called with (kind, layer, head) at the start of the run that a click, or Enter, on a head causes.
    """

    def listed(head: tuple[str, int, int] | None) -> list[str | int] | None:
        return list(head) if head else None

    data = packing.with_fields(
        packed, selected=listed(selected), dim=[list(head) for head in dim or []], star=listed(star), alt=alt
    )

    def opened() -> None:
        if head := streamlit.session_state[key].open:
            on_open(head["kind"], head["layer"], head["head"])

    note_picture("grid", key, data, packed)
    _mount(key=key, data=data, on_open_change=opened)
