"""What tests do where there is no browser, and how they wait for a page that stands still."""

from __future__ import annotations

import os

import pytest

from bench.browser import INSTALL, find_chromium

ONE_PROCESS = ["--renderer-process-limit=1", "--disable-site-isolation-trials", "--disable-features=site-per-process"]
# One process draws every tab: a new tab takes the code that is compiled there already, half of what opening it costs.
ONE_THREAD = ["--disable-threaded-compositing"]
# Without a GPU, putting frames together beside the drawing costs a third of a page's processor time, and two cores are all busy.


def need_chromium() -> None:
    """Skip the test where Chromium is missing, and say how to install it; under CI=true fail instead."""
    if find_chromium() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(INSTALL)
        pytest.skip(INSTALL)


def settled(page):
    """The page once its script has ended: nothing grows above what is pointed at any more. Returns the page."""
    from playwright.sync_api import expect

    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
    return page


def click_cell(page, card: str, row: int, column: int) -> None:
    """Click a cell of a Plotly heatmap, counted from 0: axes say where it is."""
    from playwright.sync_api import expect

    plot = page.locator(f".st-key-{card} .js-plotly-plot").first
    expect(plot.locator(".heatmaplayer image")).not_to_have_count(0)
    place = """(plot, [row, column]) => { const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
        return [box.x + xaxis._offset + xaxis.c2p(column + 1), box.y + yaxis._offset + yaxis.c2p(row + 1)]; }"""
    settled(page)
    plot.scroll_into_view_if_needed()
    x, y = plot.evaluate(place, [row, column])
    page.mouse.move(x, y)
    expect(plot.locator(".hoverlayer .hovertext")).not_to_have_count(0)
    page.mouse.click(x, y)


def matrix_cell(page, row: int, column: int) -> tuple[float, float]:
    """The middle of a cell of the first matrix on the screen, counted from 0; the page stands still and shows it."""
    area = settled(page).get_by_test_id("matrices").locator(".area").first
    area.scroll_into_view_if_needed()  # a change adds a strip above it
    box, cells = area.bounding_box(), area.get_attribute("data-cells")
    left, top, across, down = (float(number) for number in cells.split(","))
    return box["x"] + left + (column + 0.5) * across, box["y"] + top + (row + 0.5) * down


def click_head_cell(page, row: int, column: int) -> None:
    """Click a cell of the open head's matrix, counted from 0."""
    page.mouse.click(*matrix_cell(page, row, column))


def take_example(page, index: int) -> None:
    """Choose an example, counted from 0, from the menu beside the sentence."""
    page.get_by_role("button", name="Examples", exact=True).click()
    page.locator(f".st-key-example-{index}").get_by_role("button").click()
