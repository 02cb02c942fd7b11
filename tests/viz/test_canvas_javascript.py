"""What Python packs is read in the browser as it was meant: `packing.test.mjs`, run by node with this Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("packing.test.mjs")
NEEDED = "Node.js 20.19 or newer is missing: it reads the scripts of the components outside a browser."


def has_node() -> bool:
    """Whether there is a node that reads the scripts as modules without being told."""
    if shutil.which("node") is None:
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60).stdout  # "v20.19.0"
    return [int(part) for part in re.findall(r"\d+", version)[:2]] >= [20, 19]


def test_the_browser_reads_what_python_packs():
    """Weights, changes and words, there and back. Without a node that is new enough it is skipped, but fails under CI=true."""
    if not has_node():
        assert os.environ.get("CI") != "true", NEEDED
        pytest.skip(NEEDED)
    run = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(FILE)], env={**os.environ, "PYTHON": sys.executable}, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^# pass [1-9]", run.stdout, re.MULTILINE) and "# skipped 0" in run.stdout
