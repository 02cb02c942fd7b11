"""The page on a phone, in real Chromium: nothing is printed over anything else, cut off, too small to read or too small to hit."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import open_view, settled

from viz.views import VIEWS as ALL

expect.set_options(timeout=60_000)
VIEWS = ("What heads do", "Output", "Where from", "Knock-out", "Q, K, V", "Heads joined", "Step by step", "Two sentences")
SLUGS = {view.title: slug for slug, view in ALL.items()}
READY = "() => !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"
FAULTS = r"""() => {
  const faults = [], plots = new Map();
  const within = (root, look) => { for (const node of root.querySelectorAll("*")) { look(node); if (node.shadowRoot) within(node.shadowRoot, look); } };
  const box = (node) => node.getBoundingClientRect();
  const inside = (node) => box(node).width > 1 && box(node).height > 1 && getComputedStyle(node).visibility !== "hidden";
  within(document.querySelector("[data-testid=stMain]"), (node) => {
    if (!inside(node) || node.closest("style")) return;
    const text = [...node.childNodes].filter((part) => part.nodeType === Node.TEXT_NODE).map((part) => part.textContent.trim()).join("");
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (text && size < 13 && !node.closest("sup, [class*=katex]")) faults.push(`${size} px: ${text}`);
    if (node.matches("button, [role=radio], summary") && (box(node).height < 43.5 || box(node).width < 39.5))
      faults.push(`${box(node).width} x ${box(node).height}: ${node.textContent}`);
    if (node.matches(".room, .stage") && box(node).width > innerWidth) faults.push(`${box(node).width} px wide: ${node.className}`);
    if (node.texts) plots.set(node, node.texts);
  });
  for (const [plot, texts] of plots) {
    const upright = texts.filter(({ angle }) => !angle).map(({ text, size, x, y, across, down, width, height }) =>
      ({ text, size, left: x - across * width, right: x + (1 - across) * width, top: y - down * height, bottom: y + (1 - down) * height }));
    for (const { text, size } of texts) if (size < 13) faults.push(`${size} px: ${text}`);
    upright.forEach(({ text, left, right, top, bottom }, at) => {
      if (left < -1 || right > box(plot).width + 1 || top < -1) faults.push(`cut: ${text}`);
      upright.slice(0, at).forEach((other) => {
        const across = Math.min(right, other.right) - Math.max(left, other.left), down = Math.min(bottom, other.bottom) - Math.max(top, other.top);
        if (across > 1.5 && down > 5) faults.push(`over each other: ${other.text} and ${text}`);
      });
    });
  }
  return faults;
}"""


def test_every_view_of_pictures_can_be_read_and_hit(visit):
    """From view to view as a reader goes. The page learns by itself how narrow it is: a kind of attention has its short name."""
    page = visit("?view=joined", width=360, height=740, fresh=True)
    expect(page.locator(".st-key-joined-kind").get_by_text("Encoder", exact=True)).to_be_visible()
    for view in VIEWS:
        open_view(page, view)
        expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
        expect(page.locator(f".st-key-view-{SLUGS[view]}")).to_be_visible()
        settled(page).wait_for_function(READY)
        assert page.evaluate(FAULTS) == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_label("Second sentence")).not_to_have_value("")
    assert not page.problems


def test_what_a_link_says_in_vain_is_told_on_a_phone_too(visit):
    """The page runs again at once when it knows how narrow it is; what the first run had to say stays."""
    page = visit("?view=tokens&layer=99", width=360, height=740, fresh=True)
    expect(page.get_by_test_id("stAlert")).to_contain_text("layer=99")
    settled(page).wait_for_function(READY)
    expect(page.get_by_test_id("stAlert")).to_contain_text("layer=99")
