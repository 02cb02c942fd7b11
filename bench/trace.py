"""What capturing costs: `python -m bench.trace` compares a full trace with a plain fused forward pass on the same ids."""

from __future__ import annotations

import sys

import torch

from bench.report import Report, machine
from bench.turns import options, parse, taking_turns
from model import Intervention, Translator
from model.instrument.pretrained import CheckpointError, DeviceError, load_as
from model.instrument.sites import capture
from model.trace.tokens import Tokens

SENTENCE = "The old man who lives next door told me that he had never seen so many people in the street before."
TRANSLATION = "Le vieil homme qui habite à côté m'a dit qu'il n'avait jamais vu autant de gens dans la rue auparavant."
HEADER = "| tokens a side | plain forward, ms | full trace, ms | ratio |\n|---|---|---|---|"


def pair(translator: Translator, length: int) -> tuple[Tokens, Tokens]:
    """A source and labels of exactly `length` tokens each: two sentences, repeated, ending in </s>."""
    sides = []
    for sentence in (SENTENCE, TRANSLATION):
        pieces = translator.tokenizer.encode(" ".join([sentence] * (length // 10 + 1)))
        sides.append(translator.tokenizer.with_end(pieces.first(length - 1)))
    return sides[0], sides[1]


def measure(translator: Translator, length: int, rounds: int) -> tuple[float, float]:
    """Median seconds of (plain forward, full trace) for a pair of `length` tokens a side."""
    source, labels = pair(translator, length)
    target = translator.read(labels)
    device = translator.model.device
    source_ids, target_ids = (torch.tensor([side.ids], device=device) for side in (source, target))

    def plain() -> None:
        with torch.no_grad():
            translator.model(source_ids, target_ids)

    def trace() -> None:
        capture(translator.model, source, target, labels, Intervention())

    first, second = taking_turns([plain, trace], rounds, device, warm=3)
    return first, second


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    parser = options("bench.trace", __doc__, rounds=60)
    parser.add_argument("--tokens", type=int, nargs="+", default=[16, 64, 128, 256, 500], help="tokens of each side")
    args = parse(parser, arguments)
    if not all(1 <= length <= 500 for length in args.tokens):
        parser.error(f"--tokens takes numbers from 1 to 500, not {' '.join(map(str, args.tokens))}")
    try:
        translator = load_as(Translator, args.model, args.device)
        report = Report("trace", machine(translator), HEADER, args.write)
    except (CheckpointError, DeviceError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    for length in args.tokens:
        plain, trace = measure(translator, length, max(5, args.rounds * 60 // (60 + length)))
        report.add(f"| {length} | {1000 * plain:.1f} | {1000 * trace:.1f} | {trace / plain:.2f} |")
    report.close()


if __name__ == "__main__":
    main()
