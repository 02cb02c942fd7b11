"""What counting costs: `python -m bench.corpus` compares a plain batched pass, the batched capture with all statistics, and one trace after the other."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from bench.report import Report, machine
from bench.turns import options, parse, taking_turns
from model import Translator
from model.corpus.counting import Counter
from model.corpus.reading import Line, grouped, read_batch, read_lines, readings_of
from model.corpus.text import find_lines, open_text
from model.instrument.batched import padded
from model.instrument.pretrained import CheckpointError, DeviceError, load_as

HEADER = (
    "| text | lines | tokens a side | plain batched pass, ms a pair | capture + statistics, ms a pair | ratio "
    "| from text to statistics, ms a pair | one trace after the other, ms a pair | times as many pairs a second |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def measure(translator: Translator, lines: list[Line], rounds: int) -> list[float]:
    """Least CPU seconds of a plain pass over batches, of capture and statistics of the same, of both from the text on, and of single traces."""
    groups = list(grouped(list(readings_of(translator, lines))))
    device, names = translator.model.device, translator.anatomy.stack_names
    ids = [[padded([reading.axes[name].read.ids for reading in group], device) for name in names] for group in groups]

    def plain() -> None:
        with torch.no_grad():
            for source, target in ids:
                translator.model(source, target)

    def captured() -> None:
        counter = Counter(translator.anatomy)
        for group in groups:
            counter.add(read_batch(translator, group))

    def from_text() -> None:
        counter = Counter(translator.anatomy)
        for batch in read_lines(translator, lines):
            counter.add(batch)

    def single() -> None:
        for line in lines:
            translator.trace(line.source, line.target)

    clock = time.process_time if device.type == "cpu" else time.perf_counter
    return taking_turns([plain, captured, from_text, single], rounds, device, clock=clock, summary=min)


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    parser = options("bench.corpus", __doc__, rounds=5)
    parser.add_argument("--text", type=Path, nargs="+", help="files of pairs; by default one that lies beside the checkpoint")
    parser.add_argument("--lines", type=int, default=500, help="of every file, evenly spaced")
    args = parse(parser, arguments)
    if args.lines < 1:
        parser.error(f"--lines takes a number of at least 1, not {args.lines}")
    torch.set_num_threads(1)  # as each process of `headlight corpus`
    try:
        translator = load_as(Translator, args.model, args.device)
        paths = args.text or sorted((translator.folder or Path()).glob("*.train.tsv.gz"))[-1:]
        texts = [(path, open_text(path)) for path in paths]
        report = Report("corpus", machine(translator), HEADER, args.write)
        for path, text in texts:
            step = max(1, text.lines // args.lines)
            lines = list(find_lines(text, range(0, text.lines, step)).values())
            tokens = sum(len(translator.source(line.source)) for line in lines) / len(lines)
            plain, captured, from_text, single = (
                1000 * seconds / len(lines) for seconds in measure(translator, lines, args.rounds)
            )
            report.add(
                f"| {path.name} | {len(lines)} | {tokens:.1f} | {plain:.2f} | {captured:.2f} | {captured / plain:.2f} | {from_text:.2f} "
                f"| {single:.2f} | {single / from_text:.1f} |"
            )
    except (CheckpointError, DeviceError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    report.close()


if __name__ == "__main__":
    main()
