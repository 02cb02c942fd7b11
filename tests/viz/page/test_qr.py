"""QR codes: every module of the code is drawn, quiet around the edge, and too much is refused in words."""

from __future__ import annotations

import re

import pytest

from viz.page.qr import QUIET, qr_html, qr_svg
from viz.page.qr_code import MOST, qr_rows

ADDRESS = "http://192.168.1.20:8501/?room=KBDFGH"


def test_the_picture_is_the_code_of_the_address():
    """Every dark module of it and no other, with a quiet zone around."""
    rows = qr_rows(ADDRESS)
    dark = {(x + QUIET, y + QUIET) for y, row in enumerate(rows) for x, module in enumerate(row) if module == "1"}
    drawn = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", qr_svg(ADDRESS))}
    assert drawn == dark and f'viewBox="0 0 {len(rows) + 2 * QUIET} {len(rows) + 2 * QUIET}"' in qr_svg(ADDRESS)
    assert 'alt="Join &lt;here&gt;"' in qr_html(ADDRESS, "Join <here>")


def test_an_address_that_is_too_long_is_refused_in_words():
    """A phone could not read it either."""
    assert qr_svg("x" * MOST)
    with pytest.raises(ValueError, match="too long for a QR code"):
        qr_svg("x" * (MOST + 1))
