"""Long words in real Chromium: the picture keeps its room beside them, on a phone and on a wide screen."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from model.analysis.words import join_words
from viz.charts import head_heatmap

LONG = "I saw abcdefghijabcdefghijabcdefghij today."
CAPITALS = "THE BIG BLACK CAT IS SITTING ON THE OLD TABLE."
PLOT = """() => {
  const [figure, plot] = [".js-plotly-plot", ".nsewdrag"].map((name) => document.querySelector(name).getBoundingClientRect());
  const labels = [...document.querySelectorAll(".ytick text")].map((text) => text.getBoundingClientRect().left - figure.left);
  return { width: figure.width, height: figure.height, plot: plot.width, left: Math.min(...labels) };
}"""


@pytest.mark.parametrize("text", [LONG, CAPITALS])
def test_the_matrix_of_one_head_keeps_half_of_its_figure(browser, tiny_translator, tmp_path, text):
    """In Plotly, as on the page: 329 px is the card on a phone of 390. No label leaves the figure at its left."""
    figure = head_heatmap(join_words(tiny_translator.trace(text, text)), "cross", 0, 0)
    look = {"config": {"responsive": True}, "default_height": f"{figure.layout.height}px"}
    figure.write_html(tmp_path / "figure.html", include_plotlyjs="directory", **look)
    page = browser.new_page(viewport={"width": 329, "height": 900})
    page.set_default_timeout(120_000)
    page.goto((tmp_path / "figure.html").as_uri(), timeout=120_000)
    page.add_style_tag(content="body { margin: 0 }")
    for width in (330, 700, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.querySelector('.js-plotly-plot')?._fullLayout?.width === {width}", timeout=120_000)
        size, margins = page.evaluate(PLOT), figure.layout.margin
        assert margins.l + margins.r <= size["width"] / 2 and margins.t + margins.b <= size["height"] / 2
        assert size["plot"] >= size["width"] / 2 or width > 330  # wider, the cells stay square
        assert size["left"] >= 0
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_canvas_of_two_sentences_keeps_half_of_its_width(visit, width):
    """On the page itself, with words joined, one of them of thirty letters: labels are cut, the hover has the whole word."""
    page = visit(
        f"?view=pair&words=on&kind=encoder&layer=1&head=1&text={quote(LONG)}&second={quote(LONG.replace('today', 'now'))}",
        width=width,
    )
    rows = page.locator(".panel .label.rows")
    expect(rows.first).to_be_visible(timeout=60_000)
    assert any("…" in text for text in page.locator(".panel .label").all_text_contents())
    for area in page.locator(".panel .area").all():
        box = area.bounding_box()
        right = max(row["x"] + row["width"] for row in (one.bounding_box() for one in area.locator(".label.rows").all()))
        assert right - box["x"] <= box["width"] / 2
    rows.filter(has_text="…").first.hover()
    expect(page.get_by_test_id("matrices-tip")).to_contain_text("abcdefghijabcdefghijabcdefghij")
    assert not page.problems
