"""What a map of patches costs: `python -m bench.patching` compares all sites of a part in batches with one pass after the other, and with a plain pass."""

from __future__ import annotations

import sys
import time

import torch

from bench.knockout import SENTENCES
from bench.report import Report, machine
from bench.turns import options, parse, taking_turns
from model import Translator
from model.analysis.patching import disagreements, every_position, patch_each, patched_changes
from model.instrument.device import share_cores
from model.instrument.pretrained import CheckpointError, DeviceError, load_as
from model.trace.patch import RESIDUAL
from model.trace.trace import Trace

OTHERS = (("cat", "dog"), ("people", "children"), ("man", "woman"))  # of each sentence: its word, and the donor's
PAIRS = tuple((text, text.replace(*words, 1)) for text, words in zip(SENTENCES, OTHERS, strict=True))
SINGLE = 12  # sites of a map that are patched one by one, evenly spaced: each of them takes about as long
ABOUT = """\
## Patching

`python -m bench.patching`: the map of a stack, where what is behind every layer at every token is taken over from a sentence of as many
tokens that differs in a word. All sites in batches, which share what stays the same, beside captured passes one after the other, a site each
(twelve or more of them, evenly spaced over the map), every one of which reads its donor, too, and beside one plain fused pass of the same
pair. Least CPU time of rounds that take turns."""
COLUMNS = (
    "tokens a side", "stack", "sites", "plain pass, ms", "one site alone, ms", "all in batches, ms", "of it a site, ms", "times as quick as one by one",
    "batches / plain pass",
)  # fmt: skip
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def read(translator: Translator, text: str, other: str) -> tuple[Trace, Trace, int]:
    """The passes of a sentence and of its donor over the sentence's translation, and the first row in which they differ. Raises ValueError, in
    words, for a pair that no map can be made of."""
    trace = translator.trace(text)
    donor = translator.trace(other, trace.labels)
    differing = disagreements(trace, donor)
    if len(trace.source) != len(donor.source) or not differing:
        raise ValueError(
            f"“{text}” has {len(trace.source)} tokens and “{other}” {len(donor.source)}, and they differ in {len(differing)} predictions. "
            "Give two sentences of as many tokens that the model says something else of."
        )
    return trace, donor, min(differing)


def measure(
    translator: Translator, trace: Trace, donor: Trace, row: int, stack: str, rounds: int
) -> tuple[int, float, float, float]:
    """How many sites a stack has, and least seconds of a plain pass, of a captured pass for one site, and of all sites in batches."""
    model = translator.model
    source, target = (torch.tensor([side.ids], device=model.device) for side in (trace.source, trace.target))
    sites = list(every_position(translator.anatomy, stack, RESIDUAL, len(trace.tokens(stack))).values())
    some = patched_changes(trace, donor, sites[:: max(1, len(sites) // SINGLE)])

    def plain() -> None:
        with torch.no_grad():
            model(source, target)

    def single() -> None:
        for change in some:
            translator.capture(trace.source, trace.labels, change)

    def batched() -> None:
        patch_each(trace, donor, translator.passes, sites, row)

    clock = time.process_time if model.device.type == "cpu" else time.perf_counter
    alone, one_by_one, together = taking_turns([plain, single, batched], rounds, model.device, clock=clock, summary=min)
    return len(sites), alone, one_by_one / len(some), together


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    parser = options("bench.patching", __doc__, rounds=3)
    parser.add_argument(
        "--pair", nargs=2, action="append", metavar=("SENTENCE", "DONOR"), help="of as many tokens; at first of 8, 24 and 60"
    )
    args = parse(parser, arguments)
    share_cores()  # as the page does
    try:
        translator, pairs = load_as(Translator, args.model, args.device), args.pair or PAIRS
        for pair in pairs:
            read(translator, *pair)  # not after the others were measured
        report = Report("patching", machine(translator), HEADER, args.write, about=ABOUT, behind="knockout")
    except (CheckpointError, DeviceError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    for pair in pairs:
        trace, donor, row = read(translator, *pair)
        for stack in translator.anatomy.stack_names:
            count, plain, single, together = measure(translator, trace, donor, row, stack, args.rounds)
            times = " | ".join(f"{1000 * taken:.1f}" for taken in (plain, single, together, together / count))
            ratios = f"{single * count / together:.1f} | {together / plain:.1f}"
            report.add(f"| {len(trace.source)} + {len(trace.target)} | {stack} | {count} | {times} | {ratios} |")
    report.close()


if __name__ == "__main__":
    main()
