"""The heads of one layer as lines between tokens: packing and mounting."""

from __future__ import annotations

import streamlit

from model.analysis.change import aligned
from model.trace.trace import AttentionMaps
from viz import reading
from viz.canvas.shared import packing
from viz.canvas.shared.files import drawn_by, style
from viz.canvas.shared.mounting import note_picture


def pack_lines(trace: AttentionMaps, kind: str, layer: int, before: AttentionMaps | None = None) -> bytes:
    """All heads of one layer of one kind as bytes for `attention_lines`; the same trace gives the same bytes.

    The array is uint16, (head, query, key): `packing.fine_codes` of the weights. before: `packing.signed_fine_codes` of how they
    changed since this pass, tokens matched by `analysis_change.aligned`.
    """
    weights = trace.attention[kind].weights[layer]
    if before is None:
        codes = packing.fine_codes(weights)
    else:
        codes = packing.signed_fine_codes(weights - aligned(before, trace).attention[kind].weights[layer].to(weights.device))
    heads, queries, keys = weights.shape
    kinds = [
        {"name": name, "title": name.capitalize(), "long": trace.anatomy.kind(name).title, "layers": attention.weights.size(0)}
        for name, attention in trace.attention.items()
    ]
    header = {
        "bits": 16,
        "kind": kind,
        "layer": layer,
        "heads": heads,
        "queries": queries,
        "keys": keys,
        "signed": before is not None,
        "caption": reading.captions(trace)[kind],
        "axes": packing.axes(trace, kind),
        "kinds": kinds,
        "tokens": packing.token_lists(trace),
        "off": sorted(head for name, at, head in trace.intervention.heads_off if (name, at) == (kind, layer)),
        **packing.style(trace, kind),
    }
    return packing.join(header, codes)


def lines_view(key: str, *, kind: str, layer: int, heads: list[int] | None, turn: int = 0) -> dict:
    """What the reader chose inside the component `key`, or what is given here before any choice: what to pack.

    turn: choices made in an earlier turn of the page are over. {"kind": str, "layer": int, "heads": list[int] or None for all}
    """
    view = (streamlit.session_state.get(key) or {}).get("view")
    if not view or view.get("turn", turn) != turn:
        return {"kind": kind, "layer": layer, "heads": heads}
    return {name: view[name] for name in ("kind", "layer", "heads")}


_mount = streamlit.components.v2.component(
    "headlight_attention_lines",
    js=drawn_by("lines/index.js"),
    css=style("shared/shared.css", "lines/style.css"),
)


def attention_lines(
    packed: bytes,
    *,
    key: str,
    heads: list[int] | None = None,
    turn: int = 0,
) -> dict:
    """Mount the lines of `pack_lines`, with these heads drawn; None: all. In another turn the component begins anew with them.

    Returns the view {"kind", "layer", "heads"} that the reader has chosen inside. When its kind or layer is not what
    `packed` holds, the page packs that and mounts again: ask `lines_view(key)` before packing and it never happens.
    """
    header, _ = packing.split(packed)
    data = packing.with_fields(packed, selection=None if heads is None else list(heads), turn=turn)
    note_picture("lines", key, data, packed)
    _mount(key=key, data=data, on_view_change=lambda: None)
    return lines_view(key, kind=header["kind"], layer=header["layer"], heads=heads, turn=turn)
