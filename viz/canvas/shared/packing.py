"""How the canvas components are fed: one run of bytes, header length + JSON header + array, and how weights become codes.

The codes keep what a reader sees: a weight written with two digits is exact after the trip, and a weight above zero
never comes back as zero.
"""

from __future__ import annotations

import colorsys
import json
from functools import lru_cache

import numpy
import torch
from torch import Tensor

from model.trace.tokens import Tokens
from model.trace.trace import AttentionMaps
from viz.theme import MONO, PALETTES, SANS, SHADE_POWER, word_labels

FINE_STEPS = 600  # 16-bit codes per hundredth


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


def signed_coarse_codes(changes: Tensor) -> Tensor:
    """Changes in -1..1 -> uint8 codes 0..200, 100 for zero, one per hundredth; 255 where there is nothing to compare (NaN)."""
    codes = (100 + torch.round(100 * changes.detach().float().clamp(-1, 1))).nan_to_num(255)
    return codes.to(torch.uint8)


def signed_fine_codes(changes: Tensor) -> Tensor:
    """Changes in -1..1 -> uint16 codes 0..60000 on the CPU, 300 per hundredth, 30000 for zero; what is not zero stays so.

    30000 also stands where there is nothing to compare (NaN).
    """
    exact = changes.detach().cpu().double().nan_to_num(0).clamp(-1, 1)  # in float32, 100 * 0.055 would be a tie
    scaled = 100 * exact
    whole = torch.round(scaled)
    codes = FINE_STEPS // 2 * whole + torch.round((FINE_STEPS // 2 - 2) * (scaled - whole))
    codes = torch.where((exact != 0) & (codes == 0), torch.sign(exact), codes)
    return (50 * FINE_STEPS + codes).to(torch.int32).to(torch.uint16)


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


def axis_tokens(maps: AttentionMaps) -> dict[str, Tokens]:
    """All tokens that can stand on an axis: what each stack reads, "source" and "target", and the "labels" that rows must produce."""
    lists = {_name(maps, stack): axis.read for stack, axis in maps.axes.items()}
    labels = [axis.made for axis in maps.axes.values() if axis.made is not None]  # one stack predicts at most
    return {**lists, "labels": labels[0]} if labels else lists


def token_lists(maps: AttentionMaps) -> dict[str, dict[str, object]]:
    """`axis_tokens` as the browser writes them: words for labels, names for hovers, and which of them are special."""
    return {
        name: {
            "words": word_labels(tokens),
            "names": word_labels(tokens, named=True),
            "special": [index for index, apart in enumerate(tokens.special) if apart],
        }
        for name, tokens in axis_tokens(maps).items()
    }


def axes(maps: AttentionMaps, kind: str) -> dict[str, str | None]:
    """Which of `token_lists` stands on which axis of a kind of attention; "produced" is what a row must predict, if anything."""
    asks, answers = (_name(maps, stack) for stack in (maps.anatomy.kind(kind).asks, maps.anatomy.kind(kind).answers))
    return {"rows": asks, "produced": None if maps.rows(kind).made is None else "labels", "columns": answers}


def _name(maps: AttentionMaps, stack: str) -> str:
    """What the browser calls the tokens of a stack: those of the first one are the source."""
    place = maps.anatomy.stack_names.index(stack)
    return ("source", "target")[place] if place < 2 else stack


def style(maps: AttentionMaps, kind: str | None = None) -> dict:
    """Colours of both themes, a tint for each head (of one kind, or of the kind with most), fonts and the shade power."""
    heads = [maps.attention[name].weights.size(1) for name in ([kind] if kind else maps.attention)]
    return _style(maps.anatomy.kind_names, max(heads))


def plain_style() -> dict:
    """Colours of both themes and fonts, for what shows no heads."""
    return _style((), 0)


@lru_cache(maxsize=4)
def _style(kind_names: tuple[str, ...], heads: int) -> dict:
    palettes = {}
    for name, colours in PALETTES.items():
        kinds = {kind: colours.kind(kind) for kind in kind_names}
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
