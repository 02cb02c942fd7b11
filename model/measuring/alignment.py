"""Which head aligns best: `python -m model.alignment --pairs FILE` scores all heads of cross-attention on links set by hand."""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor

from model.analysis.alignment import Pair, head_errors, layer_errors, read_pairs
from model.instrument.beside import explained, head_shapes, head_table, read_measured
from model.instrument.pretrained import PairTranslator, checkpoint_folder, load_as
from model.instrument.project import ROOT
from model.measuring.card import markdown
from model.measuring.command import CardBlock, in_words, options
from model.transformer.config import CROSS, Config

FILE = "alignment.json"


def measure(translator: PairTranslator, pairs: list[Pair]) -> tuple[Tensor, Tensor]:
    """Alignment error rate of every head of cross-attention, (layer, head), and of the mean of each layer's heads, (layer,).

    The model reads the pairs' own targets (teacher forcing).
    """
    traces = [translator.trace(pair.source, pair.target) for pair in pairs]
    return head_errors(traces, pairs), layer_errors(traces, pairs)


def table(errors: Tensor, means: Tensor, count: int) -> str:
    """All heads as markdown, layers down, heads across and the mean of them, the best head bold, and the rule below."""
    layers, heads = errors.shape
    best = int(errors.argmin())
    names = [*(f"head {head + 1}" for head in range(heads)), "mean of heads"]
    rows = []
    for layer in range(layers):
        cells = [f"{float(errors[layer, head]):.2f}" for head in range(heads)]
        if best // heads == layer:
            cells[best % heads] = f"**{cells[best % heads]}**"
        rows.append([str(layer + 1), *cells, f"{float(means[layer]):.2f}"])
    where = f"layer {best // heads + 1}, head {best % heads + 1}"
    rule = (
        f"Alignment error rate (Och and Ney 2003) on {count} sentence pairs with links set by hand; 0 is perfect. A head links every "
        "target word to the source word to which the rows that produce it attend most, `</s>` left out; the model reads the reference. "
        "The last column links by the mean attention of the layer's heads. "
        f"Best: {where}, {float(errors.min()):.3f}."
    )
    return f"{markdown(['layer', *names], rows)}\n\n{rule}"


def load_alignment(folder: Path, weights_sha256: str, config: Config | None = None) -> tuple[int, int, float] | None:
    """(layer, head, error rate) of the best head of a checkpoint; None where it was not measured on these weights.

    config: of the model, whose layers and heads the file must have. Raises CheckpointError that names a damaged file.
    """
    content = read_measured(folder, FILE, weights_sha256)
    if content is None:
        return None
    with explained(folder / FILE):
        errors = head_table(content["errors"], head_shapes(config)[CROSS] if config else None, "errors", 1)
        return min(
            (layer, head, error) for layer, row in enumerate(errors) for head, error in enumerate(row) if error == best(errors)
        )


def best(errors: list[list[float]]) -> float:
    """The smallest error rate."""
    return min(min(row) for row in errors)


def main(arguments: list[str] | None = None) -> None:
    """Measure one checkpoint, print the table, store it and, with --write-card, put it into the model card."""
    parser = options("alignment", __doc__, "put the table into the checkpoint's README.md")
    parser.add_argument("--pairs", type=Path, default=ROOT / "tests/data/alignments.tsv", help="sentence pairs with links")
    args = parser.parse_args(arguments)
    folder = checkpoint_folder(args.model)
    with in_words():
        card = CardBlock(folder, "alignment", args.write_card)
        translator, pairs = load_as(PairTranslator, folder, args.device), read_pairs(args.pairs)
        errors, means = measure(translator, pairs)
    block = table(errors, means, len(pairs))
    print(block)
    rounded = [[round(value, 4) for value in row] for row in errors.tolist()]
    content = {"weights_sha256": translator.about["weights_sha256"], "pairs": len(pairs), "errors": rounded}
    (folder / FILE).write_text(json.dumps(content) + "\n", encoding="utf-8")
    card.write(block)


if __name__ == "__main__":
    main()
