"""Patch in real Chromium: take one value over, come back by the link, give it back; another part, another prediction."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import click_cell, settled

expect.set_options(timeout=60_000)
TEXT = "text=The+old+man+is+tired.&second=The+old+woman+is+tired."


def test_a_value_is_taken_over_for_good_and_given_back(visit):
    """The click reaches the link, which brings it back outlined; a second click takes it away. Stack, part and prediction are in it."""
    page = visit(f"?view=patch&{TEXT}")
    expect(page.get_by_test_id("patch-verdict")).to_contain_text("at “man”")
    click_cell(page, "card-patch", 3, 2)
    expect(page).to_have_url(re.compile(r"patch=encoder\.residual\.3\.(\*|%2A)\.3"))
    expect(page.locator(".st-key-changes")).to_contain_text("encoder stream behind layer 3, at “man”")
    expect(page.get_by_test_id("patch-pieces").get_by_role("columnheader", name="patched")).to_be_visible()
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(again.locator(".st-key-changes")).to_contain_text("encoder stream behind layer 3, at “man”")
    settled(again)
    click_cell(again, "card-patch", 3, 2)
    expect(again).not_to_have_url(re.compile("patch="))
    again.get_by_text("Target (decoder)", exact=True).click()
    again.get_by_text("Cross-attention heads", exact=True).click()
    expect(again).to_have_url(re.compile("patch_part=across_heads"))
    again.locator(".st-key-patch-row").get_by_role("radio").nth(1).click()
    expect(again).to_have_url(re.compile(r"row=\d"))
    expect(again.get_by_test_id("patch-verdict")).to_contain_text("cross-attention, layer")
    assert not page.problems and not again.problems
