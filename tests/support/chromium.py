"""What tests do where there is no browser, and how they wait for a page that stands still."""

from __future__ import annotations

import os
import re
from typing import NoReturn

import pytest

from bench.browser import INSTALL, find_chromium

ONE_PROCESS = ["--renderer-process-limit=1", "--disable-site-isolation-trials", "--disable-features=site-per-process"]
# One process draws every tab: a new tab takes the code that is compiled there already, half of what opening it costs.


def need_chromium() -> None:
    """Skip the test where Chromium is missing, and say how to install it; under CI=true fail instead."""
    if find_chromium() is None:
        miss(INSTALL)


def miss(how_to_install: str) -> NoReturn:
    """Skip the test for want of a program, and say how to get it; under CI=true fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(how_to_install)
    pytest.skip(how_to_install)


def settled(page):
    """The page once its script has ended, in front: nothing grows above what is pointed at any more. Returns the page."""
    page.bring_to_front()  # Chromium draws a tab that lies behind another one once in a second, and every click waits for two frames
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(state="attached", timeout=60_000)
    return page


def open_rail(page) -> None:
    """On a phone the rail is a drawer, closed at first; elsewhere it stands there."""
    if page.get_by_test_id("stSidebar").get_attribute("data-collapsed") == "true":
        page.get_by_test_id("stExpandSidebarButton").get_by_role("button").or_(
            page.get_by_test_id("stExpandSidebarButton")
        ).first.click()


def open_view(page, title: str) -> None:
    """Choose a view in the rail, by its title."""
    open_rail(page)
    page.get_by_role("navigation", name="Views").get_by_role("link", name=title, exact=True).click()


def open_head(page, name: str) -> None:
    """Choose a head on the map, by its name: "Cross-attention, layer 3, head 7"."""
    open_rail(page)
    page.locator(f'.rail [data-name="{name}"]').click()


def open_changes(page) -> None:
    """Open the drawer with the switches."""
    open_rail(page)
    page.get_by_test_id("rail-drawer").click()
    page.get_by_role("heading", name="Change the model").wait_for()


def point_at(page, card: str, name: str = "", **spot: int) -> None:
    """Move to the middle of a cell (row, column) or a point (index) of the first figure in a card, counted from 0, until it answers.

    name: of the part that has it; by default the first one that answers to the pointer.
    """
    from playwright.sync_api import expect

    figure = settled(page).locator(f".st-key-{card}").get_by_test_id("figure").first
    expect(figure).to_have_attribute("data-frames", re.compile(r"\d"))
    figure.scroll_into_view_if_needed()
    place = """(figure, [spot, name]) => { const box = figure.boxOf(spot, name), edge = figure.getBoundingClientRect();
        return [edge.x + box.x + box.width / 2, edge.y + box.y + box.height / 2]; }"""
    page.mouse.move(*figure.evaluate(place, [spot, name]))
    expect(figure).not_to_have_attribute("data-hover", "")


def click_at(page, card: str, name: str = "", **spot: int) -> None:
    """Click there: see `point_at`."""
    point_at(page, card, name, **spot)
    page.mouse.down()
    page.mouse.up()


def click_cell(page, card: str, row: int, column: int) -> None:
    """Click a cell of the first figure in a card, counted from 0."""
    click_at(page, card, row=row, column=column)


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
