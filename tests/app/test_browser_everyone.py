"""The page by ear and by keyboard: what a live region says, what a picture is called, and a table that opens under it."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def test_what_is_new_is_said_once_it_stands_still(visit, translator):
    """Nothing at first; then the translation in its language; under a change the verdict alone where the translation stays."""
    page = visit()
    region = page.get_by_test_id("announcements")
    expect(region).to_be_attached()
    expect(region).to_be_empty()
    page.get_by_label("English sentence").fill("Two dogs are playing.")
    expect(region.locator("[lang=fr]")).to_have_text(translator.translate("Two dogs are playing."))
    expect(region).to_contain_text("Translation:")
    page.get_by_text("Look-ahead mask", exact=True).click()
    expect(page.get_by_test_id("changed-note")).to_be_visible()
    expect(region).to_contain_text(page.get_by_test_id("changed-note").inner_text())
    assert region.get_attribute("aria-live") == "polite"


def test_a_picture_is_called_by_its_sentence_and_opens_as_a_table(visit):
    """The keyboard reaches the line under it; the numbers come with names for rows and columns, and as a file."""
    page = visit("?view=joined")
    expect(page.get_by_label(re.compile(r"length of what each head .*Furthest from zero: .*writes \d"))).to_be_visible()
    expect(page.get_by_test_id("as-table")).to_have_count(0)
    page.locator(".st-key-joined-norms-as-table summary").press("Enter")
    table = page.get_by_test_id("as-table").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_count(8)
    expect(table.get_by_role("rowheader").first).to_have_text(re.compile("^Producing “"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    with open(download.value.path(), encoding="utf-8") as file:
        assert file.readline() == "part,row,column,value\n"
    assert not page.problems


def test_arrow_keys_walk_over_a_matrix_and_its_cells_are_said(visit):
    """The picture's name has the strongest cell; every cell that is walked to is said."""
    page = visit("?view=one-head")
    matrix = page.get_by_test_id("matrices")
    expect(matrix).to_have_attribute("aria-label", re.compile(r"^Cross-attention, layer \d, head \d\. .*attends to .*Arrow keys"))
    matrix.focus()
    page.keyboard.press("ArrowDown")
    first = matrix.locator("[aria-live]").inner_text()
    assert "attends to" in first
    page.keyboard.press("ArrowRight")
    expect(matrix.locator("[aria-live]")).not_to_have_text(first)
    assert not page.problems
