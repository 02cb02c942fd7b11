"""Two replicas against one: `python -m bench.replicas` lets the same crowd use one server, and several behind the balancer of .deploy, in turns.

Both stand behind HAProxy with the configuration that the containers use. The crowds are those of bench/sessions.py, with the same sentences
and the same plans; one rests while the other is timed. Memory and CPU time are of all servers and their balancer together.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.balancer import balanced
from bench.browser import process_of
from bench.crowd import Log, Reader, arguments_of, gather, percentile, read, run, views_of, warm
from bench.processes import Usage
from bench.report import Report

REPLICAS = (1, 2)
ROUNDS = 3  # turns of each crowd
ABOUT = """\
## Two replicas

`python -m bench.replicas`: the crowd of fifty readers on one server and, with the same sentences and plans, on two replicas, each behind
HAProxy with the configuration of `.deploy`, all on one machine that plays the readers, too. The crowds take three turns; one rests while the
other is timed. Memory and CPU time are of all servers and their balancer; what processes share of libraries counts in each."""
COLUMNS = (
    "replicas",
    "readers on each",
    "reruns",
    "p50, s",
    "p95, s",
    "CPU, s",
    "memory with all, MiB",
    "memory at the end, MiB",
)
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


@dataclass
class Place:
    """Some servers behind one balancer, and their crowd."""

    url: str
    usage: Usage
    readers: list[Reader] = field(default_factory=list)
    log: Log = field(default_factory=Log)
    cpu: float = 0.0  # seconds that its turns took
    full: float = 0.0  # MiB with all readers

    async def turn(self, count: int, pause: float) -> None:
        """Everyone does the next things."""
        before = self.usage.cpu
        await read(self.readers, count, pause, self.log)
        self.cpu += self.usage.cpu - before

    def row(self, servers: int) -> str:
        """A row of the table."""
        there = sorted(Counter(reader.visitor.replica for reader in self.readers).values(), reverse=True)
        times = [f"{percentile(self.log.all, share):.2f}" for share in (50, 95)]
        cells = [str(servers), " + ".join(map(str, there)), str(len(self.log.all)), *times, f"{self.cpu:.0f}"]
        return f"| {' | '.join(cells)} | {self.full:.0f} | {self.usage.memory:.0f} |"


def open_place(servers: int, rooms: Path, stack: ExitStack) -> Place:
    """So many servers as the containers start them, and their balancer."""
    started = [
        stack.enter_context(process_of("app.py", "--device", "cpu", "--rooms", str(rooms), environment={"OMP_NUM_THREADS": "1"}))
        for _ in range(servers)
    ]
    balancer, url = stack.enter_context(balanced([url for _, url in started]))
    return Place(url, Usage(balancer, *(process for process, _ in started)))


async def course(report: Report, texts: Sequence[Sequence[str]], count: int, pause: float) -> None:
    """Both crowds from the first visit to the last rerun."""
    from viz.views import VIEWS

    views = views_of(list(VIEWS))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        places = [open_place(servers, Path(folder) / f"rooms-{servers}.sqlite", stack) for servers in REPLICAS]
        async with AsyncExitStack() as visits:
            for place in places:
                place.readers = await gather(place.url, texts, views, visits)
                for first in {reader.visitor.replica: reader for reader in place.readers}.values():  # one on each
                    await warm(first, views)
                place.full = place.usage.memory
            for part in parts(count, ROUNDS):
                for place in places:
                    await place.turn(part, pause)
            for servers, place in zip(REPLICAS, places, strict=True):
                report.add(place.row(servers))
            ratios = [percentile(places[1].log.all, share) / percentile(places[0].log.all, share) for share in (50, 95)]
            memory = places[1].usage.memory / places[0].usage.memory
    report.add(
        f"\nTwo against one: {ratios[0]:.2f} times the median, {ratios[1]:.2f} times the 95th percentile, with {memory:.2f} times the memory."
    )


def parts(count: int, rounds: int) -> list[int]:
    """Runs of each turn, at least one, as even as can be."""
    rounds = min(count, rounds)
    return [count // rounds + (at < count % rounds) for at in range(rounds)]


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    args = arguments_of(arguments, "bench.replicas", __doc__, runs=6)
    run("replicas", args, HEADER, ABOUT, "sessions", lambda report, texts, _: course(report, texts, args.runs, args.pause))


if __name__ == "__main__":
    main()
