"""What a translated token costs: `python -m bench.decode` compares the shipped greedy search with a plain loop of the same model."""

from __future__ import annotations

import sys
import time

import torch

from bench.knockout import SENTENCES
from bench.report import Report, machine
from bench.turns import options, parse, taking_turns
from model import Translator
from model.instrument.device import share_cores
from model.instrument.pretrained import CheckpointError, DeviceError, load_as
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


def measure(translator: Translator, text: str, rounds: int) -> tuple[str, float, float]:
    """Tokens of both sides, and least CPU seconds a written token of (plain loop, search), encoder and preparation included.

    Raises ValueError where the two do not say the same.
    """
    model = translator.model
    source = torch.tensor([translator.source(text).ids], device=model.device)
    ids = search(model, source)[0]
    if ids != plain_loop(model, source):
        raise ValueError(f"The plain loop and the search translate {text!r} differently.")

    functions = [lambda: plain_loop(model, source), lambda: search(model, source)]
    plain, shipped = taking_turns(functions, rounds, model.device, clock=time.process_time, summary=min)
    written = len(ids) + 1  # with </s>
    return f"{source.size(1)} + {written}", plain / written, shipped / written


def main(arguments: list[str] | None = None) -> None:
    """Print the table and, with --write, put it into bench/README.md."""
    parser = options("bench.decode", __doc__, rounds=30)
    parser.add_argument("--text", nargs="+", default=SENTENCES, help="sentences to translate; at first of 8, 24 and 60 tokens")
    args = parse(parser, arguments)
    share_cores()  # as the page does
    try:
        translator = load_as(Translator, args.model, args.device)
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
