"""One or several attention matrices of tokens side by side: packing and mounting. Cells can be clicked, or painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit
import torch
from torch import Tensor

from model.analysis.attention import may_attend
from model.trace.intervention import Link
from model.trace.trace import AttentionMaps
from model.transformer.masks import causal_mask, window_mask
from viz.canvas.shared import packing
from viz.canvas.shared.files import drawn_by, style
from viz.canvas.shared.mounting import note_picture
from viz.theme import SHADED_CHANGE, SHADED_WEIGHT, token_labels

# Why a cell has no weight: name -> (in words, what painting can do about it). Code of a state: 65535 - its place here.
STATES = {
    "masked": ("masked: may not attend", ""),
    "look-ahead": ("masked by the look-ahead mask", "painting cannot open it, the switch above can"),
    "window": ("outside the window of self-attention", "painting cannot open it"),
    "cut": ("cut in this layer", "paint it to restore it"),
    "cut-all": ("cut in all layers", "paint it to restore it in all of them"),
    "hidden": ("hidden", "click its token to show it again"),
    "row-cut": ("this row is cut as a whole", "click the row's token to restore it"),
    "blank": ("one of the two has no counterpart in the other", ""),
    "restored": ("restored", "its weight comes with the next pass"),
}
LEGEND = {
    "masked": "masked", "look-ahead": "masked", "window": "masked", "cut": "link cut", "cut-all": "link cut in all layers",
    "hidden": "token hidden", "row-cut": "row cut", "blank": "no counterpart", "restored": "",
}  # fmt: skip
LABELS = {
    False: "Attention matrices. Arrow keys move over the cells; Enter opens a cell where that is possible.",
    True: "Attention matrix to paint. Arrow keys move over the cells and the tokens beside and above; Enter cuts or restores.",
}


@dataclass(frozen=True, eq=False)
class Matrix:
    """One matrix of a picture, with the tokens of `maps` on its axes."""

    title: str
    maps: AttentionMaps
    kind: str
    values: Tensor  # (query, key): weights 0..1, or differences -1..1 where `signed`
    states: Tensor  # uint8 (query, key): 0 for a value, else 1 + the place in STATES
    signed: bool = False
    rows: list[int | None] | None = None  # the row of the first matrix that is the counterpart of each row; None: the same rows
    columns: list[int | None] | None = None
    opens: bool = False  # whether a click on a cell is reported
    mark: tuple[int, int] | None = None  # (query, key): the cell that is framed


def cell_states(maps: AttentionMaps, kind: str, layer: int, pieces: bool = True) -> Tensor:
    """Why each cell of one layer has no weight: uint8 (query, key), 0 where it may attend, else 1 + the place in STATES.

    pieces: False for joined words, whose links cannot be told one by one: what may not attend is "masked".
    """
    allowed = may_attend(maps, kind, layer)
    states = torch.zeros(allowed.shape, dtype=torch.uint8, device=allowed.device)
    states[~allowed] = _state("masked")
    if not pieces:
        return states
    links = [link for link in maps.intervention.cut if link[0] == kind and link[1] in (None, layer)]
    for name in ("cut", "cut-all", "row-cut", "hidden"):  # the broadest has the last word
        for query, key in (link[2:] for link in links if _name(link) == name):
            rows, columns = (slice(None) if place is None else slice(place, place + 1) for place in (query, key))
            states[rows, columns] = _state(name)
    if not maps.anatomy.kind(kind).is_self:
        return states
    queries, keys = (torch.arange(size, device=allowed.device) for size in allowed.shape)
    if maps.intervention.window is not None:
        states[~window_mask(queries, keys, maps.intervention.window)] = _state("window")
    if maps.anatomy.kind(kind).masked and maps.intervention.causal:
        states[~causal_mask(len(queries), device=allowed.device) & ~allowed] = _state("look-ahead")
    return states


def difference_matrix(maps: AttentionMaps, kind: str, difference: Tensor, allowed: Tensor, title: str = "") -> Matrix:
    """One head in `maps` minus its counterpart elsewhere, both (query, key): `difference` is NaN where there is none.

    allowed: which cells may be attended to in either of the two.
    """
    states = torch.zeros(difference.shape, dtype=torch.uint8, device=difference.device)
    states[~allowed] = _state("masked")
    states[difference.isnan()] = _state("blank")
    return Matrix(title, maps, kind, difference, states, signed=True)


def _name(link: Link) -> str:
    _, layer, query, key = link
    return "hidden" if query is None else "row-cut" if key is None else "cut-all" if layer is None else "cut"


def _state(name: str) -> int:
    return 1 + list(STATES).index(name)


def pack_matrices(matrices: list[Matrix]) -> bytes:
    """The matrices as bytes for `attention_matrices`: see `packing.join`; the same matrices give the same bytes.

    The array is uint16, matrix after matrix, each (query, key): `packing.fine_codes` of weights or
    `packing.signed_fine_codes` of differences; 65535 and below stand for the states.
    """
    arrays = [_codes(matrix).flatten() for matrix in matrices]
    header = {
        "bits": 16,
        "matrices": [_header(matrix) for matrix in matrices],
        "states": [
            {"name": name, "words": words, "hint": hint, "legend": LEGEND[name]} for name, (words, hint) in STATES.items()
        ],
        "texts": {"shade": SHADED_WEIGHT, "signed": SHADED_CHANGE},
        **packing.style(matrices[0].maps, matrices[0].kind),
    }
    return packing.join(header, torch.cat(arrays))


def pack_head(
    maps: AttentionMaps, kind: str, layer: int, head: int, mark: tuple[int, int] | None = None, pieces: bool = True
) -> bytes:
    """One head of a pass as bytes for `attention_matrices`. mark: the cell that is framed; pieces: as `cell_states` has it."""
    states = cell_states(maps, kind, layer, pieces)
    return pack_matrices([Matrix("", maps, kind, maps.attention[kind].weights[layer, head], states, opens=True, mark=mark)])


def _codes(matrix: Matrix) -> Tensor:
    values, states = matrix.values.nan_to_num(0.0).cpu(), matrix.states.cpu().to(torch.int32)
    codes = (packing.signed_fine_codes(values) if matrix.signed else packing.fine_codes(values)).to(torch.int32)
    return torch.where(states > 0, 65536 - states, codes).to(torch.uint16)


def _header(matrix: Matrix) -> dict:
    rows, columns = matrix.values.shape
    lists = packing.token_lists(matrix.maps)
    return {
        "title": matrix.title,
        "kind": matrix.kind,
        "rows": rows,
        "columns": columns,
        "signed": matrix.signed,
        "opens": matrix.opens,
        "mark": matrix.mark,
        "axes": packing.axes(matrix.maps, matrix.kind),
        "tokens": {
            name: {**lists[name], "labels": token_labels(each)} for name, each in packing.axis_tokens(matrix.maps).items()
        },
        "links": [_linked(matrix.rows, rows), _linked(matrix.columns, columns)],
    }


def _linked(places: list[int | None] | None, count: int) -> list[int]:
    """What tells which rows (or columns) of several matrices belong together; below zero: those that the first does not have."""
    if places is None:
        return list(range(count))
    return [-1 - at if place is None else place for at, place in enumerate(places[:count])]


def matrix_numbers(
    packed: bytes, values: Sequence[Tensor] | None = None
) -> list[tuple[str, list[str], list[str], list[list[float | str]]]]:
    """The matrices of `pack_matrices` as numbers: (title, names of rows, names of columns, cells).

    values: what each of them was packed from, (query, key); without them numbers come back from the bytes, to 0.00004. A cell
    without a weight has the words that say why.
    """
    header, codes = packing.split(packed)
    matrices: list[tuple[str, list[str], list[str], list[list[float | str]]]] = []
    start = 0
    for matrix in header["matrices"]:
        shape = (matrix["rows"], matrix["columns"])
        part = codes[start : start + shape[0] * shape[1]].reshape(shape)
        start += part.size
        names = (
            _axis_names(matrix, axis)
            for axis in (matrix["axes"]["produced"] or matrix["axes"]["rows"], matrix["axes"]["columns"])
        )
        rows, columns = (
            [name for name, _ in zip(each, range(size), strict=False)] for each, size in zip(names, shape, strict=True)
        )
        cells = [[_number(code, matrix["signed"]) for code in line] for line in part.tolist()]
        matrices.append((matrix["title"], rows, columns, cells if values is None else _exact(cells, values[len(matrices)])))
    return matrices


def _exact(cells: list[list[float | str]], values: Tensor) -> list[list[float | str]]:
    """The cells that are numbers, as the numbers themselves."""
    lines = zip(cells, values.tolist(), strict=True)
    return [[old if isinstance(old, str) else new for old, new in zip(*pair, strict=True)] for pair in lines]


def _axis_names(matrix: dict, axis: str) -> list[str]:
    """Tokens with their places: repeated ones stay distinct."""
    return [f"{name} ({at})" for at, name in enumerate(matrix["tokens"][axis]["names"], start=1)]


def _number(code: int, signed: bool) -> float | str:
    """The number behind a code, or why there is none."""
    most = 100 * packing.FINE_STEPS
    if code > most:
        return list(STATES.values())[65535 - code][0]
    return (2 * code - most) / most if signed else code / most


_mount = streamlit.components.v2.component(
    "headlight_attention_matrices",
    js=drawn_by("matrices/index.js"),
    css=style("shared/shared.css", "shared/tooltip.css", "matrices/style.css"),
)


def _callback(key: str, turn: int, name: str, act: Callable[[dict], None]) -> Callable[[], None]:
    """What runs when the component reports an event of this name."""

    def callback() -> None:
        event = streamlit.session_state[key].get(name)
        if event:
            streamlit.session_state[f"{key}-turn"] = turn + 1
            act(event)

    return callback


def attention_matrices(
    packed: bytes,
    *,
    key: str,
    on_cell: Callable[[int, int, int], None] | None = None,
    on_paint: Callable[[list[tuple[int, int]], bool], None] | None = None,
    on_token: Callable[[str, int], None] | None = None,
    hints: dict[str, str] | None = None,
    cell: int = 34,
    alt: str = "",
) -> None:
    """Mount the matrices of `pack_matrices`. Callbacks run at the start of the run that a click or a stroke causes.

    on_cell(matrix, query, key): a cell was clicked, of a matrix that `opens`.
    on_paint(cells, cut): given, cells are painted instead: (query, key) of one stroke, to cut or (False) to restore.
    on_token(axis, index): with on_paint, the label of a "row" or a "column" was clicked; hints: what that does, in words, for
    "row" and "column" and, where it is hidden or cut already, "row back" and "column back".
    cell: CSS pixels of a cell where there is room. alt: what it shows, in words.
    """
    turn = streamlit.session_state.setdefault(f"{key}-turn", 0)  # an answer to every stroke, also where it changed nothing
    called = partial(_callback, key, turn)
    data = packing.with_fields(packed, turn=turn, paints=on_paint is not None, label=f"{alt} {LABELS[on_paint is not None]}".strip(),
                               hints=hints or {}, cell=cell)  # fmt: skip
    note_picture("matrices", key, data, packed)
    _mount(
        key=key,
        data=data,
        on_cell_change=called("cell", lambda event: on_cell and on_cell(event["matrix"], event["query"], event["key"])),
        on_paint_change=called(
            "paint", lambda event: on_paint and on_paint([tuple(cell) for cell in event["cells"]], event["cut"])
        ),
        on_token_change=called("token", lambda event: on_token and on_token(event["axis"], event["index"])),
    )
