"""What tests do where there is no browser."""

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
