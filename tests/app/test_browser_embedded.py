"""The page inside another one, in real Chromium: `?embed=true` shows the translation and the picture alone."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)
LINK = "text=The+cat+sat.&kind=cross&layer=4&head=7&heads=nonsense"


@pytest.mark.parametrize("width", [1280, 400])
def test_the_picture_stands_alone(visit, width):
    """No field, no switches, no warning about what the link got wrong; the cells answer as ever."""
    page = visit(f"?embed=true&view=one-head&{LINK}", width=width)
    matrix = page.locator(".st-key-card-head").get_by_test_id("matrices")
    expect(matrix).to_be_visible()
    expect(page.get_by_test_id("tokens-source")).to_be_visible()
    for key in ("header", "sentence", "drawer", "own-switch"):
        expect(page.locator(f".st-key-{key}")).to_be_hidden()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    for alert in page.get_by_test_id("stAlert").all():
        expect(alert).to_be_hidden()
    assert page.get_by_test_id("tokens-source").bounding_box()["y"] < 60
    matrix.focus()
    page.keyboard.press("ArrowRight")
    expect(matrix).to_have_attribute("data-cursor", "0,0,1")
    assert not page.problems


def test_the_page_itself_is_not_embedded(visit):
    """Without it everything is there."""
    page = visit(f"?view=one-head&{LINK}")
    expect(page.locator(".st-key-sentence")).to_be_visible()
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
