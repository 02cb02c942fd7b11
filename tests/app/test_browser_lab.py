"""The laboratory in real Chromium: stories, dials, chips, and before, after and the difference."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import open_changes

expect.set_options(timeout=60_000)


def test_a_story_is_told_compared_and_taken_back(visit):
    """Reversed positions: the sentence, the difference in the grid's hover, the same from the link; its chip takes it back."""
    page = visit()
    open_changes(page)
    page.get_by_role("button", name="Reversed positions").click()
    expect(page.get_by_test_id("story")).to_contain_text("told that it is the last")
    page.locator(".st-key-compare").get_by_text("Difference", exact=True).click()
    expect(page).to_have_url(re.compile("compare=difference"))
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    for opened in (page, again):
        grid = opened.get_by_test_id("heads-grid")
        expect(grid).to_contain_text("after minus before")
        grid.hover(position={"x": grid.bounding_box()["width"] * 0.55, "y": 140})
        expect(grid).to_have_attribute("data-hover", re.compile(r"change [+−]?\d"))
        assert not opened.problems
    again.locator(".st-key-changes button").first.click()
    expect(again.get_by_test_id("changed-note")).to_have_count(0)
    expect(again).not_to_have_url(re.compile("source_positions"))


def test_dials_reach_the_model_and_the_link(visit):
    """Temperature by keyboard, a hidden word from the list, a head by its switch; the link brings all back."""
    page = visit("?view=all-heads&lab=on&forcing=forced&kind=cross&layer=4&head=7")
    page.get_by_role("slider", name="Softmax temperature").press("ArrowRight")
    expect(page.locator(".st-key-changes")).to_contain_text("temperature 1.1 (flatter)")
    words = page.get_by_role("combobox", name=re.compile("Hidden words"))
    words.scroll_into_view_if_needed()  # a list that is open closes where the drawer scrolls
    words.click()
    page.get_by_role("option", name="street").click()
    expect(page.locator(".st-key-changes")).to_contain_text("“street” hidden from everyone")
    page.locator(".st-key-dials").get_by_text("Cross-attention, layer 4, head 7").click()
    expect(page.locator(".st-key-changes")).to_contain_text("head 7 off (cross-attention, layer 4)")
    expect(page).to_have_url(re.compile("heads_off=cross.4.7"))
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.locator(".st-key-changes .stButton")).to_have_count(4)
    expect(again.get_by_test_id("changed-note")).to_have_text(page.get_by_test_id("changed-note").inner_text())
    assert not page.problems and not again.problems
