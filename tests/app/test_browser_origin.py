"""Where from, in real Chromium: choose a word, follow the link, run the long way only when asked."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.shipped import DOGS, FRENCH

expect.set_options(timeout=60_000)


def test_a_word_is_chosen_and_stays_in_the_link(visit):
    """All five methods are drawn and ranked for the word."""
    page = visit(f"?view=origin&text={quote_plus(DOGS)}")
    page.locator(".st-key-origin-word").get_by_text(FRENCH["snow"], exact=True).click()
    expect(page.get_by_test_id("origin-title")).to_have_text(f"Where does “{FRENCH['snow']}” come from?")
    expect(page.locator(".st-key-card-verdict tr")).to_have_count(6)
    expect(page.get_by_test_id("origin-verdict")).to_contain_text("“snow”")
    expect(page).to_have_url(re.compile("row="))
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.get_by_test_id("origin-title")).to_have_text(f"Where does “{FRENCH['snow']}” come from?")
    assert not page.problems and not again.problems
