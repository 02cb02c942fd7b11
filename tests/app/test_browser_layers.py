"""Layer by layer in real Chromium: parts, a token, a LayerNorm, a unit; the link brings them back."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.shipped import chips

from viz.page.state import EXAMPLES

expect.set_options(timeout=60_000)


def test_parts_and_tokens_are_chosen_and_stay_in_the_link(visit, translator):
    """Normalisation of another token, then its units."""
    page = visit("?view=layers")
    charts = page.locator(".stVegaLiteChart canvas")
    expect(charts).to_have_count(2)
    before = charts.first.evaluate("chart => { chart.id = 'alive'; return chart.toDataURL(); }")
    page.get_by_label("English sentence").fill("The street is wide.")
    page.wait_for_function(
        "before => document.querySelector('#alive').toDataURL() !== before", arg=before
    )  # other numbers in the same picture
    page.get_by_label("English sentence").fill(EXAMPLES[0])
    page.wait_for_function("before => document.querySelector('#alive').toDataURL() === before", arg=before)
    page.get_by_text("Normalisation", exact=True).click()
    page.locator(".st-key-layers-token").get_by_text("·street", exact=True).click()
    expect(page.get_by_test_id("layers-norm")).to_contain_text("before layer 1 attention: “street”")
    expect(page).to_have_url(re.compile(rf"token={chips(translator.source(EXAMPLES[0])).index('·street') + 1}\b"))
    page.get_by_text("Feed-forward", exact=True).click()
    expect(page.get_by_test_id("layers-token")).to_contain_text("“street”")
    expect(page.locator(".st-key-card-unit td.token").first).to_be_visible()
    expect(page).to_have_url(re.compile("layer_part=units"))
    assert "head=" not in page.url  # looking at a layer does not choose a head
    again = visit("?" + page.url.split("?", 1)[1], "dark")
    expect(again.get_by_test_id("layers-unit")).to_have_text(page.get_by_test_id("layers-unit").inner_text())
    assert not page.problems and not again.problems
