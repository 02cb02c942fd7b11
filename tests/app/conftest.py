"""A real page: Streamlit serving app.py, and Chromium driven by Playwright."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.chromium import settled

from bench.browser import serve


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a running page with the shipped model on the CPU."""
    with serve("app.py", "--device", "cpu", environment={"OMP_NUM_THREADS": "1"}) as url:  # Chromium wants the other core
        yield url


@pytest.fixture
def visit(server: str, browser) -> Iterator[Callable]:
    """visit(query or URL, scheme) opens the page in a new browser profile and waits until its script has ended."""
    contexts = []

    def open_page(query: str = "", scheme: str = "light", width: int = 1280, height: int = 900):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(query if query.startswith("http") else f"{server}/{query}")
        page.get_by_test_id("view-sentence").or_(page.get_by_test_id("stAlert")).first.wait_for()
        return settled(page)

    yield open_page
    for context in contexts:
        context.close()
