"""A real page: Streamlit serving app.py, and Chromium driven by Playwright."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
INSTALL = "Chromium is missing: sudo apt-get install chromium (Debian) or brew install --cask google-chrome (macOS)."


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_up(url: str) -> bool:
    """Whether the page's server answers."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a running page with the shipped model on the CPU."""
    port = free_port()
    options = ["--server.port", str(port), "--server.headless", "true", "--", "--device", "cpu"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # Chromium wants the other core
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for line in process.stdout:  # the server prints its address when it is ready
            if url in line:
                break
        assert is_up(url), "The page's server did not start."
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; missing, it skips, or fails under CI=true."""
    executable = CHROMIUM or (str(MAC_CHROME) if MAC_CHROME.exists() else None)
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail(INSTALL)
        pytest.skip(INSTALL)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visit(server: str, browser) -> Iterator[Callable]:
    """visit(query, scheme) opens the page in a new browser profile and waits until a view is drawn."""
    contexts = []

    def open_page(query: str = "", scheme: str = "light", width: int = 1280, height: int = 900):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(f"{server}/{query}")
        page.get_by_test_id("view-sentence").or_(page.get_by_test_id("stAlert")).first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
