"""What tests do where there is no browser, and how they wait for a page that stands still."""

from __future__ import annotations

import os

import pytest

from bench.browser import INSTALL, find_chromium


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
