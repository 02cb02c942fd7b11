"""The fields for sentences, in real Chromium: as high as their text, and read as soon as something is typed."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)
LONG = "The engineers who had built the old bridge were not surprised that it was still standing."
LINES = "field => Math.round((field.clientHeight - 2 * parseFloat(getComputedStyle(field).paddingTop)) / parseFloat(getComputedStyle(field).lineHeight))"
IS_SEEN = """() => {  // to its last piece; what ends it, </s>, may lie behind the edge
  const chips = document.querySelector("[data-testid=tokens-target] .chips");
  return [...chips.children].at(-2).getBoundingClientRect().right <= chips.getBoundingClientRect().right;
}"""
IS_WHOLE = "field => field.scrollHeight <= field.clientHeight"


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (768, 1024)])
def test_a_long_sentence_stands_on_several_lines(visit, width, height):
    """One line for a short one; a text without an end scrolls, and takes no more than four."""
    page = visit("?view=all-heads&text=The+cat+sat.", width=width, height=height)
    field = page.get_by_label("English sentence")
    expect(field).to_have_value("The cat sat.")
    assert field.evaluate(LINES) == 1
    field.fill(LONG)
    assert field.evaluate(LINES) <= 2 and field.evaluate(IS_WHOLE)
    field.blur()
    assert field.evaluate(LINES) <= 2 and field.evaluate(IS_WHOLE)
    field.fill(LONG * 6)
    assert field.evaluate(LINES) == 4 and not field.evaluate(IS_WHOLE)
    expect(page).to_have_url(re.compile("standing.*standing"))  # it has been read
    assert not page.problems


def test_the_french_of_a_long_sentence_is_seen_to_its_end(visit):
    """On a projector it stands in words."""
    page = visit(f"?view=all-heads&text={LONG}", width=1280, height=720)
    expect(page.get_by_label("English sentence")).to_have_value(LONG)
    page.wait_for_function(IS_SEEN)


def test_a_pause_reads_and_so_does_enter(visit):
    """Enter ends no line; with Shift it does, and both lines are read."""
    page = visit("?view=all-heads&text=The+cat+sat.", fresh=True)
    field, french = page.get_by_label("English sentence"), page.get_by_test_id("tokens-target")
    field.fill("The dog sat.")
    expect(french).to_contain_text("chien")
    field.press("End")
    field.press_sequentially(" The bird sat.")
    field.press("Enter")
    expect(french).to_contain_text("oiseau")
    expect(field).to_have_value("The dog sat. The bird sat.")
    field.press("Shift+Enter")
    field.press_sequentially("The horse sat.")
    expect(french).to_contain_text("cheval")
    expect(field).to_have_value("The dog sat. The bird sat.\nThe horse sat.")
    page.reload()
    expect(page.get_by_label("English sentence")).to_have_value("The dog sat. The bird sat.\nThe horse sat.")
    assert not page.problems
