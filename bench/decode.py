"""What a translated token costs: `python -m bench.decode` compares the shipped greedy search with a plain loop of the same model."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence

import torch

from bench.knockout import SENTENCES
from bench.report import Report, machine, write_option
from model import Translator, load_pretrained
from model.instrument.device import wait
from model.instrument.pretrained import CheckpointError, DeviceError
from model.instrument.search import NEVER_SAID, length_limits, search
from model.instrument.tokenizer import END, START
from model.transformer.transformer import Transformer

HEADER = "| tokens read + written | plain loop, CPU ms a token | search, CPU ms a token | ratio |\n|---|---|---|---|"


@torch.no_grad()
def plain_loop(model: Transformer, source: torch.Tensor) -> list[int]:
    """Greedy through the model's modules: a cache that is concatenated at every step, and the largest log-probability."""
    memory, mask = model.encode(source)
    ids, cache, limit = [START], model.new_cache(), int(length_limits(source, model))
    while len(ids) < limit:
        newest = torch.tensor([ids[-1:]], device=source.device)
        logits = model.logits(model.decode(newest, memory, mask, cache)[:, -1]).float()
        logits[:, NEVER_SAID] = float("-inf")
        best = int(logits.log_softmax(-1).argmax())
        if best == END:
            break
        ids.append(best)
    return ids[1:]


def least_cpu(functions: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Least CPU seconds of each function; they take turns, so that all meet the same machine."""
    least = [float("inf")] * len(functions)
    for _ in range(rounds + 1):
        for at, function in enumerate(functions):
            started = time.process_time()
            function()
            least[at] = min(least[at], time.process_time() - started)
    return least


def measure(translator: Translator, text: str, rounds: int) -> tuple[str, float, float]:
    """Tokens of both sides, and CPU seconds a written token of (plain loop, search), encoder and preparation included.

    Raises ValueError where the two do not say the same.
    """
    model = translator.model
    source = torch.tensor([translator.source(text).ids], device=model.device)
    ids = search(model, source)[0]
    if ids != plain_loop(model, source):
        raise ValueError(f"The plain loop and the search translate {text!r} differently.")

    def settled(function: Callable[[Transformer, torch.Tensor], object]) -> Callable[[], None]:
        def run() -> None:
            function(model, source)
            wait(model.device)

        return run

    plain, shipped = least_cpu([settled(plain_loop), settled(search)], rounds)
    written = len(ids) + 1  # with </s>
    return f"{source.size(1)} + {written}", plain / written, shipped / written


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    parser = argparse.ArgumentParser(prog="python -m bench.decode", description=__doc__)
    parser.add_argument("--text", nargs="+", default=SENTENCES, help="sentences to translate; at first of 8, 24 and 60 tokens")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--model", default="en-fr")
    parser.add_argument("--device")
    write_option(parser)
    args = parser.parse_args(arguments)
    if args.rounds < 1:
        parser.error(f"--rounds takes a number of at least 1, not {args.rounds}")
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))  # as the page does
    try:
        translator = load_pretrained(args.model, args.device)
        for text in args.text:
            translator.source(text)  # not after the others were measured
        report = Report("decode", machine(translator), HEADER, args.write)
        for text in args.text:
            tokens, plain, shipped = measure(translator, text, args.rounds)
            report.add(f"| {tokens} | {1000 * plain:.2f} | {1000 * shipped:.2f} | {shipped / plain:.2f} |")
    except (CheckpointError, DeviceError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    report.close()


if __name__ == "__main__":
    main()
