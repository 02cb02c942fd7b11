"""What flipping a switch costs: `python -m bench.switch` takes the look-ahead mask away in the page, in headless Chromium, and gives it back.

Times go from the key press to the frame that shows the last change. The page without a view (bench/frame.py) takes turns with the view.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator

from streamlit.logger import set_log_level

from bench.browser import chromium, serve
from bench.page import MOST_ROUNDS, known_views, sentences
from bench.report import Report, machine, write_option
from bench.tab import Rerun, Tab, thrown_away, until_one
from model import Intervention, Translator
from model.instrument.device import share_cores, wait
from model.instrument.pretrained import CheckpointError, DeviceError, load_as

SWITCH = "Look-ahead mask"
HEADER = """\
| view | tokens | first flip, ms | of it the model, ms | flipped again, ms | page without a view, ms | ratio |
|---|---|---|---|---|---|---|"""


def measure(translator: Translator, view: str, tokens: int, rounds: int) -> tuple[str, str]:
    """One row of the table, medians; and what was thrown away, in a sentence, empty where nothing was."""
    options = ("--model", str(translator.folder), "--device", str(translator.model.device))
    texts = sentences(translator.tokenizer, tokens)
    opened, first, again, floor, model = next(texts), [], [], [], []
    with chromium() as browser, serve("app.py", *options) as app, serve("bench/frame.py", *options) as frame:
        shown, empty = (Tab(browser, url, view=name, text=opened, lab="on") for url, name in ((app, view), (frame, "nothing")))
        for _ in range(rounds):
            text, rerun = first_flip(shown, texts)
            first.append(rerun)
            model.append(model_milliseconds(translator, text))
            empty.type(text)
            empty.flip(SWITCH, on=False)
            for _ in range(2):  # back, and away again: both are in the caches
                for on in (True, False):
                    again.append(shown.flip(SWITCH, on))
                    floor.append(empty.flip(SWITCH, on))
            shown.flip(SWITCH, on=True), empty.flip(SWITCH, on=True)
        said = thrown_away([shown, empty])
    times = [[sample.milliseconds for sample in samples if sample] for samples in (first, again, floor)]
    if not all(times):
        raise RuntimeError(f"No sample is left: this machine is too busy to measure on. {said}")
    middle = [statistics.median(taken) for taken in (times[0], model, times[1], times[2])]
    return f"| {view} | {tokens} | {' | '.join(f'{value:.0f}' for value in middle)} | {middle[2] / middle[3]:.1f} |", said


def first_flip(tab: Tab, texts: Iterator[str]) -> tuple[str, Rerun]:
    """Take the mask away from a text for the first time: the next text for which that gives a sample, and the sample.

    The mask stays away. Raises RuntimeError as `until_one`.
    """
    typed: list[str] = []

    def samples() -> Iterator[Rerun | None]:
        while True:
            if typed:
                tab.flip(SWITCH, on=True)  # back, for another try
            typed.append(tab.type_one(texts)[0])
            yield tab.flip(SWITCH, on=False)

    rerun = until_one(samples())
    return typed[-1], rerun


def model_milliseconds(translator: Translator, text: str) -> float:
    """Milliseconds to translate a text without the mask and capture the pass, in this process and outside any page."""
    started = time.perf_counter()
    translator.trace(text, intervention=Intervention(causal=False))
    wait(translator.model.device)
    return 1000 * (time.perf_counter() - started)


def read_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """The command line, with `views` as a list; what is wrong with it is said in words."""
    parser = argparse.ArgumentParser(prog="python -m bench.switch", description=__doc__)
    parser.add_argument("--views", default="all-heads,one-head,lines", help="names with commas between (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=24, help="source tokens (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="texts; the table shows medians (default: %(default)s)")
    parser.add_argument("--model", default="en-fr")
    parser.add_argument("--device", default="cpu")
    write_option(parser)
    args = parser.parse_args(arguments)
    args.views = known_views(parser, args.views)
    if not 2 <= args.tokens <= 500:
        parser.error(f"--tokens takes a number from 2 to 500, not {args.tokens}")
    if not 1 <= args.rounds <= MOST_ROUNDS:
        parser.error(f"--rounds takes a number from 1 to {MOST_ROUNDS}, not {args.rounds}")
    return args


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    set_log_level("ERROR")
    args = read_arguments(arguments)
    share_cores()  # as the page does
    notes = []
    try:
        translator = load_as(Translator, args.model, args.device)
        report = Report("switch", machine(translator, "headless Chromium"), HEADER, args.write)
        for view in args.views:
            row, thrown = measure(translator, view, args.tokens, args.rounds)
            report.add(row)
            notes += [f"{view}: {thrown}"] if thrown else []
    except (CheckpointError, DeviceError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f"error: {error}")
    if notes:
        report.add("\n" + "\n".join(notes))
    report.close()


if __name__ == "__main__":
    main()
