"""An address as a picture that a phone's camera reads."""

from __future__ import annotations

import base64

from viz.page.parts.tags import Html, tag
from viz.page.qr_code import qr_rows

QUIET = 4  # modules of light around it, by which cameras find its edge


def qr_svg(address: str) -> str:
    """SVG of a QR code: dark on light in every theme, as cameras want it, as large as the room that it is given.

    Raises ValueError, in words, for an address that is too long for one.
    """
    rows = qr_rows(address)
    if not rows:
        raise ValueError("This address is too long for a QR code: shorten the sentence, or copy the link instead.")
    size = len(rows) + 2 * QUIET
    dark = [(x + QUIET, y + QUIET) for y, row in enumerate(rows) for x, module in enumerate(row) if module == "1"]
    path = "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def qr_html(address: str, label: str) -> Html:
    """The same as an element of HTML. label: what it is, in words. Raises ValueError as `qr_svg`."""
    return tag("img", src=f"data:image/svg+xml;base64,{base64.b64encode(qr_svg(address).encode()).decode()}", alt=label)
