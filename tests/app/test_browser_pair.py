"""Two sentences in real Chromium: a pair one click away, linked hover, the heads that change most; the link brings it back."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def test_a_pair_is_compared_and_hover_is_linked(visit):
    """A pair stands there at first, at the head that changes most; an example fills both fields; a cell is framed with its
    counterparts; a head of the list opens; the link opens the same."""
    page = visit("?view=pair&words=on")
    expect(page.get_by_label("Second sentence")).to_have_value(re.compile("too wide"))
    expect(page.get_by_text(re.compile("number 1 of 144"))).to_be_visible()
    page.get_by_role("button", name="Pairs", exact=True).click()
    page.get_by_role("button", name="man / woman").click()
    expect(page.get_by_label("English sentence")).to_have_value("The old man is tired.")
    expect(page.get_by_test_id("tokens-pair-second").locator(".changed").first).to_be_visible()
    panels = page.get_by_test_id("matrices").locator(".panel")
    expect(panels).to_have_count(3)
    page.get_by_role("button", name=re.compile(r"layer \d, head \d: 0\.\d")).first.click()
    expect(page.get_by_text(re.compile("number 1 of 144"))).to_be_visible()
    area = panels.nth(2).locator(".area")
    area.scroll_into_view_if_needed()
    area.locator(".label.rows").nth(2).hover()
    expect(panels.nth(0)).to_have_attribute("data-framed", "2,-1")
    canvas = area.locator("canvas")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 0.7, "y": box["height"] * 0.7})
    expect(panels.nth(2)).to_have_attribute("data-framed", re.compile(r"^\d+,\d+$"))
    expect(panels.nth(0)).to_have_attribute("data-framed", panels.nth(2).get_attribute("data-framed"))
    expect(page.get_by_test_id("matrices-tip")).to_contain_text("First sentence: 0.")
    title = page.get_by_test_id("head-title").inner_text()
    expect(page).to_have_url(re.compile(r"second=The\+old\+woman"))
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.get_by_test_id("head-title")).to_have_text(title)
    expect(again.get_by_test_id("matrices").locator(".panel")).to_have_count(3)
    assert not page.problems and not again.problems


def test_what_the_second_sentence_cannot_be_is_said_beside_its_field(visit):
    """Too long or invisible: words, and both texts stay; without one the invitation stands there."""
    page = visit("?view=pair&text=The+cat+sat.")
    field = page.get_by_label("Second sentence")
    field.fill("word " * 600)
    expect(page.get_by_test_id("stAlert")).to_contain_text(
        re.compile(r"second sentence: .* has \d+ tokens; the model reads at most 500")
    )
    field.fill("\u200b")
    expect(page.get_by_test_id("stAlert")).to_contain_text("nothing to read")
    field.fill("  ")
    expect(page.get_by_test_id("pair-invitation")).to_be_visible()
    field.fill("<script>alert(1)</script> 猫")
    expect(page.get_by_test_id("matrices").locator(".panel")).to_have_count(3)
    expect(page.get_by_label("English sentence")).to_have_value("The cat sat.")
    assert not page.problems
