"""A flat figure on its canvas, in real Chromium: keyboard, zoom, and a token picked out of all others."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import point_at, settled

expect.set_options(timeout=60_000)


def box_of(page, card: str, **spot: int) -> tuple[float, float]:
    """The middle of a cell on the screen, by pointing at it."""
    point_at(page, card, **spot)
    figure = page.locator(f".st-key-{card}").get_by_test_id("figure").first
    place = """(figure, spot) => { const box = figure.boxOf(spot), edge = figure.querySelector("canvas").getBoundingClientRect();
        return [edge.x + box.x + box.width / 2, edge.y + box.y + box.height / 2]; }"""
    return figure.evaluate(place, spot)


def test_a_figure_is_walked_by_keyboard_and_zoomed_with_the_mouse(visit):
    """Arrows say each cell, Enter chooses it; a box that is drawn shows its cells alone, and Escape all of them again."""
    page = visit("?view=joined&kind=encoder&layer=2&text=Two+dogs+are+playing.")
    figure = page.locator(".st-key-card-contributions").get_by_test_id("figure")
    expect(figure).to_have_attribute("data-frames", re.compile(r"\d"))
    settled(page)
    figure.press("ArrowDown")
    figure.press("ArrowRight")
    expect(figure).to_have_attribute("data-cursor", "1,1")
    expect(figure.locator("[aria-live]")).to_have_text(re.compile(r"^“dogs”: head 2: writes \d+\.\d\d$"))
    figure.press("Enter")
    expect(page).to_have_url(re.compile(r"head=2"))
    expect(page.get_by_test_id("joined-token")).to_have_text("Token 2, “dogs”")
    settled(page)
    cells = "figure => figure.texts.filter(({ text }) => /^[0-9.]+$/.test(text)).length"
    whole = figure.evaluate(cells)
    start, end = box_of(page, "card-contributions", row=1, column=1), box_of(page, "card-contributions", row=3, column=4)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    expect(figure.get_by_role("button", name="Whole picture")).to_be_visible()
    assert figure.evaluate(cells) < whole
    figure.press("Escape")
    expect(figure.get_by_role("button", name="Whole picture")).to_be_hidden()
    assert figure.evaluate(cells) == whole
    expect(page).to_have_url(re.compile(r"query=2"))  # what was drawn was no click
    assert not page.problems
