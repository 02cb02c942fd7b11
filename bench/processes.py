"""What processes take of their machine: memory and CPU time of servers, and of a command with all that it starts."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LOOK = 0.25  # seconds between two looks at the processes of a command
MOST_WORDS = 4000  # characters of what a command that fails has said last
ENDING = 30.0  # seconds within which what a command has started is gone when it has ended


class Usage:
    """What some processes take together. What they share, as libraries, counts in each of them."""

    def __init__(self, *processes: subprocess.Popen) -> None:
        self._ids = [str(process.pid) for process in processes]

    def _ask(self, what: str) -> list[str]:
        command = ["ps", "-o", f"{what}=", "-p", ",".join(self._ids)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    @property
    def memory(self) -> float:
        """MiB that are resident."""
        return sum(map(int, self._ask("rss"))) / 1024

    @property
    def cpu(self) -> float:
        """Seconds of CPU time so far."""
        return sum(map(_seconds, self._ask("time")))


def _seconds(written: str) -> float:
    """Of days-hours:minutes:seconds."""
    parts = [float(part) for part in re.split("[-:]", written)]
    return sum(part * unit for part, unit in zip(reversed(parts), (1, 60, 3600, 86400), strict=False))


@dataclass(frozen=True)
class Cost:
    """What a command took, seconds."""

    wall: float
    cpu: float  # of its process and of all that it started, and those started


def cost_of(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end, and until what it has started is gone.

    CPU time is what /proc says of each of its processes four times a second: of each all but the last moment. Raises OSError where there
    is no /proc, and RuntimeError, with what it said, for a command that fails.
    """
    if not (PROC / "self" / "stat").exists():
        raise OSError(
            "The CPU time of all processes of a command is read from /proc, which this system does not have: use Linux."
        )
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=output) as process:
            family = Family(process.pid)
            while process.poll() is None:
                family.look()
                time.sleep(LOOK)
        wall = time.perf_counter() - started
        output.seek(0)
        words = output.read()[-MOST_WORDS:].strip()
    until = time.monotonic() + ENDING
    while family.look() and time.monotonic() < until:
        time.sleep(LOOK)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} has failed: {words}")
    return Cost(wall, sum(family.cpu.values()))


class Family:
    """A process and all that it has started, and those started. `cpu`: the seconds of each, by (id, tick of its start)."""

    def __init__(self, first: int) -> None:
        self._first, self._others = first, set[int]()  # others: ids of processes that do not belong to it
        self.cpu: dict[tuple[int, int], float] = {}

    def look(self) -> int:
        """Bring it up to date; how many of them live. One that was seen among them stays so when its parent ends."""
        ids = {int(name) for name in os.listdir(PROC) if name.isdecimal()}
        self._others &= ids
        new = {id_: fields for id_ in ids - self._others if (fields := _fields(id_))}
        count = 0
        for id_, (parent, tick, cpu) in new.items():
            while parent in new and parent != self._first:
                parent = new[parent][0]
            if self._first in (id_, parent) or (id_, tick) in self.cpu:
                self.cpu[id_, tick], count = cpu, count + 1
            else:
                self._others.add(id_)
        return count


def _fields(id_: int) -> tuple[int, int, float] | None:
    """(Parent, tick of its start, CPU seconds) of a process; None where it has ended."""
    try:
        fields = (PROC / str(id_) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return None if fields[0] == "Z" else (int(fields[1]), int(fields[19]), cpu)
