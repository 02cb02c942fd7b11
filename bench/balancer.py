"""The balancer of .deploy in front of servers of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.browser import ROOT, free_port

CONFIG = ROOT / ".deploy" / "haproxy.cfg"
INSTALL = "HAProxy is missing: sudo apt-get install haproxy (Debian) or brew install haproxy (macOS)."


def find_haproxy() -> str | None:
    """Path of an installed HAProxy; None where there is none (INSTALL says how to get one)."""
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")


@contextmanager
def balanced(servers: Sequence[str], path: str = "") -> Iterator[tuple[subprocess.Popen, str]]:
    """HAProxy in front of some servers, with the very file that the containers use, and its URL; only ports and names of servers are others.

    servers: their addresses, http://host:port, up or not yet; path: the folder of the page in its address, such as /headlight. Raises
    FileNotFoundError, with the install command, where there is no HAProxy.
    """
    program = find_haproxy()
    if program is None:
        raise FileNotFoundError(INSTALL)
    port, lines = free_port(), list[str]()
    for line in CONFIG.read_text("utf-8").splitlines():
        if "server-template" in line:
            lines += [f"  server page{at} {url.removeprefix('http://')}" for at, url in enumerate(servers)]
        else:
            lines.append(line.replace("bind :8501", f"bind 127.0.0.1:{port}"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "haproxy.cfg"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        process = subprocess.Popen([program, "-q", "-f", str(file)], env={**os.environ, "HEADLIGHT_PATH": path})
        try:
            yield process, f"http://127.0.0.1:{port}{path}"
        finally:
            process.terminate()
            process.wait()
