"""What heads do, in real Chromium: choose a role, open a head from its cell, dim the grid, hide the sinks."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import click_at, click_cell, open_view, settled
from support.tabs import lead

expect.set_options(timeout=60_000)


def test_a_role_is_chosen_a_head_opened_and_the_grid_dimmed(visit):
    """Pill, switch and click reach the URL; the link brings them back; All heads keeps the choice until it is taken away."""
    page = visit("?view=roles")
    page.get_by_role("button", name="previous", exact=True).or_(page.get_by_role("radio", name="previous", exact=True)).click()
    expect(page).to_have_url(re.compile("label=previous"))
    page.get_by_text("this sentence", exact=True).click()
    expect(page).to_have_url(re.compile("held_out=off"))
    click_cell(page, "card-roles", 3, 6)
    expect(page.get_by_test_id("head-title")).to_have_text("Encoder self-attention, layer 4, head 7")
    expect(page).to_have_url(re.compile("head=7"))  # the address follows at the end of the run
    click_at(page, "card-axes", "cross", index=10)
    expect(page.get_by_test_id("head-title")).to_have_text("Cross-attention, layer 2, head 3")
    click_cell(page, "card-roles", 3, 6)
    expect(page.get_by_test_id("head-title")).to_have_text("Encoder self-attention, layer 4, head 7")
    expect(page).to_have_url(re.compile("head=7"))
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.get_by_test_id("head-title")).to_have_text("Encoder self-attention, layer 4, head 7")
    expect(again.locator(".st-key-card-role-table .role-table")).to_contain_text("Voita et al. 2019")
    open_view(again, "All heads")
    expect(again.get_by_text("Bright: heads with the role “previous”")).to_be_visible()
    again.get_by_role("button", name="All bright").click()
    expect(again.get_by_text("Bright: heads with the role")).to_have_count(0)
    expect(again).not_to_have_url(re.compile("label="))
    assert not page.problems and not again.problems


@pytest.mark.parametrize("view", ["all-heads", "one-head", "lines"])
def test_hidden_sinks_are_said_with_their_share(visit, view):
    """The caption gives the hidden mass; keeping them says nothing."""
    page = visit(f"?view={view}&kind=cross&layer=4&head=2&sinks=renormalise&lab=on")
    caption = page.get_by_text(re.compile(r"hidden: \d+% of this head's attention goes to"))
    expect(caption).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Sinks")).click()
    page.get_by_role("option", name="shown").click()
    expect(caption).to_have_count(0)
    expect(page).not_to_have_url(re.compile("sinks="))
    page.get_by_role("combobox", name=re.compile("Sinks")).click()  # as the next view finds it: of a choice within a second of a
    page.get_by_role("option", name="hidden, rest to 100%").click()  # new address the page cannot tell whether it is an old one
    expect(caption).to_be_visible()
    assert not page.problems


def test_a_link_with_an_unknown_role_says_so(visit):
    """It is left out, with a notice, which is gone as soon as the reader goes elsewhere."""
    page = visit("?view=roles&label=nothing")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("label=nothing")
    lead(page, "?view=lines")
    expect(page.get_by_test_id("attention-lines")).to_be_visible()
    assert settled(page).get_by_test_id("stAlert").count() == 0
