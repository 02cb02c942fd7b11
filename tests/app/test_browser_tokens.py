"""Tokens in real Chromium: pieces, ids and bytes; a word is chosen and stays in the link."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from viz.page.state import EXAMPLES

expect.set_options(timeout=60_000)


def test_a_word_is_chosen_and_stays_in_the_link(visit, translator):
    """Its merges are counted and drawn."""
    page, tokens = visit("?view=tokens"), translator.source(EXAMPLES[0])
    expect(page.get_by_test_id("tokens-cards").locator(".piece")).to_have_count(len(tokens))
    pieces = len(translator.source("animal")) - 1
    merges = f"7 characters → {7 - pieces} merges → {pieces} piece"
    page.locator(".st-key-tokens-run").get_by_text("animal", exact=True).click()
    expect(page.get_by_test_id("tokens-merges")).to_contain_text(merges)
    expect(page.locator(".st-key-tokens-tree").get_by_test_id("figure")).to_be_visible()
    expect(page).to_have_url(re.compile("token=2"))
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(again.get_by_test_id("tokens-merges")).to_contain_text(merges)
    assert not page.problems and not again.problems


def test_what_the_vocabulary_lacks_is_shown_as_bytes_of_its_character(visit):
    """An emoji and a sign; both come back as text."""
    page = visit("?view=tokens&text=%F0%9F%A6%94+bold+%26amp")
    expect(page.get_by_test_id("tokens-cards").locator(".byte").first).to_contain_text("byte 1 of 4: 🦔")
    expect(page.get_by_test_id("tokens-own")).to_contain_text("&amp")
    assert not page.problems
