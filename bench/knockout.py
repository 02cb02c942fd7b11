"""What knocking out every head costs: `python -m bench.knockout` compares all of them in one go with one plain trace."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch

from bench.trace import pair
from model import Intervention, Translator, load_pretrained
from model.analysis_knockout import every_head, knock_out
from model.capture import capture

HEADER = """\
| tokens, English + French | trace: translate and capture, ms | the captured pass alone, ms | every head knocked out, ms | of the trace | of the pass |
|---|---|---|---|---|---|"""


def taking_turns(functions: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each function; they take turns, so that all meet the same machine."""
    times: list[list[float]] = [[] for _ in functions]
    for round_ in range(rounds + 1):
        for function, taken in zip(functions, times, strict=True):
            started = time.perf_counter()
            function()
            if round_:  # the first one warms up
                taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in times]


def measure(translator: Translator, length: int, rounds: int) -> tuple[int, int, list[float]]:
    """Tokens of both sides, and median seconds of (trace, captured pass alone, every head knocked out); the source has `length` tokens."""
    text = translator.tokenizer.decode(pair(translator, length)[0].ids[:-1]).text
    trace, model = translator.trace(text), translator.model
    heads = list(every_head(model.config).values())

    def settled(function: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            function()
            if model.device.type == "cuda":
                torch.cuda.synchronize()

        return run

    functions = [
        lambda: translator.trace(text),
        lambda: capture(model, trace.source, trace.target, trace.labels, Intervention()),
        lambda: knock_out(trace, model, heads),
    ]
    return len(trace.source), len(trace.target), taking_turns([settled(function) for function in functions], rounds)


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.knockout", description=__doc__)
    parser.add_argument("--tokens", type=int, nargs="+", default=[8, 24, 60], help="tokens of the source")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--model", default="en-fr")
    parser.add_argument("--device")
    args = parser.parse_args(arguments)
    translator = load_pretrained(args.model, args.device)
    count = len(every_head(translator.model.config))
    print(f"{translator.name} on {translator.model.device}, torch {torch.__version__}, {torch.get_num_threads()} threads, {count} heads\n")
    print(HEADER)
    for length in args.tokens:
        source, target, (trace, alone, heads) = measure(translator, length, args.rounds)
        cells = (f"{source} + {target}", *(f"{1000 * taken:.1f}" for taken in (trace, alone, heads)), f"{heads / trace:.2f}", f"{heads / alone:.1f}")
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
