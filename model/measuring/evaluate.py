"""The model card's table: `python -m model.evaluate --data FOLDER` translates the test sets and prints BLEU."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from safetensors.torch import load

from model.instrument.checkpoint import WEIGHTS
from model.instrument.own_model import OwnModel
from model.instrument.pretrained import PairTranslator
from model.instrument.quantization import kind_of_numbers
from model.instrument.recorder import running
from model.instrument.search import LARGEST_BEAM, search
from model.instrument.tokenizer import END
from model.measuring.card import markdown, write_family
from model.measuring.command import add_held_out, check_held_out, in_words, options, score
from model.trace.values import whole_number
from model.training.data import group, pad, read_pairs
from model.transformer.recurrent import RecurrentConfig

SPLITS = {
    "test": ("tatoeba.test", "multi30k.test_2016_flickr", "multi30k.test_2017_flickr", "newstest2014.test"),
    "dev": ("tatoeba.dev", "multi30k.val", "general.dev"),
}


def translate_all(translator: PairTranslator, sentences: list[str], beam: int, batch_tokens: int = 3000) -> list[str]:
    """Translations in the order of `sentences`, decoded in batches of similar length.

    batch_tokens: most source tokens, padding included, times beam, of one batch of several sentences.
    """
    encoded = [ids + [END] for ids in translator.tokenizer.processor.encode(sentences)]
    lengths = [len(ids) for ids in encoded]
    texts = [""] * len(encoded)
    whole_number("The beam", beam, 1, LARGEST_BEAM)
    for rows in group(sorted(range(len(encoded)), key=lengths.__getitem__), lengths, batch_tokens // beam):
        source = pad([encoded[row] for row in rows]).to(translator.model.device)
        with running(translator.anatomy):
            found = search(translator.model, source, beam)
        for row, ids in zip(rows, found, strict=True):
            texts[row] = translator.tokenizer.decode(ids).text
    return texts


def bleu(hypotheses: list[str], references: list[str]) -> tuple[float, str]:
    """Cased corpus BLEU and sacreBLEU's signature (Post 2018); every line of the file is a segment with one reference."""
    import sacrebleu

    metric = sacrebleu.metrics.BLEU()
    return metric.corpus_score(hypotheses, [references]).score, str(metric.get_signature())


def evaluate(translator: PairTranslator, folder: Path, data: Path, splits: tuple[str, ...], beam: int) -> tuple[str, dict]:
    """Translate every split, greedy and with the beam; returns the markdown table with what stands under it, and the scores.

    folder: where the checkpoint lies; data: where `{split}.tsv.gz` lie. Prints each score and the speed as it goes.
    """
    widths = sorted({1, beam})
    names = ["greedy" if width == 1 else f"beam {width}" for width in widths]
    rows, signature = [], ""
    by_split: dict[str, list[float]] = {}
    for split, pairs in [(split, read_pairs(data / f"{split}.tsv.gz")) for split in splits]:
        sources, references = ([pair[side] for pair in pairs] for side in (0, 1))
        scores = []
        for width, name in zip(widths, names, strict=True):
            started = time.perf_counter()
            hypotheses = translate_all(translator, sources, width)
            speed = len(sources) / (time.perf_counter() - started)
            score, signature = bleu(hypotheses, references)
            scores.append(round(score, 2))
            print(f"{split}, {name}: {score:.2f}, {speed:.0f} sentences/s", flush=True)
        rows.append([split, f"{len(sources):,}", *(f"{score:.1f}" for score in scores)])
        by_split[split] = scores
    how = f"Cased sacreBLEU, signature `{signature}`; each line of a file is one segment with one reference."
    table = markdown(["set", "sentences", *names], rows)
    found = {
        "weights_sha256": translator.about.get("weights_sha256"),
        "beams": widths,
        "scores": by_split,
        "signature": signature,
    }
    return "\n".join([table, "", how, "", *facts(translator, folder)]), found


def facts(own: OwnModel, folder: Path) -> list[str]:
    """Size and training of the checkpoint in `folder` as a markdown list."""
    config, training = own.model.config, own.about.get("training", {})
    if isinstance(config, RecurrentConfig):
        shape = f"GRU of {config.d_encoder} in each direction and of {config.d_decoder}, attention of {config.d_attention}"
        shape = f"d_model {config.d_model}, {shape}"
    else:
        shape = f"d_model {config.d_model}, {config.heads} heads, feed-forward {config.d_ff}"
        shape = f"{' + '.join(str(layers) for layers in config.layers if layers)} layers, {shape}"
    rows = [
        f"- {shape}, vocabulary {config.vocabulary_size:,}: {own.model.parameter_count:,} parameters",
        f"- weights: {(folder / WEIGHTS).stat().st_size:,} bytes ({kind_of_numbers(load((folder / WEIGHTS).read_bytes()))})",
    ]
    foretold, held_out = ("target tokens", "pairs") if isinstance(own, PairTranslator) else ("tokens to foretell", "texts")
    if training:
        rows.append(
            f"- training: {training['steps']:,} steps, {training['tokens']:,} {foretold}, "
            f"{training['seconds'] / 60:.0f} minutes on {training['hardware']}; "
            f"cross-entropy on the held-out {held_out} {training['dev_loss']:.3f} nats per token"
        )
    return rows


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = options("evaluate", __doc__, "put the table into the checkpoint's README.md, and the family's into all of theirs")
    add_held_out(parser, SPLITS, "source<TAB>target")
    parser.add_argument("--sets", nargs="+", metavar="SET", help="only these of the splits' sets")
    parser.add_argument("--beam", type=int, default=5, help="hypotheses per sentence, beside greedy")
    args = parser.parse_args(arguments)
    if args.beam < 1:
        parser.error(f"--beam must be at least 1, not {args.beam}.")
    every = SPLITS[args.splits]
    if unknown := set(args.sets or ()) - set(every):
        parser.error(f"--sets {' '.join(sorted(unknown))}: choose from {', '.join(every)}.")
    args.sets = tuple(name for name in every if name in (args.sets or every))
    check_held_out(parser, args)
    return args


def main(arguments: list[str] | None = None) -> None:
    """Evaluate one checkpoint."""
    args = parse(arguments)
    folder = score(PairTranslator, args, lambda own, folder: evaluate(own, folder, args.data, args.sets, args.beam))
    if args.write_card:
        with in_words():
            write_family(folder)


if __name__ == "__main__":
    main()
