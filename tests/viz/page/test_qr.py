"""QR codes: every module of the code is drawn, quiet around the edge; too long an address has none."""

from __future__ import annotations

import base64
import re

import segno

from viz.page.qr import MOST, QUIET, qr_image, qr_svg

ADDRESS = "http://192.168.1.20:8501/?view=one-head&kind=cross&layer=4"
FINDER = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")  # ISO/IEC 18004, 6.3.3


def modules(address: str) -> list[str]:
    """Rows of what is drawn inside of the quiet zone, "1" for dark."""
    drawing = qr_svg(address)
    size = int(re.search(r'viewBox="0 0 (\d+) \1"', drawing)[1])
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", drawing)}
    assert all(QUIET <= at < size - QUIET for place in dark for at in place)
    inside = range(QUIET, size - QUIET)
    return ["".join("01"[(x, y) in dark] for x in inside) for y in inside]


def test_a_qr_code_says_an_address():
    """Its three finder patterns and its timing stand where the standard has them; another address is another code."""
    rows = modules(ADDRESS)
    size = len(rows)
    assert size % 4 == 1 and rows == ["".join(map(str, row)) for row in segno.make_qr(ADDRESS, error="l").matrix]
    for down, across in ((0, 0), (0, size - 7), (size - 7, 0)):
        assert tuple(row[across : across + 7] for row in rows[down : down + 7]) == FINDER
    assert rows[6][8 : size - 8] == ("10" * size)[: size - 16]
    assert rows != modules(ADDRESS[:-1] + "5")
    assert base64.b64decode(qr_image(ADDRESS).partition("base64,")[2]).decode() == qr_svg(ADDRESS)


def test_the_longest_address_of_a_qr_code():
    """One letter more has none."""
    assert len(modules("a" * MOST)) == 177 and qr_svg("a" * (MOST + 1)) == "" == qr_image("a" * (MOST + 1))
