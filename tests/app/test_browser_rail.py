"""The rail in real Chromium: by keyboard and by the map, undo and redo, the link, and the drawer of a phone."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import open_changes, open_view, settled

from viz.views import VIEWS

expect.set_options(timeout=60_000)
TEXT = "text=The+cat+sat."


def link(page, title: str):
    """A view in the rail."""
    return page.get_by_role("navigation", name="Views").get_by_role("link", name=title, exact=True)


def opens(page, slug: str) -> None:
    """A view stands there, and the rail says so."""
    expect(page.get_by_test_id("view-sentence")).to_have_text(VIEWS[slug].sentence)
    expect(link(page, VIEWS[slug].title)).to_have_attribute("aria-current", "page")
    settled(page)


def test_views_are_reached_by_keyboard(visit):
    """One stop a group, arrow keys inside, Enter opens; faces of one thing stand in one row."""
    page = visit(f"?view=tokens&{TEXT}")
    link(page, "Tokens").focus()
    page.keyboard.press("ArrowDown")
    expect(link(page, "Embeddings")).to_be_focused()
    page.keyboard.press("Tab")
    expect(link(page, "Lines")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(link(page, "One head")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("view=one-head"))
    expect(link(page, "One head")).to_have_attribute("aria-current", "page")
    expect(link(page, "Tokens")).not_to_have_attribute("aria-current", "page")
    assert "view=lines" in link(page, "Lines").get_attribute("href") and not page.problems


def test_a_click_on_the_map_opens_the_head_or_the_block(visit):
    """Hover says the name; the head goes into card and address; a block opens its view, on its side."""
    page = visit(f"?{TEXT}")
    cell = page.locator(".rail .cell").nth(10)
    cell.hover()
    name = page.get_by_test_id("rail-tip").locator(".name").inner_text()
    assert name == "Encoder self-attention, layer 2, head 3"
    cell.click()
    expect(page.get_by_test_id("head-title")).to_have_text(name)
    expect(page.get_by_test_id("rail-place")).to_have_text(name)
    expect(page).to_have_url(re.compile("kind=encoder"))
    settled(page)
    page.locator(".rail .block").nth(4).click()
    opens(page, "embeddings")
    expect(page).to_have_url(re.compile("side=decoder"))
    expect(page.locator(".rail .block.here")).to_have_count(1)
    assert not page.problems


def test_the_map_is_walked_by_keyboard(visit):
    """From the open head to its neighbour; Enter opens it."""
    page = visit(f"?view=one-head&kind=cross&layer=3&head=4&{TEXT}")
    page.get_by_test_id("rail-map").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".rail .map")).to_have_attribute("data-cursor", "Cross-attention, layer 3, head 3")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("head-title")).to_have_text("Cross-attention, layer 3, head 3")
    expect(page).to_have_url(re.compile("head=3"))
    assert not page.problems


def test_changes_are_undone_and_redone(visit):
    """By key outside of fields and by button; inside a field the keys are the field's own."""
    page = visit(f"?view=one-head&{TEXT}")
    open_changes(page)
    settled(page)
    page.get_by_text("Look-ahead mask", exact=True).click()
    expect(page.locator(".st-key-changes")).to_be_visible()
    expect(page).to_have_url(re.compile("causal=off"))
    settled(page)
    page.keyboard.press("Control+z")
    expect(page.locator(".st-key-changes")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("causal"))
    settled(page)
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator(".st-key-changes")).to_be_visible()
    settled(page)
    field = page.get_by_label("English sentence")
    field.press("Control+z")
    expect(page.get_by_test_id("rail-redo")).to_be_disabled()
    page.get_by_test_id("rail-undo").click()
    expect(page.locator(".st-key-changes")).to_have_count(0)
    expect(page.get_by_test_id("rail-redo")).to_be_enabled()
    assert not page.problems


def test_the_link_is_copied(visit):
    """It is the address of what the page shows."""
    page = visit(f"?view=tokens&{TEXT}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_view(page, "Embeddings")
    expect(page).to_have_url(re.compile("view=embeddings"))
    settled(page)
    page.get_by_test_id("rail-link").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url and not page.problems


def test_on_a_phone_the_rail_is_a_drawer(visit):
    """Closed at first, a button of 44 px opens it, a choice closes it; the changes come from below."""
    page = visit(f"?view=tokens&{TEXT}", width=390, height=844, fresh=True)
    sidebar, button = page.get_by_test_id("stSidebar"), page.get_by_test_id("stExpandSidebarButton")
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    box = button.bounding_box()
    assert box["width"] >= 44 and box["height"] >= 44
    open_view(page, "Word by word")
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    expect(page.get_by_test_id("view-sentence")).to_have_text(VIEWS["decoding"].sentence)
    settled(page)
    open_changes(page)
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    expect(page.get_by_text("Look-ahead mask", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") and not page.problems
