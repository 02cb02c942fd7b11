"""Fifty readers on one server: `python -m bench.sessions` opens the page fifty times over its websocket and lets everyone type and look around.

Readers are those of bench/crowd.py. Memory is of the server's process; what its caches keep for these readers grows until each has typed all
of the sentences and seen their views, and the greater part of it, the passes, is said beside it: what goes on growing would be a leak.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack

from bench.browser import process_of
from bench.crowd import Log, arguments_of, gather, percentile, read, run, views_of, warm
from bench.processes import Usage
from bench.report import Report
from model import Translator

MARKS = (0.1, 0.25, 0.5, 1.0)  # of all reruns: when memory is looked at
MIB, SAMPLE = 2**20, 15
AT_PACE = 4  # of the things that a reader does: those with a pause before each
ABOUT = """\
## Fifty readers

`python -m bench.sessions`: fifty sessions of the page over its websocket, without a browser, on one machine that serves them and plays them.
Each types three sentences of its own in turn, of 10 to 25 tokens, and opens two views of every one, drawn from all that a sentence feeds:
four things, each about twelve seconds after the one before, and then sixteen without a pause, so that the server runs the page a thousand
times. A time goes from what a reader does to the end of the run that shows it; what a browser then needs to draw is not in it."""
COLUMNS = ("what readers do", "reruns", "p50, s", "p95, s")
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def kept(translator: Translator, texts: Sequence[Sequence[str]]) -> float:
    """MiB of the passes over all sentences, which the caches keep while there is room; reckoned from SAMPLE of them."""
    from viz.page.caches import tensor_bytes

    every = [text for own in texts for text in own]
    some = every[:: max(1, len(every) // SAMPLE)]
    return sum(tensor_bytes(translator.trace(text)) for text in some) / len(some) * len(every) / MIB


class Memory:
    """The server's memory, MiB, after some of the reruns: `after`, by how many there were."""

    def __init__(self, server: Usage, total: int) -> None:
        self._server, self._marks, self._runs = server, {max(1, round(share * total)) for share in MARKS}, 0
        self.after: dict[int, float] = {}

    def look(self) -> None:
        """One more rerun."""
        self._runs += 1
        if self._runs in self._marks:
            self.after[self._runs] = self._server.memory

    def __str__(self) -> str:
        return ", ".join(f"{mib:.0f} MiB after {runs}" for runs, mib in self.after.items())


async def course(report: Report, texts: list[list[str]], count: int, pause: float, passes: float) -> None:
    """Everything from the first visit to the last rerun; what it took of memory and CPU time under the table."""
    from viz.views import VIEWS

    views, at_pace = views_of(list(VIEWS)), min(count, AT_PACE)
    with process_of("app.py", "--device", "cpu") as (process, url):
        server = Usage(process)
        memory = Memory(server, len(texts) * count)
        async with AsyncExitStack() as visits:
            for first in await gather(url, texts[:1], views, visits):
                await warm(first, views)
            alone, begin = server.memory, time.perf_counter()
            readers = await gather(url, texts, views, visits)
            joined, full = time.perf_counter() - begin, server.memory
            parts = []
            for runs, wait in ((at_pace, pause), (count - at_pace, 0.0)):
                log, begin, before, own = Log(memory.look), time.perf_counter(), server.cpu, time.process_time()
                await read(readers, runs, wait, log)
                parts.append((log, time.perf_counter() - begin, server.cpu - before, time.process_time() - own))
    (log, wall, cpu, own), (rest, hurry, cpu_of_rest, own_of_rest) = parts
    for what, seconds in {**log.times, "both": log.all, "both, without a pause": rest.all}.items():
        cells = [f"{percentile(seconds, share):.2f}" if seconds else "" for share in (50, 95)]
        report.add(f"| {what} | {len(seconds)} | {' | '.join(cells)} |")
    report.add(
        f"\n{len(texts)} readers came at once within {joined:.1f} s. CPU of the server: {cpu:.0f} s in {wall:.0f} s, then, without a pause, "
        f"{cpu_of_rest:.0f} s in {hurry:.0f} s; of the clients, which share the machine: {own + own_of_rest:.0f} s. Memory of the server: {alone:.0f} MiB "
        f"with one reader who has opened every view, {full:.0f} MiB with all of them, then {memory} reruns. The passes over their {sum(map(len, texts))} sentences, which "
        f"the caches keep, are about {passes:.0f} MiB of it; what views draw of them comes on top."
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    args = arguments_of(arguments, "bench.sessions", __doc__, runs=20)

    def passes(report: Report, texts: list[list[str]], translator: Translator) -> Coroutine:
        return course(report, texts, args.runs, args.pause, kept(translator, texts))

    run("sessions", args, HEADER, ABOUT, "room", passes)


if __name__ == "__main__":
    main()
