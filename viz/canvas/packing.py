"""How the canvas components are fed: one run of bytes, header length + JSON header + array, and how weights become codes.

The codes keep what a reader sees: a weight written with two digits is exact after the trip, and a weight above zero
never comes back as zero.
"""

from __future__ import annotations

import colorsys
import json
from functools import lru_cache
from pathlib import Path

import numpy
import torch
from torch import Tensor

from model.trace.trace import AttentionMaps
from viz.theme import MONO, PALETTES, SANS, SHADE_POWER, word_label

HERE = Path(__file__).parent
FINE_STEPS = 600  # 16-bit codes per hundredth


def source(*names: str) -> str:
    """The text of JS or CSS files beside this one, one behind the other."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


def join(header: dict, array: Tensor) -> bytes:
    """Header and array -> 4-byte little-endian header length + JSON header (utf-8) + the array's bytes (little-endian)."""
    values = numpy.ascontiguousarray(array.cpu().numpy())
    return _join(header, values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes())


def split(packed: bytes) -> tuple[dict, numpy.ndarray]:
    """The reverse of `join`: the header and a flat array, uint8, uint16 or float32 as header["bits"] says."""
    length = int.from_bytes(packed[:4], "little")
    header = json.loads(packed[4 : 4 + length])
    return header, numpy.frombuffer(packed[4 + length :], dtype={8: "u1", 16: "<u2", 32: "<f4"}[header["bits"]])


def with_fields(packed: bytes, **fields: object) -> bytes:
    """The same array under a header with more fields: what is selected travels beside what is cached."""
    length = int.from_bytes(packed[:4], "little")
    return _join({**json.loads(packed[4 : 4 + length]), **fields}, packed[4 + length :])


def _join(header: dict, body: bytes) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "little") + text + body


def coarse_codes(weights: Tensor) -> Tensor:
    """Weights in 0..1 -> uint8 codes 0..200, two per hundredth, on the same device, same shape.

    0 is exactly zero, 1 is above zero but less than 0.005; of hundredth k, 2k is the lower half and 2k + 1 the upper.
    """
    hundredths, rest = _hundredths(weights)
    return (2 * hundredths + (rest > 0)).clamp(0, 200).to(torch.uint8)


def signed_codes(changes: Tensor) -> Tensor:
    """Changes in -1..1 -> uint8 codes 0..200, 100 for zero, one per hundredth; 255 where there is nothing to compare (NaN)."""
    codes = (100 + torch.round(100 * changes.detach().float().clamp(-1, 1))).nan_to_num(255)
    return codes.to(torch.uint8)


def signed_fine_codes(changes: Tensor) -> Tensor:
    """Changes in -1..1 -> uint16 codes 0..60000, 30000 for zero and where there is nothing to compare (NaN)."""
    half = 50 * FINE_STEPS
    return (half + torch.round(half * changes.detach().float().nan_to_num(0).clamp(-1, 1))).to(torch.int32).to(torch.uint16)


def fine_codes(weights: Tensor) -> Tensor:
    """Weights in 0..1 -> uint16 codes 0..60000, 600 per hundredth, on the same device, same shape; above zero stays so."""
    hundredths, rest = _hundredths(weights)
    codes = FINE_STEPS * hundredths + torch.round((FINE_STEPS - 2) * rest)
    codes = torch.where(weights > 0, codes.clamp(1, 100 * FINE_STEPS), torch.zeros_like(codes))
    return codes.to(torch.int32).to(torch.uint16)


def _hundredths(weights: Tensor) -> tuple[Tensor, Tensor]:
    """100 * weights as whole hundredths (half to even, as Python writes them) and the rest in -0.5..0.5."""
    exact = torch.float32 if weights.device.type == "mps" else torch.float64  # float32 rounds 100 * 0.055 up to a tie
    scaled = 100 * weights.detach().to(exact).clamp(0, 1)
    whole = torch.round(scaled)
    return whole, scaled - whole


def coarse_weights(codes: numpy.ndarray) -> numpy.ndarray:
    """The reverse of `coarse_codes`, to 0.0025: the middle of each code's half hundredth. The browser does the same."""
    return numpy.where(codes == 0, 0.0, (codes - 0.5) / 200)


def fine_weights(codes: numpy.ndarray) -> numpy.ndarray:
    """The reverse of `fine_codes`, to 0.00003."""
    return codes / (100.0 * FINE_STEPS)


def token_lists(trace: AttentionMaps) -> dict[str, list[dict]]:
    """What stands on the axes: "source", "target" (the piece being read) and "labels" (the piece being produced); names are for hovers."""
    sides = {"source": trace.source, "target": trace.target, "labels": trace.labels}
    return {
        name: {
            "words": [word_label(piece) for piece in tokens.shown],
            "names": [word_label(piece) for piece in tokens.named],
            "special": _special(tokens.words),
        }
        for name, tokens in sides.items()
    }


def _special(words: list[int]) -> list[int]:
    """Indices of the special tokens."""
    return [index for index, word in enumerate(words) if word < 0]


def axes(kind: str) -> dict[str, str | None]:
    """Which token list stands on which axis of a kind of attention; "produced" is what the row must predict."""
    return {
        "rows": "source" if kind == "encoder" else "target",
        "produced": None if kind == "encoder" else "labels",
        "columns": "target" if kind == "decoder" else "source",
    }


@lru_cache(maxsize=4)
def style(heads: int) -> dict:
    """Colours of both themes, tints of the heads, fonts and the shade power: what the browser needs to draw."""
    palettes = {}
    for name, colours in PALETTES.items():
        kinds = {kind: colours.kind(kind) for kind in ("encoder", "decoder", "cross")}
        fields = ("page", "card", "ink", "soft", "line", "chip", "negative", "zero", "positive")
        plain = {field: getattr(colours, field) for field in fields}
        tints = {kind: [tint(colour, head, heads) for head in range(heads)] for kind, colour in kinds.items()}
        palettes[name] = {**plain, **kinds, "tints": tints}
    return {"palettes": palettes, "shade_power": SHADE_POWER, "sans": SANS, "mono": MONO}


def tint(colour: str, head: int, heads: int) -> str:
    """A neighbour of a kind's colour for one of its heads: hue within +-0.07 of it, lightness in three steps, a little greyer."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    share = head / max(1, heads - 1) - 0.5
    steps = (0.0, 0.14, -0.09)
    shifted = colorsys.hls_to_rgb((hue + 0.14 * share) % 1, min(0.8, max(0.2, lightness + steps[head % 3])), 0.8 * saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in shifted)
