"""Output in real Chromium: choose a row, turn the temperature, look through the lens; the link brings it back."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.shipped import DOGS, french_chips

expect.set_options(timeout=60_000)
TEXT = f"text={quote_plus(DOGS)}"


def test_a_row_and_a_temperature_are_chosen(visit, translator):
    """The link brings both back; the model is not asked again."""
    page = visit(f"?view=output&{TEXT}&row=2")
    said = f"producing “{french_chips(translator, DOGS)[1].removeprefix('·')}”"
    title = page.get_by_test_id("output-row")
    expect(title).to_contain_text(said)
    page.get_by_role("slider", name="Output temperature").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"output_temperature=1\.1"))
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.get_by_test_id("output-row")).to_contain_text(said)
    expect(again.get_by_role("slider", name="Output temperature")).to_have_value("1.1")
    assert not page.problems and not again.problems


def test_loss_and_lens_open_by_click_and_by_link(visit):
    """Each part draws its picture and says its number."""
    page = visit(f"?view=output&{TEXT}")
    page.get_by_text("Loss", exact=True).click()
    expect(page.get_by_test_id("output-loss")).to_contain_text("perplexity")
    page.get_by_text("Logit lens", exact=True).click()
    expect(page).to_have_url(re.compile("output_part=lens"))
    expect(page.locator(".st-key-card-lens").get_by_test_id("figure")).to_be_visible()
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(again.locator(".st-key-card-lens-row").get_by_test_id("figure")).to_be_visible()
    assert not page.problems and not again.problems
