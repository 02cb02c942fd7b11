"""The page on a phone, in real Chromium: nothing is printed over anything else, cut off, too small to read or too small to hit."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import settled

expect.set_options(timeout=60_000)
VIEWS = ("What heads do", "Output", "Where from", "Knock-out", "Q, K, V", "Heads joined", "Step by step", "Two sentences")
READY = "() => !document.querySelector('[data-testid=stSkeleton], [data-stale=true]') && !document.querySelector('[data-testid=stPlotlyChart]:not(:has(.main-svg))')"
FAULTS = r"""() => {
  const faults = [], plots = new Map();
  const within = (root, look) => { for (const node of root.querySelectorAll("*")) { look(node); if (node.shadowRoot) within(node.shadowRoot, look); } };
  const box = (node) => node.getBoundingClientRect();
  const inside = (node) => box(node).width > 1 && box(node).height > 1 && getComputedStyle(node).visibility !== "hidden";
  within(document.querySelector("[data-testid=stMain]"), (node) => {
    if (!inside(node) || node.closest("style, .hoverlayer, .modebar")) return;
    const text = [...node.childNodes].filter((part) => part.nodeType === Node.TEXT_NODE).map((part) => part.textContent.trim()).join("");
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (text && size < 13 && !node.closest("sup, [class*=katex]")) faults.push(`${size} px: ${text}`);
    if (node.matches("button, [role=radio], summary") && (box(node).height < 43.5 || box(node).width < 39.5))
      faults.push(`${box(node).width} x ${box(node).height}: ${node.textContent}`);
    const plot = node.tagName === "text" && node.closest(".js-plotly-plot");
    if (plot) plots.set(plot, [...(plots.get(plot) ?? []), node]);
  });
  for (const [plot, texts] of plots) {
    const [frame, boxes] = [box(plot), texts.map(box)];
    boxes.forEach(({ left, right, top, bottom }, at) => {
      if (left < frame.left - 1 || right > frame.right + 1 || top < frame.top - 1) faults.push(`cut: ${texts[at].textContent}`);
      if (/rotate\(-?[1-9]/.test(texts[at].getAttribute("transform"))) return; // the box around a slanted label is no measure
      boxes.slice(0, at).forEach((other, before) => {
        const across = Math.min(right, other.right) - Math.max(left, other.left), down = Math.min(bottom, other.bottom) - Math.max(top, other.top);
        if (across > 1.5 && down > 4 && !/rotate\(-?[1-9]/.test(texts[before].getAttribute("transform")))
          faults.push(`over each other: ${texts[before].textContent} and ${texts[at].textContent}`);
      });
    });
  }
  return faults;
}"""


def test_every_view_of_pictures_can_be_read_and_hit(visit):
    """From view to view as a reader goes. The page learns by itself how narrow it is: a kind of attention has its short name."""
    page = visit("?view=joined", width=360, height=740)
    expect(page.locator(".st-key-joined-kind").get_by_text("Encoder", exact=True)).to_be_visible()
    for view in VIEWS:
        page.get_by_role("radiogroup", name="View").get_by_text(view, exact=True).click()
        expect(page.get_by_role("radio", name=view, exact=True)).to_be_checked()
        settled(page).wait_for_function(READY)
        assert page.evaluate(FAULTS) == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_label("Second sentence")).not_to_have_value("")
    assert not page.problems
