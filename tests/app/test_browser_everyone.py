"""The page by ear and by keyboard: what a live region says, what a picture is called, and a table that opens under it."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import open_changes

expect.set_options(timeout=60_000)
# What stands where a sheet of style has just come.
STYLED = """() => {
  const root = getComputedStyle(document.documentElement), sheet = document.createElement("style");
  void root.letterSpacing; // as it was: what would move begins there
  sheet.textContent = "html { letter-spacing: 7px; }";
  document.head.append(sheet);
  const after = root.letterSpacing;
  sheet.remove();
  return after;
}"""


def test_what_is_new_is_said_once_it_stands_still(visit, translator):
    """Nothing at first; then the translation in its language; under a change the verdict alone where the translation stays."""
    page = visit(fresh=True)
    region = page.get_by_test_id("announcements")
    expect(region).to_be_attached()
    expect(region).to_be_empty()
    page.get_by_label("English sentence").fill("Two dogs are playing.")
    expect(region.locator("[lang=fr]")).to_have_text(translator.translate("Two dogs are playing."))
    expect(region).to_contain_text("Translation:")
    open_changes(page)
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


def test_a_group_is_one_stop_of_the_tab_key(visit):
    """Arrows move inside it; Tab goes on to what is behind it."""
    page = visit("?view=lines&kind=encoder&layer=3&head=1&heads=2")
    lines = page.get_by_test_id("attention-lines")
    for name in ("kind", "layer", "heads"):
        group = lines.get_by_role("group", name=name)
        expect(group.locator("button[tabindex='0']")).to_have_count(1)
    layers = lines.get_by_role("group", name="layer")
    lines.get_by_role("group", name="kind").locator("button[tabindex='0']").focus()
    page.keyboard.press("Tab")
    expect(layers.get_by_role("button", name="Layer 3")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(layers.get_by_role("button", name="Layer 4")).to_be_focused()
    expect(lines).to_have_attribute("data-layer", "2")
    page.keyboard.press("Tab")
    expect(lines.get_by_role("button", name="Head 2")).to_be_focused()
    assert not page.problems


def test_a_calculation_is_said_step_by_step(visit):
    """The step's title and sentence; then the key that is looked at with its numbers, not the whole stage."""
    page = visit("?view=steps&kind=cross&layer=4&head=7&query=3&key=2")
    room = page.get_by_test_id("attention-steps")
    live = room.locator(".unseen[aria-live=polite]")
    room.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    title = page.get_by_test_id("step-title").inner_text()
    expect(live).to_contain_text(title)
    page.keyboard.press("ArrowDown")
    expect(live).not_to_contain_text(title)
    expect(live).to_contain_text(re.compile(r"\d"))


def test_more_contrast_and_less_motion_are_followed(visit):
    """Soft text and hairlines become ink, on the page and inside a component; nothing takes time to move."""
    page = visit("?view=lines", fresh=True)
    page.emulate_media(reduced_motion="no-preference")
    longest = """() => Math.max(...[...document.querySelectorAll(".stMain *")].flatMap((node) =>
      getComputedStyle(node).transitionDuration.split(",").map(parseFloat)))"""
    assert page.evaluate(longest) > 0.1
    colours = "node => ['--soft', '--line', '--ink'].map((name) => getComputedStyle(node).getPropertyValue(name))"
    places = page.locator("html"), page.get_by_test_id("attention-lines")
    for place in places:
        soft, line, ink = place.evaluate(colours)
        assert ink not in (soft, line)
    page.emulate_media(contrast="more", reduced_motion="reduce")
    for place in places:
        soft, line, ink = place.evaluate(colours)
        assert soft == line == ink
    assert page.evaluate(longest) == 0
    assert page.evaluate(STYLED) == "7px", "what changes has to be there at once, not a frame later"
