"""Painting the mask in real Chromium: drag over cells, restore them, hide a token; the link brings it back."""

from __future__ import annotations

import re

import pytest
from support.chromium import matrix_cell, open_head

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)
TEXT = "text=Two+dogs+are+playing+in+the+snow."


def drag(page, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press on one cell (row, column), move to another, let go."""
    page.mouse.move(*matrix_cell(page, *start))
    page.mouse.down()
    page.mouse.move(*matrix_cell(page, *end), steps=3)
    page.mouse.up()


def test_a_stroke_cuts_and_another_restores(visit):
    """Three cells in one stroke, one rerun; the same stroke from a cut cell restores them; the link opens the same picture."""
    page = visit(f"?view=one-head&{TEXT}&kind=cross&layer=2&head=3", fresh=True)
    page.get_by_text("cuts it", exact=True).click()
    expect(page.locator(".matrices.paints")).to_be_visible()
    matrices = page.get_by_test_id("matrices")
    expect(matrices).to_have_attribute("data-turn", "0")
    drag(page, (1, 2), (1, 4))
    expect(page).to_have_url(re.compile(r"cut=cross\.2\.2\.3%2Ccross\.2\.2\.4%2Ccross\.2\.2\.5"))
    expect(matrices).to_have_attribute("data-turn", "1")
    expect(page.locator(".st-key-changes")).to_contain_text("cross-attention, layer 2")
    page.mouse.move(*matrix_cell(page, 1, 3))
    expect(matrices).to_have_attribute("data-hover", re.compile("cut in this layer; paint it to restore it"))
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.get_by_test_id("matrices")).to_contain_text("link cut")
    drag(again, (1, 4), (1, 2))
    expect(again).not_to_have_url(re.compile("cut="))
    expect(again.get_by_test_id("changed-note")).to_have_count(0)
    assert not page.problems and not again.problems


def test_a_token_is_hidden_a_row_is_cut_and_masked_cells_stay(visit):
    """A click on a token above, then on one beside; what the look-ahead mask takes away cannot be painted; keys do the same."""
    page = visit(f"?view=one-head&{TEXT}&kind=cross&layer=2&head=3&paint=all")
    matrices = page.get_by_test_id("matrices")
    matrices.locator(".label.columns", has_text="dogs").click()
    expect(page).to_have_url(re.compile(r"cut=cross\.%2A\.%2A\.2%2Cencoder\.%2A\.%2A\.2"))
    expect(page.locator(".st-key-changes")).to_contain_text("“dogs” hidden from everyone")
    expect(matrices.locator(".label.columns.gone")).to_have_text("·dogs")
    page.mouse.move(*matrix_cell(page, 0, 1))
    expect(matrices).to_have_attribute("data-hover", re.compile("hidden; click its token to show it again"))
    matrices.locator(".label.columns", has_text="dogs").click()
    expect(page).not_to_have_url(re.compile("cut="))
    matrices.locator(".label.rows").first.click()
    expect(page).to_have_url(re.compile(r"cut=cross\.%2A\.1\.%2A"))
    expect(page.get_by_test_id("paint-masked")).to_contain_text("attends to nothing")
    open_head(page, "Decoder self-attention, layer 2, head 3")
    expect(matrices).to_contain_text("masked")
    page.mouse.move(*matrix_cell(page, 0, 3))
    expect(matrices).to_have_attribute("data-hover", re.compile("look-ahead mask; painting cannot open it"))
    turn = matrices.get_attribute("data-turn")
    page.mouse.down()
    page.mouse.up()
    matrices.focus()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"decoder\.%2A\.2\.1"))
    expect(matrices).to_have_attribute("data-turn", str(int(turn) + 1))  # the click on the masked cell was no turn
    assert not page.problems
