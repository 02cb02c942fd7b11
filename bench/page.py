"""What a view costs: `python -m bench.page` types sentences into the page in headless Chromium, beside an empty page.

Times go from the Enter key to the frame that shows the last change; a sample counts only where its own text was drawn after the
key, and the others are counted under the table (bench/tab.py). Three floors take turns with the view, so that all meet the
same machine: our page with a view that draws nothing (bench/frame.py), and an empty Streamlit page (bench/empty.py), as Streamlit
ships it and without its garbage collector.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import streamlit
from streamlit.logger import set_log_level

from bench.browser import chromium, serve
from bench.report import Report, machine, write_option
from bench.tab import Tab, thrown_away
from model import Translator
from model.instrument.device import share_cores, wait
from model.instrument.pretrained import CheckpointError, DeviceError, load_as
from model.instrument.tokenizer import Tokenizer

COLLECTED, UNCOLLECTED = ({"STREAMLIT_RUNNER_POST_SCRIPT_GC": on} for on in ("true", "false"))  # over what config.toml says
MOST_ROUNDS = 50  # TEXT has more sentences of any length than these need
TEXT = """
The old man who lives next door told me that he had never seen so many people in the street before. My sister wants to learn how
to swim this summer. Two dogs are playing in the snow and a small cat is watching them from the window. I think that you should
go home now, because it is late and your mother is waiting for you. The animal did not cross the street because it was too tired.
We bought some bread and cheese at the market this morning. She gave me her old bicycle when she moved to another city. A woman in
a red coat is reading a book on the train. The children were so happy that they did not want to leave. Can you tell me where the
station is? He forgot to close the door, so the rain came into the kitchen. There are three bottles of water on the table.
"""
COLUMNS = (
    "view",
    "tokens",
    "KB to the browser",
    "first time, ms",
    "of it the model, ms",
    "seen before, ms",
    "page without a view, ms",
    "ratio",
    "empty page, ms",
    "ratio to empty",
    "empty, collector off, ms",
    "ratio to that",
)
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


@dataclass(frozen=True)
class Row:
    """What one view costs at one length. Times are medians, ms."""

    view: str
    tokens: int  # of the source, </s> included
    bytes: float  # median for a text that is new to the browser
    first: float  # a text that nobody has typed before: translation and captured pass included
    model: float  # translating and capturing the same texts outside the page
    again: float  # a text whose translation and pass are in the page's caches
    frame: float  # the page with a view that draws nothing, in the turns between those of `again`
    empty: float  # an empty page as Streamlit ships it: garbage is collected after every run
    quiet: float  # an empty page whose garbage nobody collects

    @property
    def ratio(self) -> float:
        """A rerun of the view in reruns of the page without one."""
        return self.again / self.frame

    def __str__(self) -> str:
        return (
            f"| {self.view} | {self.tokens} | {self.bytes / 1000:.0f} | {self.first:.0f} | {self.model:.0f} | {self.again:.0f} "
            f"| {self.frame:.0f} | {self.ratio:.1f} | {self.empty:.0f} | {self.again / self.empty:.1f} "
            f"| {self.quiet:.0f} | {self.again / self.quiet:.1f} |"
        )


def sentences(tokenizer: Tokenizer, tokens: int) -> Iterator[str]:
    """Different texts of exactly `tokens` source tokens (2 or more, </s> included): runs of whole words out of TEXT."""
    words = TEXT.split()
    sizes = [len(tokenizer.source(word)) - 1 for word in words]  # tokens of each: no piece reaches over a space
    for start in range(len(words)):
        added = itertools.islice(itertools.cycle(sizes), start, start + tokens)
        count = bisect_left(list(itertools.accumulate(added)), tokens - 1) + 1
        text = " ".join(itertools.islice(itertools.cycle(words), start, start + count))
        if len(tokenizer.source(text)) == tokens:
            yield text


def model_milliseconds(translator: Translator, text: str) -> float:
    """Milliseconds to translate a text and capture the pass, in this process and outside any page."""
    started = time.perf_counter()
    translator.trace(text)
    wait(translator.model.device)
    return 1000 * (time.perf_counter() - started)


def compare(view: Tab, floors: dict[str, Tab], translator: Translator, texts: list[str], rounds: int) -> dict[str, float]:
    """Type texts into the view and the floors, in turns: new ones, then the last two again and again. Fields of Row.

    The page keeps a few captured passes, so that the last two texts are surely among them. texts: the first is on screen already.
    """
    new, others = iter(texts[1:]), {name: itertools.cycle(texts[-2:]) for name in floors}
    done, firsts, model = texts[:1], [], []
    for _ in range(rounds):
        for name, floor in floors.items():
            floor.type_one(others[name])
        text, rerun = view.type_one(new)
        done.append(text)
        firsts.append(rerun)
        model.append(model_milliseconds(translator, text))
    known = itertools.cycle(done[-2:])
    tabs = {**{name: (tab, others[name]) for name, tab in floors.items()}, "again": (view, known)}
    turns = [{name: tab.type_one(texts)[1].milliseconds for name, (tab, texts) in tabs.items()} for _ in range(rounds)]
    return {
        "bytes": statistics.median(rerun.bytes for rerun in firsts),
        "first": statistics.median(rerun.milliseconds for rerun in firsts),
        "model": statistics.median(model),
        **{name: statistics.median(turn[name] for turn in turns) for name in tabs},
    }


def measure(translator: Translator, views: list[str], lengths: list[int], rounds: int, options: list[str]) -> Iterator[Row | str]:
    """One row for each view and length; a fresh server for each view, so that all meet the same texts with empty caches.

    After the rows comes a sentence on the samples that do not count, where there are any.
    """
    texts = {length: list(itertools.islice(sentences(translator.tokenizer, length), 2 * rounds + 3)) for length in lengths}
    tabs: list[Tab] = []
    empty_page = partial(serve, "bench/empty.py")
    with (
        chromium() as browser,
        empty_page(environment=COLLECTED) as empty,
        empty_page(environment=UNCOLLECTED) as quiet,
        serve("bench/frame.py", *options) as frame,
    ):
        for slug in views:
            with serve("app.py", *options) as app:
                for length in lengths:
                    first = texts[length][0]
                    view = Tab(browser, app, view=slug, text=first)
                    floors = {
                        "frame": Tab(browser, frame, view="nothing", text=first),
                        "empty": Tab(browser, empty),
                        "quiet": Tab(browser, quiet),
                    }
                    tabs += (view, *floors.values())
                    yield Row(slug, length, **compare(view, floors, translator, texts[length], rounds))
                    for tab in (view, *floors.values()):
                        tab.close()
    if said := thrown_away(tabs):
        yield f"\n{said}"


def known_views(parser: argparse.ArgumentParser, names: str) -> list[str]:
    """Names of views with commas between, as a list. An unknown one ends the command, in words."""
    from viz.views import VIEWS

    views = names.split(",")
    if unknown := [slug for slug in views if slug not in VIEWS]:
        parser.error(f"no view is called {', '.join(unknown)}; there are {', '.join(VIEWS)}")
    return views


def read_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """The command line, with `views` and `tokens` as lists; what is wrong with it is said in words."""
    from viz.views import VIEWS

    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--views", default=",".join(VIEWS), help="names with commas between; by default all: %(default)s")
    parser.add_argument("--tokens", default="24,128", help="source tokens, with commas between (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="reruns of each kind; the table shows medians (default: 5)")
    parser.add_argument("--model", default="en-fr")
    parser.add_argument("--device")
    write_option(parser)
    args = parser.parse_args(arguments)
    args.views = known_views(parser, args.views)
    if not all(part.strip().isdecimal() and 2 <= int(part) <= 500 for part in args.tokens.split(",")):
        parser.error(f"--tokens takes numbers from 2 to 500 with commas between, not {args.tokens}")
    args.tokens = [int(part) for part in args.tokens.split(",")]
    if not 1 <= args.rounds <= MOST_ROUNDS:
        parser.error(f"--rounds takes a number from 1 to {MOST_ROUNDS}, not {args.rounds}")
    return args


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    set_log_level("ERROR")  # the views warn that they are imported outside a page
    args = read_arguments(arguments)
    share_cores()  # as the page does
    try:
        translator = load_as(Translator, args.model, args.device)
        where = machine(translator, f"Streamlit {streamlit.__version__}", "headless Chromium")
        report = Report("page", where, HEADER, args.write)
        options = ["--model", str(translator.folder), "--device", str(translator.model.device)]
        for row in measure(translator, args.views, args.tokens, args.rounds, options):
            report.add(row)
    except (CheckpointError, DeviceError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f"error: {error}")
    report.close()


if __name__ == "__main__":
    main()
