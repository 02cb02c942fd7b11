"""Timings of functions that take turns, and the options of the commands that print them."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Sequence

import torch

from bench.report import write_option
from model.instrument.device import wait


def taking_turns(
    functions: Sequence[Callable[[], object]], rounds: int, device: torch.device, warm: int = 1,
    clock: Callable[[], float] = time.perf_counter, summary: Callable[[Iterable[float]], float] = statistics.median,
) -> list[float]:  # fmt: skip
    """Seconds of each function, by this clock; they take turns, so that all meet the same machine.

    device: a function has ended when this has done its work. warm: rounds at first that do not count. summary: of all rounds that do.
    """
    times: list[list[float]] = [[] for _ in functions]
    for round_ in range(warm + rounds):
        for function, taken in zip(functions, times, strict=True):
            started = clock()
            function()
            wait(device)
            if round_ >= warm:
                taken.append(clock() - started)
    return [summary(taken) for taken in times]


def options(command: str, description: str | None, rounds: int) -> argparse.ArgumentParser:
    """The options that all of these commands have. command: its module; rounds: how many by default."""
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--model", default="en-fr")
    parser.add_argument("--device")
    write_option(parser)
    return parser


def parse(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """The command line; what is wrong with the rounds is said in words."""
    args = parser.parse_args(arguments)
    if args.rounds < 1:
        parser.error(f"--rounds takes a number of at least 1, not {args.rounds}")
    return args
