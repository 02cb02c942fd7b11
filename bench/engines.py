"""What a cluster costs on one machine: `python -m bench.engines` runs `python -m model.corpus` over the same text with `local` and with `ray`.

CPU time is of all processes, from the start of the command to its end: what an engine takes to start is in it, and weighs less the longer the
text. So there are two lengths, and under the table what the lines between them cost.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from bench.browser import ROOT
from bench.processes import Cost, cost_of
from bench.report import Report, machine, write_option
from model import Translator
from model.corpus.engines import ENGINES, INSTALL
from model.corpus.reading import Line
from model.corpus.text import Text, open_text, read_shard
from model.instrument.pretrained import CheckpointError, DeviceError, load_as

ABOUT = """\
## Engines

`python -m bench.engines --text FILE`: `python -m model.corpus` over the same lines, counted by processes of this machine (`local`) and by
actors of Ray Data on it (`ray`), in turns; what they count is compared, and is equal. CPU time is of all processes, from the start of the
command to its end. It needs `pip install "headlight[cluster]"`."""
COLUMNS = ("lines", *(f"{name}, {what}" for what in ("wall s", "CPU s") for name in ENGINES), "CPU, ray / local")
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def write_lines(text: Text, count: int, path: Path) -> None:
    """The first lines of a text as a file, from the beginning again where it has fewer."""
    with path.open("w", encoding="utf-8") as file:
        for line in islice(cycle(_lines(text)), count):
            file.write("\t".join(part for part in (line.source, line.target) if part is not None) + "\n")


def _lines(text: Text) -> Iterator[Line]:
    for shard in text.shards:
        yield from read_shard(shard)


def run(engine: str, text: Path, out: Path, args: argparse.Namespace) -> Cost:
    """One run of the command with an engine. Raises RuntimeError, with what it said, where it fails."""
    own = {name: getattr(args, name) for name in ("model", "device", "workers")}
    options = {f"--{name}": value for name, value in {"text": text, "out": out, "engine": engine, **own}.items()}
    words = [str(word) for option, value in options.items() if value is not None for word in (option, value)]
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}  # this machine, not a cluster
    paths = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)  # actors run elsewhere
    return cost_of([sys.executable, "-m", "model.corpus", *words], environment)


def compare(lines: int, text: Text, args: argparse.Namespace) -> list[Cost]:
    """What each engine took for so many lines. Raises RuntimeError where they count differently."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_lines(text, lines, folder / "text.tsv")
        costs = [run(engine, folder / "text.tsv", folder / engine, args) for engine in ENGINES]
        counts = [{path.name: path.read_bytes() for path in (folder / engine / "shards").glob("*.bin")} for engine in ENGINES]
    if not counts[0] or counts[0] != counts[1]:
        raise RuntimeError(f"The engines count {lines} lines differently.")
    return costs


def row(lines: str, costs: list[Cost]) -> str:
    """A row of the table."""
    cells = [f"{cost.wall:.1f}" for cost in costs] + [f"{cost.cpu:.1f}" for cost in costs]
    return f"| {lines} | {' | '.join(cells)} | {costs[1].cpu / costs[0].cpu:.2f} |"


def arguments_of(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; what is wrong with it is said in words."""
    parser = argparse.ArgumentParser(prog="python -m bench.engines", description=__doc__)
    parser.add_argument("--text", type=Path, help="a file or a folder of pairs; by default one that lies beside the checkpoint")
    parser.add_argument("--lines", type=int, nargs=2, default=(8192, 36864), help="of the two runs (default: 8192 36864)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many read at the same time")
    parser.add_argument("--model", default="en-fr")
    parser.add_argument("--device", default="cpu")
    write_option(parser)
    args = parser.parse_args(arguments)
    if not 1 <= args.lines[0] < args.lines[1]:
        parser.error(f"--lines takes two numbers from 1 on, the smaller one first, not {' '.join(map(str, args.lines))}")
    if args.workers < 1:
        parser.error(f"--workers takes a number of at least 1, not {args.workers}")
    return args


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    args = arguments_of(arguments)
    if importlib.util.find_spec("ray") is None:
        sys.exit(f"error: Ray is missing, which this compares with: {INSTALL}.")
    try:
        translator = load_as(Translator, args.model, args.device)
        path = args.text or sorted((translator.folder or Path()).glob("*.train.tsv.gz"))[-1]
        text = open_text(path)
        where = machine(translator, path.name, f"{args.workers} workers")
        report = Report("engines", where, HEADER, args.write, about=ABOUT, behind="corpus")
        costs = []
        for lines in args.lines:
            costs.append(compare(lines, text, args))
            report.add(row(f"{lines:,}", costs[-1]))
    except (CheckpointError, DeviceError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f"error: {error}")
    more = [1000 * (long.cpu - short.cpu) / (args.lines[1] - args.lines[0]) for short, long in zip(*costs, strict=True)]
    report.add(
        f"\nThe lines between both lengths cost {more[0]:.2f} ms of CPU each with local and {more[1]:.2f} with ray, {more[1] / more[0]:.2f} "
        "times as much: what is left of the ratio where a text is long."
    )
    report.close()


if __name__ == "__main__":
    main()
