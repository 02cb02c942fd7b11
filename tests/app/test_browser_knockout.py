"""Knock-out in real Chromium: run the map, switch a head off for good, come back by the link, hide a word."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import click_at, click_cell, settled
from support.shipped import DOGS, FRENCH, number_of_word

expect.set_options(timeout=60_000)
TEXT = f"text={quote_plus(DOGS)}"


def test_a_head_is_switched_off_for_good_and_on_again(visit):
    """The click reaches the link, which brings it back marked; a second click gives the head back."""
    page = visit(f"?view=knockout&{TEXT}")
    expect(page.get_by_test_id("knockout-verdict")).to_contain_text("log p of the whole sentence falls most without head")
    click_cell(page, "card-knockout", 3, 7)
    expect(page).to_have_url(re.compile("heads_off=encoder.4.8"))
    expect(page.locator(".st-key-changes")).to_contain_text("head 8 off (encoder, layer 4)")
    again = visit("?" + page.url.split("?", 1)[1])
    expect(again.locator(".st-key-changes")).to_contain_text("head 8 off (encoder, layer 4)")
    crosses = "figure => figure.texts.filter(({ text }) => text.includes('×')).length"
    assert settled(again).locator(".st-key-card-knockout").get_by_test_id("figure").evaluate(crosses) == 1
    click_cell(again, "card-knockout", 3, 7)
    expect(again).not_to_have_url(re.compile("heads_off"))
    assert not page.problems and not again.problems


def test_a_word_is_chosen_and_a_source_word_hidden(visit, translator):
    """Part and word are in the link; a bar hides its word from everyone."""
    page = visit(f"?view=knockout&{TEXT}")
    page.get_by_text("Source words", exact=True).click()
    expect(page).to_have_url(re.compile("knockout_part=words"))
    page.locator(".st-key-knockout-word").get_by_text(FRENCH["dogs"], exact=True).click()
    expect(page).to_have_url(re.compile(rf"knockout_word={number_of_word(translator, DOGS, FRENCH['dogs'])}\b"))
    expect(page.get_by_test_id("knockout-verdict")).to_contain_text(f"log p of “{FRENCH['dogs']}” falls most without “dogs”")
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(again.get_by_test_id("knockout-title")).to_have_text(f"What happens to “{FRENCH['dogs']}” without one English word")
    click_at(again, "card-knockout", index=1)
    expect(again).to_have_url(re.compile("cut="))
    expect(again.locator(".st-key-changes")).to_contain_text("“dogs” hidden from everyone")
    assert not page.problems and not again.problems
