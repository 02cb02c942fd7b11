"""What flipping a switch costs: `python -m bench.switch` takes the look-ahead mask away in the page, in headless Chromium, and gives it back.

Times go from the key press to the frame that shows the last change. The page without a view (bench/frame.py) takes turns with the view.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from itertools import islice

import torch
from streamlit.logger import set_log_level

from bench.browser import chromium, serve
from bench.page import Tab, sentences
from model import Intervention, load_pretrained

SWITCH = "Look-ahead mask"
HEADER = """| view | tokens | first flip, ms | of it the model, ms | flipped again, ms | page without a view, ms | ratio |
|---|---|---|---|---|---|---|"""


def measure(view: str, tokens: int, rounds: int) -> str:
    """One row of the table; medians."""
    translator = load_pretrained("en-fr", "cpu")
    texts = list(islice(sentences(translator.tokenizer, tokens), rounds + 1))
    first, again, floor, model = [], [], [], []
    with chromium() as browser, serve("app.py", "--device", "cpu") as app, serve("bench/frame.py", "--device", "cpu") as frame:
        shown, empty = Tab(browser, app, view=view, text=texts[0]), Tab(browser, frame, view="nothing", text=texts[0])
        for text in texts[1:]:
            shown.type(text), empty.type(text)
            first.append(shown.flip(SWITCH).milliseconds)  # this change of this text is new: translated and captured
            started = time.perf_counter()
            translator.trace(text, intervention=Intervention(causal=False))
            model.append(1000 * (time.perf_counter() - started))
            empty.flip(SWITCH)
            for _ in range(2):  # back, and away again: both are in the caches
                again.append(shown.flip(SWITCH).milliseconds)
                floor.append(empty.flip(SWITCH).milliseconds)
            shown.flip(SWITCH), empty.flip(SWITCH)
    middle = [statistics.median(times) for times in (first, model, again, floor)]
    return f"| {view} | {tokens} | {' | '.join(f'{value:.0f}' for value in middle)} | {middle[2] / middle[3]:.1f} |"


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    set_log_level("ERROR")
    parser = argparse.ArgumentParser(prog="python -m bench.switch", description=__doc__)
    parser.add_argument("--views", default="all-heads,one-head,lines")
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(arguments)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    print(HEADER, flush=True)
    for view in args.views.split(","):
        print(measure(view, args.tokens, args.rounds), flush=True)


if __name__ == "__main__":
    main()
