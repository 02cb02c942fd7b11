"""A crowd on the page: readers without a browser (bench/visitor.py), each with sentences of its own, who type and open views at their own pace.

A time goes from what a reader does to the end of the run that it causes; it counts only where the page's address then says what was asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain, cycle, islice
from urllib.parse import parse_qs

import streamlit
from streamlit.logger import set_log_level

from bench.page import sentences
from bench.report import Report, machine, write_option
from bench.visitor import DESK, Visitor
from model import Translator
from model.instrument.device import share_cores
from model.instrument.pretrained import load_as
from model.instrument.tokenizer import Tokenizer

TYPE, OPEN = KINDS = ("type a sentence", "open a view")
OWN = 3  # sentences of each reader, who comes back to them
VIEWS_EACH = 2  # opened of each sentence that was typed
LENGTHS = range(10, 26, 3)  # source tokens of their sentences
ALONE = ("pair", "patch", "recurrent")  # views that need more than the sentence
MOST_READERS = 100


@dataclass(frozen=True)
class Act:
    """Something that a reader does: the setting of the address that it changes, and its new value."""

    kind: str
    name: str
    value: str


def texts_of(tokenizer: Tokenizer, readers: int, seed: random.Random) -> list[list[str]]:
    """OWN sentences for each reader; no two are the same."""
    texts = list(chain.from_iterable(sentences(tokenizer, tokens) for tokens in LENGTHS))
    seed.shuffle(texts)
    return [texts[at * OWN : (at + 1) * OWN] for at in range(readers)]


def acts(texts: Sequence[str], views: Sequence[str], seed: random.Random) -> Iterator[Act]:
    """What a reader does, without an end: types the next of the sentences, opens views of it, and so on."""
    view = views[0]
    for text in cycle(texts):
        yield Act(TYPE, "text", text)
        for _ in range(VIEWS_EACH):
            view = seed.choice([other for other in views if other != view])
            yield Act(OPEN, "view", view)


class Reader:
    """One of the crowd. `plan`: what comes next; first: the view that an address does not name."""

    def __init__(self, visitor: Visitor, plan: Iterator[Act], first: str, seed: random.Random) -> None:
        self.visitor, self.plan, self._first, self._seed = visitor, plan, first, seed

    async def act(self, count: int, pause: float, log: Log) -> None:
        """Do the next things of the plan, `pause` seconds after each other on average."""
        for act in islice(self.plan, count):
            await asyncio.sleep(self._seed.uniform(0, 2 * pause))
            log.add(act.kind, await self.do(act))

    async def do(self, act: Act) -> float:
        """Seconds until the page shows it. Raises RuntimeError where the run that it has caused shows something else."""
        before, begin = self.visitor.runs, time.perf_counter()
        if act.name == "text":
            await self.visitor.type("text", act.value)
        else:
            await self.visitor.tell("rail", "view", act.value)
        end = await self.visitor.until(lambda visitor: visitor.is_still and visitor.runs > before)
        if self.shows(act.name) != act.value:
            raise RuntimeError(f"The page shows the {act.name} {self.shows(act.name)!r} where {act.value!r} was asked for.")
        return end - begin

    def shows(self, name: str) -> str:
        """A setting as the page's address has it."""
        return parse_qs(self.visitor.query.removeprefix("?")).get(name, [self._first if name == "view" else ""])[0]


class Log:
    """What was measured of a crowd: seconds of every run, by what was done."""

    def __init__(self, look: Callable[[], None] = lambda: None) -> None:
        """look: called after each run."""
        self.times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self._look = look

    def add(self, kind: str, seconds: float) -> None:
        """One more run."""
        self.times[kind].append(seconds)
        self._look()

    @property
    def all(self) -> list[float]:
        """Seconds of all runs, whatever was done."""
        return list(chain.from_iterable(self.times.values()))


async def gather(url: str, texts: Sequence[Sequence[str]], views: Sequence[str], visits: AsyncExitStack) -> list[Reader]:
    """Readers in front of the page, all of whom came at once; each with its own texts and plan, whatever the server."""
    found = [(Visitor(url, f"?view={views[0]}&text=Hello.", DESK), random.Random(at)) for at in range(len(texts))]
    await asyncio.gather(*(visits.enter_async_context(visitor) for visitor, _ in found))
    await asyncio.gather(*(visitor.until(lambda visitor: visitor.is_still) for visitor, _ in found))
    return [Reader(visitor, acts(own, views, seed), views[0], seed) for (visitor, seed), own in zip(found, texts, strict=True)]


async def warm(reader: Reader, views: Sequence[str]) -> None:
    """Open every view once and the first one again: no time has what a server loads for its first picture of a sort."""
    for view in [*views[1:], views[0]]:
        await reader.do(Act(OPEN, "view", view))


async def read(readers: Sequence[Reader], count: int, pause: float, log: Log) -> None:
    """All of them do the next `count` things."""
    await asyncio.gather(*(reader.act(count, pause, log) for reader in readers))


def views_of(names: Sequence[str]) -> list[str]:
    """Those that a sentence alone feeds."""
    return [name for name in names if name not in ALONE]


def percentile(seconds: Sequence[float], share: int) -> float:
    """The value below which `share` percent of them lie."""
    return statistics.quantiles(seconds, n=100, method="inclusive")[share - 1] if len(seconds) > 1 else seconds[0]


def run(
    name: str,
    args: argparse.Namespace,
    header: str,
    about: str,
    behind: str,
    course: Callable[[Report, list[list[str]], Translator], Coroutine],
) -> None:
    """Print a table and, with --write, put it into bench/README.md. course: what the readers do, given the report, their sentences and what reads
    them; the rest as `Report` has it. What goes wrong is said in words."""
    set_log_level("ERROR")
    share_cores()  # as the page does
    translator = load_as(Translator, "en-fr", "cpu")
    texts = texts_of(translator.tokenizer, args.readers, random.Random(1))
    where = machine(translator, f"{args.readers} readers", f"Streamlit {streamlit.__version__}")
    try:
        report = Report(name, where, header, args.write, about=about, behind=behind)
        asyncio.run(course(report, texts, translator))
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(f"error: {error}")
    report.close()


def arguments_of(arguments: list[str] | None, command: str, description: str | None, runs: int) -> argparse.Namespace:
    """The command line of a crowd; what is wrong with it is said in words. runs: how many of each reader by default."""
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=description)
    parser.add_argument("--readers", type=int, default=50, help="sessions (default: 50)")
    parser.add_argument("--runs", type=int, default=runs, help="things that each of them does (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=12.0, help="seconds between two of them, on average (default: 12)")
    write_option(parser)
    args = parser.parse_args(arguments)
    if not 2 <= args.readers <= MOST_READERS:
        parser.error(f"--readers takes a number from 2 to {MOST_READERS}, not {args.readers}")
    if args.runs < 1 or not 0 <= args.pause < float("inf"):
        parser.error(f"--runs takes a number of at least 1 and --pause seconds, not {args.runs} and {args.pause}")
    return args
