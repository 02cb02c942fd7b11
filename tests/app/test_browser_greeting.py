"""The first visit in real Chromium: the page plays by itself until the reader does anything, and later goes on where it was left."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import open_view, settled

expect.set_options(timeout=60_000)


@pytest.fixture
def first_visit(visit, server):
    """first_visit(motion) opens the plain address in a browser that has not been here."""

    def opened(motion: str = "no-preference"):
        page = visit("?view=tokens")
        page.goto(f"{server}/_stcore/health")  # a page says as it is left where it was: forget it where no page is
        page.evaluate("localStorage.clear()")
        page.emulate_media(reduced_motion=motion)
        page.goto(server)
        return page

    return opened


def test_a_first_visit_plays_in_words_until_the_first_key(first_visit):
    """Lines run from the word that is being said; the key stops it where it is, and the address is no step's."""
    page = first_visit()
    player, flow = page.get_by_test_id("decoding"), page.get_by_test_id("decoding-flow")
    expect(player).to_have_attribute("data-playing", "true")
    expect(page).to_have_url(re.compile(r"\?view=decoding&words=on$"))
    expect(flow.locator(".source > *").nth(2)).to_have_text("didn't")
    expect(flow.locator(".target [aria-current]")).to_have_text("animal")
    expect(flow.locator("path")).not_to_have_count(0)
    page.keyboard.press("Shift")
    expect(player).to_have_attribute("data-playing", "false")
    assert "row=" not in settled(page).url and not page.problems


def test_who_wants_less_motion_starts_it_themselves(first_visit):
    """The sentence stands at its first word; the button plays it."""
    page = first_visit("reduce")
    player = page.get_by_test_id("decoding")
    expect(player).to_have_attribute("data-step", "0")
    settled(page)
    expect(player).to_have_attribute("data-playing", "false")
    page.get_by_test_id("decoding-play").click()
    expect(player).to_have_attribute("data-playing", "true")


def test_who_explored_before_goes_on_there(visit):
    """The plain address leads back to view and sentence; nothing plays."""
    page = visit("?view=lines&text=Two+dogs+are+playing.")
    open_view(page, "Tokens")
    expect(page).to_have_url(re.compile("view=tokens"))
    settled(page).wait_for_function("localStorage.getItem('headlight-last')?.includes('view=tokens')")
    again = visit("", fresh=True)  # a tab that was somewhere says so as it leaves
    expect(again).to_have_url(re.compile(r"view=tokens&text=Two|text=Two.*view=tokens"))
    expect(again.get_by_test_id("tokens-source").locator(".chip").nth(1)).to_have_text("·dogs")
    assert not again.problems
