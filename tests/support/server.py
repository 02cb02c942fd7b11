"""A page's server that a test ends at any moment and starts again at the same address."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque

from bench.browser import ROOT, free_port


class Server:
    """Streamlit with the page, on a port of its own."""

    def __init__(self, **environment: str) -> None:
        """environment: variables beside those that there are."""
        self._port, self._environment = free_port(), {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Serve, and wait until the server says that it does."""
        options = ["--server.port", str(self._port), "--server.headless", "true", "--", "--device", "cpu"]
        command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        output = []
        for line in self._process.stdout:
            output.append(line)
            if self.url in line:
                threading.Thread(target=deque, args=(self._process.stdout, 0), daemon=True).start()  # a full pipe would stop it
                return
        raise RuntimeError(f"The server did not start. Its output:\n{''.join(output)}")

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process
        return self._process.pid

    def kill(self) -> None:
        """End it as a power cut would: it can write nothing more."""
        if self._process:
            self._process.kill()
            self._process.wait()
