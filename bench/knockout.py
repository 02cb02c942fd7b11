"""What knocking out every head costs: `python -m bench.knockout` compares all of them in one go with one plain trace."""

from __future__ import annotations

import sys

from bench.report import Report, machine
from bench.turns import options, parse, taking_turns
from model import Intervention, Translator
from model.analysis.knockout import every_head, knock_out
from model.instrument.pretrained import CheckpointError, DeviceError, load_as
from model.instrument.sites import capture

SENTENCES = (  # of 8, 24 and 60 tokens, with translations of about the same length
    "The cat sat on the mat.",
    "The very old man who lives next door told me that he had never seen so many people in the street before.",
    "The man who wrote this book was born in a small village, and he spent most of his life in the city, where he worked as a "
    "teacher. When he was sixty years old, he went back to the village because he wanted to see the house that his father had "
    "built.",
)
HEADER = """\
| tokens a side | trace (translate + capture), ms | capture alone, ms | every head, ms | heads / trace | heads / capture |
|---|---|---|---|---|---|"""


def measure(translator: Translator, text: str, rounds: int) -> tuple[str, list[float]]:
    """Tokens of both sides, and median seconds of (trace, captured pass alone, every head knocked out)."""
    trace, model = translator.trace(text), translator.model
    heads = list(every_head(model.anatomy).values())

    functions = [
        lambda: translator.trace(text),
        lambda: capture(model, trace.source, trace.target, trace.labels, Intervention()),
        lambda: knock_out(trace, translator.passes, heads),
    ]
    return f"{len(trace.source)} + {len(trace.target)}", taking_turns(functions, rounds, model.device)


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    parser = options("bench.knockout", __doc__, rounds=15)
    parser.add_argument("--text", nargs="+", default=SENTENCES, help="sentences to measure; at first of 8, 24 and 60 tokens")
    args = parse(parser, arguments)
    try:
        translator = load_as(Translator, args.model, args.device)
        for text in args.text:
            translator.source(text)  # not after the others were measured
        count = len(every_head(translator.model.anatomy))
        report = Report("knockout", machine(translator, f"{count} heads"), HEADER, args.write)
    except (CheckpointError, DeviceError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    for text in args.text:
        tokens, (trace, alone, heads) = measure(translator, text, args.rounds)
        times = [f"{1000 * taken:.1f}" for taken in (trace, alone, heads)]
        report.add(f"| {' | '.join([tokens, *times, f'{heads / trace:.2f}', f'{heads / alone:.1f}'])} |")
    report.close()


if __name__ == "__main__":
    main()
