"""A QR code of an address, for phones that look at a wall."""

from __future__ import annotations

from functools import lru_cache

import segno

MOST = 2_953  # bytes that the largest QR code holds


@lru_cache(maxsize=64)
def qr_rows(link: str) -> tuple[str, ...]:
    """Rows of a QR code (ISO/IEC 18004), "1" for dark, without the quiet zone around it, which is 4 modules wide.

    No row where the address is too long for one.
    """
    if len(link.encode()) > MOST:
        return ()
    return tuple("".join(map(str, row)) for row in segno.make_qr(link, error="l").matrix)
