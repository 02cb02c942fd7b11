"""A real page: Streamlit serving app.py, and Chromium driven by Playwright."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from support.tabs import Tabs

from bench.browser import serve
from viz.page.room import seats

FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a running page with the shipped model on the CPU."""
    with serve("app.py", "--device", "cpu", environment={"OMP_NUM_THREADS": "1"}) as url:  # Chromium wants the other core
        yield url


@pytest.fixture(scope="session")
def tabs(server: str, browser) -> Iterator[Tabs]:
    """The tabs that tests visit pages in, kept from test to test."""
    kept = Tabs(browser, server)
    yield kept
    kept.close()


@pytest.fixture
def visit(tabs: Tabs, request: pytest.FixtureRequest) -> Iterator[Callable]:
    """visit(query or URL, scheme, width, height, fresh) opens the page and waits until its script has ended; see `Tabs.visit`."""
    yield tabs.visit
    tabs.leave(has_failed=FAILED in request.node.stash)


@pytest.fixture
def rooms_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped_page: None) -> Iterator[None]:
    """The page of the README, with the rooms of this test in a file of their own."""
    monkeypatch.setenv("HEADLIGHT_ROOMS", str(tmp_path / "rooms.sqlite"))
    yield
    seats._rooms.cache_clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember what failed: its tab is not used again."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report
