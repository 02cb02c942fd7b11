"""An address as a picture that a phone's camera reads, from a wall or a screen."""

from __future__ import annotations

import base64
from functools import lru_cache

import segno

MOST = 2_953  # bytes that the largest QR code holds (ISO/IEC 18004)
QUIET = 4  # modules of light around it, by which cameras find its edge


def qr_svg(address: str) -> str:
    """SVG of a QR code: dark on light in every theme, as cameras want it, as large as the room that it is given. Empty where the address is
    too long for one."""
    if len(address.encode()) > MOST:
        return ""
    rows = segno.make_qr(address, error="l").matrix
    size = len(rows) + 2 * QUIET
    path = "".join(f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


@lru_cache(maxsize=64)
def qr_image(address: str) -> str:
    """The same as the source of an image; empty where the address is too long."""
    drawing = qr_svg(address)
    return drawing and f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
