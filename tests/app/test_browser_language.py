"""What a browser's translation of the page may rewrite, and what it must leave alone, in real Chromium."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)
TRANSLATABLE = """selector => {
  const found = [];
  const walk = root => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) walk(node.shadowRoot);
      if (node.matches(selector) && node.getClientRects().length && node.translate) found.push(node.outerHTML.slice(0, 120));
    }
  };
  walk(document);
  return found;
}"""  # pictures, tables and tokens, inside components too, whose text a browser would translate
KEPT = ".chip, .tokens-cards .piece, .cut-chips span, td, th, canvas, svg.main-svg, [data-testid=stVegaLiteChart] *, .decoding .target button, .room"


@pytest.mark.parametrize("view", ["one-head", "tokens", "decoding", "layers", "all-heads"])
def test_tokens_tables_and_pictures_are_not_translated(visit, view):
    """Chips, cells and charts of either library, and the components of our own."""
    page = visit(f"?text=The+cat+sat.&view={view}")
    picture = page.locator(f".st-key-view-{view}").locator("[data-testid=stVegaLiteChart], canvas, table").first
    expect(picture).to_be_visible()
    page.wait_for_function(f"({TRANSLATABLE})({KEPT!r}).length === 0")
    assert page.evaluate("document.querySelector('.sentence').translate")  # prose may be translated
    assert not page.problems


def test_french_is_marked_as_french(visit):
    """Rows of chips and the field for a translation of one's own; English stays English."""
    page = visit("?text=The+cat+sat.&target=Le+chat+dort.&causal=off")
    for name, language in (("source", "en"), ("target", "fr"), ("original", "fr")):
        expect(page.get_by_test_id(f"tokens-{name}").locator(".chips")).to_have_attribute("lang", language)
    expect(page.locator(".st-key-target textarea")).to_have_attribute("lang", "fr")
    expect(page.locator(".st-key-text textarea")).to_have_attribute("lang", "en")
    assert page.evaluate("document.documentElement.lang").startswith("en")
    assert not page.problems
