"""Inside attention in real Chromium: walk through a calculation, open it from a cell, take scores apart, join pieces to words."""

from __future__ import annotations

import re

import pytest
from support.chromium import click_at, click_cell, click_head_cell

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def steps(page):
    """The step-by-step component."""
    return page.get_by_test_id("attention-steps")


def test_a_calculation_is_walked_with_mouse_and_keyboard(visit):
    """Next, back, arrows, another key, another query; the link brings all of it back; the badge is a small number."""
    page = visit("?view=steps&kind=cross&layer=4&head=7&query=3&key=2")
    room = steps(page)
    expect(room).to_have_attribute("data-theme", "light")
    expect(room).to_have_attribute("data-step", "0")
    assert 0 < float(room.get_attribute("data-difference")) < 1e-4
    expect(page.get_by_test_id("steps-badge")).to_contain_text("differs from the capture by at most")
    page.get_by_role("button", name="Next ›").click()
    expect(page.get_by_test_id("step-title")).to_contain_text("What the head reads")
    room.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("step-title")).to_contain_text("Multiply and add up")
    expect(room).to_have_attribute("data-key", "2")
    expect(page).to_have_url(re.compile(r"key=3.*step=4|step=4.*key=3"))
    room.get_by_role("group", name="Who asks").get_by_role("button").nth(5).click()
    expect(room).to_have_attribute("data-query", "5")
    expect(room).to_have_attribute("data-step", "3")
    expect(page).to_have_url(re.compile("query=6"))  # the address follows the picture
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(steps(again)).to_have_attribute("data-theme", "dark")
    expect(steps(again)).to_have_attribute("data-query", "5")
    expect(steps(again)).to_have_attribute("data-key", "2")
    expect(again.get_by_test_id("step-title")).to_contain_text("Multiply and add up")
    assert not page.problems and not again.problems


def test_every_step_draws(visit):
    """All eleven, by clicking through the list."""
    page = visit("?view=steps&kind=decoder&layer=2&head=3")
    room = steps(page)
    buttons = room.locator(".list button")
    expect(buttons).to_have_count(11)
    for index in range(11):
        buttons.nth(index).click()
        expect(room).to_have_attribute("data-step", str(index))
        expect(room.locator(".stage canvas, .stage table").first).to_be_visible()
    assert not page.problems


def test_a_phone_shows_the_newest_column_beside_the_tokens(visit):
    """The table of the weights is wider than a phone: it is scrolled to the column that the stage is about, and the tokens stay."""
    page = visit("?view=steps&kind=encoder&layer=1&head=1&step=8", width=320, height=700, fresh=True)
    expect(page.get_by_test_id("step-title")).to_contain_text("Weights")
    edges = """(root) => {
      const box = root.querySelector(".table"), row = box.querySelector("tr.focus");
      const [outer, token, now] = [box, row.firstChild, row.querySelector(".now")].map((node) => node.getBoundingClientRect());
      return [box.scrollLeft > 0, token.left >= outer.left - 1, now.left >= token.right, now.right <= outer.right + 1];
    }"""
    page.wait_for_function(f"(root) => ({edges})(root).every(Boolean)", arg=steps(page).element_handle())
    assert not page.problems


@pytest.mark.parametrize("view", ["all-heads", "one-head"])
def test_a_click_on_a_cell_opens_its_calculation(visit, view):
    """Row and column become query and key."""
    page = visit(f"?view={view}&kind=cross&layer=4&head=7")
    click_head_cell(page, 4, 2)
    room = steps(page)
    expect(room).to_have_attribute("data-query", "4")
    expect(room).to_have_attribute("data-key", "2")
    expect(page).to_have_url(re.compile("view=steps"))


def test_scores_are_taken_apart_by_a_click(visit):
    """Q, K, V: a click on a cell chooses the pair at the right."""
    page = visit("?view=qkv&kind=encoder&layer=1&head=1&query=1&key=1")
    expect(page.locator(".st-key-card-parts").get_by_test_id("figure")).to_be_visible()
    click_at(page, "card-qkv", "score", row=2, column=3)
    expect(page).to_have_url(re.compile(r"query=3&key=4"))
    assert not page.problems


def test_heads_of_a_token_follow_a_click(visit):
    """Heads joined: a click on a row shows that token."""
    page = visit("?view=joined&kind=encoder&layer=2")
    click_cell(page, "card-contributions", 1, 3)
    expect(page.get_by_test_id("joined-token")).to_have_text("Token 2, “animal”")
    expect(page).to_have_url(re.compile(r"query=2"))
    assert not page.problems


def test_words_join_the_pieces_in_every_picture_and_back(visit):
    """The switch is stated, in the URL, and reversible; a click on a word pair opens its strongest pieces."""
    page = visit("?view=one-head&kind=cross&layer=4&head=7&lab=on")
    table = page.locator(".strongest tr")
    expect(table).not_to_have_count(0)
    pieces = table.count()
    page.get_by_text("Words instead of pieces", exact=True).click()
    expect(page).to_have_url(re.compile("words=on"))
    expect(page.get_by_text("weights are summed over the pieces looked at and averaged")).to_be_visible()
    expect(table).not_to_have_count(pieces)
    assert table.count() < pieces
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.locator(".strongest tr")).to_have_count(table.count())
    click_head_cell(again, 0, 1)
    expect(steps(again)).to_have_attribute("data-key", "1")
    page.get_by_text("Words instead of pieces", exact=True).click()
    expect(table).to_have_count(pieces)
    assert not page.problems and not again.problems
