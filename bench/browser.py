"""A real page, for timings and for the browser tests: find Chromium, start Streamlit."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ATTEMPTS = 3  # ports that are tried
INSTALL = "Chromium is missing: sudo apt-get install chromium (Debian) or brew install --cask google-chrome (macOS)."


def find_chromium() -> str | None:
    """Path of an installed Chromium or Chrome; None where there is none (INSTALL says how to get one)."""
    found = (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    return next(found, str(MAC_CHROME) if MAC_CHROME.exists() else None)


@contextmanager
def chromium(*options: str) -> Iterator:
    """Headless Chromium as a Playwright browser. options: more of its command line.

    Raises FileNotFoundError, with the install command, where there is none.
    """
    executable = find_chromium()
    if executable is None:
        raise FileNotFoundError(INSTALL)
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *options]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@contextmanager
def serve(script: str, *options: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """The URL of a server: see `process_of`."""
    with process_of(script, *options, environment=environment) as (_, url):
        yield url


@contextmanager
def process_of(script: str, *options: str, environment: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen, str]]:
    """A Streamlit server of its own that runs `script`, a path in this repository, with this repository's config, and its URL.

    options: for the script itself; environment: variables on top of the present ones. Raises RuntimeError, with what the
    server said, where it does not start.
    """
    process, url = _start(script, options, {**os.environ, **(environment or {})})
    try:
        threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()  # a full pipe would stop the server
        yield process, url
    finally:
        _stop(process)


def _start(script: str, options: tuple[str, ...], environment: dict[str, str]) -> tuple[subprocess.Popen, str]:
    """A server that is ready, and its URL; on another port where somebody else was quicker to take the first."""
    for _ in range(ATTEMPTS):
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            script,
            "--server.port",
            str(port),
            "--server.headless",
            "true",
            "--",
            *options,
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        url, output = f"http://127.0.0.1:{port}", []
        assert process.stdout is not None  # a pipe was asked for
        for line in process.stdout:  # the server prints its address when it is ready
            output.append(line)
            if url in line:
                break
        if output and url in output[-1] and is_up(url):
            return process, url
        _stop(process)
        if not any("not available" in line for line in output):
            break
    raise RuntimeError(f"The server of {script} did not start. Its output:\n{''.join(output)}")


def _stop(process: subprocess.Popen) -> None:
    """End a server and wait until it has gone."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:  # it does not listen while it loads a model on a busy machine
        process.kill()
        process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_up(url: str) -> bool:
    """Whether the page's server answers."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=10) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
