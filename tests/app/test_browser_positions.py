"""The laboratory of positions in real Chromium."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def test_another_order_and_a_louder_encoding_stay_in_the_link(visit):
    """A new order of the words, positions louder by the keyboard; the link brings both back."""
    page = visit("?view=positions")
    page.get_by_text("Laboratory", exact=True).click()
    expect(page.get_by_test_id("bag-verdict")).to_contain_text("Without positions the states of the two orders differ by at most")
    first = page.get_by_test_id("tokens-other-order").inner_text()
    page.get_by_role("button", name="Another order").click()
    expect(page).to_have_url(re.compile("order=2"))
    expect(page.get_by_test_id("tokens-other-order")).not_to_have_text(first)
    page.get_by_role("slider", name="Positions ×").press("ArrowRight")
    expect(page.locator(".st-key-changes")).to_contain_text("positions × 1.25")
    expect(page).to_have_url(re.compile("position_scale=1.25"))
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    assert again.get_by_test_id("tokens-other-order").inner_text() == page.get_by_test_id("tokens-other-order").inner_text()
    expect(again.get_by_test_id("bag-verdict")).to_be_visible()
    assert not page.problems and not again.problems


def test_positions_times_zero_are_a_bag_of_words_too(visit):
    """The experiment takes the model as it is changed; two words have no third order to ask for."""
    page = visit("?view=positions&position_part=laboratory&text=Dogs+sleep&position_scale=0")
    expect(page.get_by_test_id("bag-verdict")).to_contain_text("positions × 0 add nothing")
    expect(page.get_by_test_id("bag-verdict")).to_contain_text("the same translation")
    expect(page.get_by_role("button", name="Another order")).to_be_disabled()
    assert not page.problems
