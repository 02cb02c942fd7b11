"""From random to trained in real Chromium: the slider, the translation that changes under it, the link, and off again."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def test_the_model_is_walked_through_its_training(visit):
    """From random weights by keyboard to the end, which is the trained model; the link opens a moment; the switch goes back."""
    page = visit("?view=all-heads&text=Two+dogs+are+playing.")
    french = page.get_by_test_id("tokens-target")
    trained = french.inner_text()
    page.get_by_text("Training", exact=True).click()
    moment = page.get_by_test_id("moment")
    expect(moment).to_contain_text("Random weights")
    expect(french).not_to_have_text(trained, use_inner_text=True)
    expect(page).to_have_url(re.compile(r"moment=1\b"))
    expect(page.locator(".st-key-timeline-strip").get_by_test_id("figure")).to_be_visible()
    slider = page.get_by_role("slider", name="Training step")
    slider.press("ArrowRight")
    expect(moment).to_contain_text(re.compile(r"^Step \d+ of "))
    expect(page).to_have_url(re.compile(r"moment=2\b"))  # the address follows the picture
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(again.get_by_test_id("moment")).to_have_text(moment.inner_text())
    slider.press("End")
    expect(french).to_have_text(trained, use_inner_text=True)
    page.get_by_text("Training", exact=True).click()
    expect(page).not_to_have_url(re.compile("moment="))
    expect(page.locator(".st-key-timeline-strip")).to_have_count(0)
    assert not page.problems and not again.problems
