"""Word by word in real Chromium: scrub, say another word, take it back, open the tree of beam search; links bring it back."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.shipped import DOGS, french_chips

expect.set_options(timeout=60_000)
TEXT = f"text={quote_plus(DOGS)}"


def player(page):
    """The component."""
    return page.get_by_test_id("decoding")


def test_another_word_is_said_and_the_model_goes_on_from_it(visit, translator):
    """Scrub with the keyboard, click the second best piece, open the link, take the choice back."""
    page = visit(f"?view=decoding&{TEXT}")
    room = player(page)
    expect(room).to_have_attribute("data-theme", "light")
    expect(room).to_have_attribute("data-piece", french_chips(translator, DOGS)[0])
    room.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(room).to_have_attribute("data-step", "2")
    expect(page).to_have_url(re.compile("row=3"))
    rows = page.get_by_test_id("decoding-pieces").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.first.get_by_role("button")).to_be_disabled()
    other = rows.nth(1).get_by_role("button")
    said = other.inner_text()
    other.click()
    expect(room).to_have_attribute("data-piece", said)
    expect(room).to_have_attribute("data-step", "2")
    expect(page.get_by_test_id("decoding-remark")).to_contain_text("You chose this piece")
    expect(page).to_have_url(re.compile(r"forced=3\.\d+"))
    chips = page.get_by_test_id("tokens-what-if").locator(".chip")
    expect(chips.nth(2)).to_have_text(said)
    what_if = chips.all_inner_texts()
    assert what_if != page.get_by_test_id("tokens-own").locator(".chip").all_inner_texts()
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(player(again)).to_have_attribute("data-theme", "dark")
    expect(player(again)).to_have_attribute("data-piece", said)
    assert again.get_by_test_id("tokens-what-if").locator(".chip").all_inner_texts() == what_if
    again.get_by_role("button", name=re.compile("^step 3: ")).click()
    expect(again.get_by_test_id("tokens-what-if")).to_have_count(0)
    expect(again).not_to_have_url(re.compile("forced="))
    assert not page.problems and not again.problems


def test_it_plays_to_the_end_and_says_where(visit):
    """The play button walks to </s>; the address follows only then."""
    page = visit(f"?view=decoding&{TEXT}&row=6")
    room = player(page)
    expect(room).to_have_attribute("data-step", "5")
    page.get_by_test_id("decoding-play").click()
    expect(room).to_have_attribute("data-piece", "</s>")
    expect(room).to_have_attribute("data-playing", "false")
    expect(page).not_to_have_url(re.compile(r"row=6\b"))
    assert not page.problems


def test_choices_that_do_not_fit_are_named(visit, translator):
    """A link with a choice behind the end, and one that is never said."""
    page = visit(f"?view=decoding&{TEXT}&forced=90.500,1.2")
    expect(page.get_by_test_id("stAlert")).to_contain_text("at step 90")
    expect(page.get_by_test_id("stAlert")).to_contain_text("“<unk>” at step 1")
    expect(page).not_to_have_url(re.compile("forced="))
    expect(player(page)).to_have_attribute("data-piece", french_chips(translator, DOGS)[0])
    assert not page.problems


def test_the_tree_opens_from_its_link(visit):
    """As many hypotheses as the link says; every one that ended is in the table, one of them wins."""
    page = visit(f"?view=decoding&{TEXT}&decoding_part=beam&beam=3")
    expect(page.get_by_role("slider", name="Hypotheses kept")).to_have_value("3")
    expect(page.locator(".st-key-decoding-tree").get_by_test_id("figure")).to_be_visible()
    expect(page.get_by_test_id("beam-ended").locator("tr.wins")).to_have_count(1)
    page.get_by_role("slider", name="Hypotheses kept").focus()
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(re.compile("beam=3"))  # 4 is the default, which is not written
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not page.problems
