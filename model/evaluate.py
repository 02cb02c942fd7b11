"""The model card's table: `python -m model.evaluate --data FOLDER` translates the test sets and prints BLEU."""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

import torch

from model.data import group, pad, read_pairs
from model.pretrained import CheckpointError, DeviceError, Translator, checkpoint_folder, load_pretrained
from model.tokenizer import END
from model.translate import search

SPLITS = {
    "test": ("tatoeba.test", "multi30k.test_2016_flickr", "multi30k.test_2017_flickr"),
    "dev": ("tatoeba.dev", "multi30k.val"),
}
MARKS = ("<!-- evaluation -->", "<!-- /evaluation -->")


def translate_all(translator: Translator, sentences: list[str], beam: int, batch_tokens: int = 3000) -> list[str]:
    """Translations in the order of `sentences`, decoded in batches of similar length.

    batch_tokens: most source tokens, padding included, times beam, of one batch of several sentences.
    """
    encoded = [ids + [END] for ids in translator.tokenizer.processor.encode(sentences)]
    lengths = [len(ids) for ids in encoded]
    texts = [""] * len(encoded)
    for rows in group(sorted(range(len(encoded)), key=lengths.__getitem__), lengths, batch_tokens // beam):
        source = pad([encoded[row] for row in rows]).to(translator.model.device)
        for row, ids in zip(rows, search(translator.model, source, beam), strict=True):
            texts[row] = translator.tokenizer.decode(ids).text
    return texts


def bleu(hypotheses: list[str], references: list[str]) -> tuple[float, str]:
    """Cased corpus BLEU and sacreBLEU's signature (Post 2018); every line of the file is a segment with one reference."""
    import sacrebleu

    metric = sacrebleu.metrics.BLEU()
    return metric.corpus_score(hypotheses, [references]).score, str(metric.get_signature())


def evaluate(translator: Translator, folder: Path, data: Path, splits: tuple[str, ...], beam: int) -> str:
    """Translate every split, greedy and with the beam; returns the markdown table and what stands under it.

    folder: where the checkpoint lies; data: where `{split}.tsv.gz` lie. Prints each score and the speed as it goes.
    """
    widths = sorted({1, beam})
    names = ["greedy" if width == 1 else f"beam {width}" for width in widths]
    lines, signature = [f"| set | sentences | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)], ""
    for split, pairs in [(split, read_pairs(data / f"{split}.tsv.gz")) for split in splits]:
        sources, references = ([pair[side] for pair in pairs] for side in (0, 1))
        scores = []
        for width, name in zip(widths, names, strict=True):
            started = time.perf_counter()
            hypotheses = translate_all(translator, sources, width)
            speed = len(sources) / (time.perf_counter() - started)
            score, signature = bleu(hypotheses, references)
            scores.append(f"{score:.1f}")
            print(f"{split}, {name}: {score:.2f}, {speed:.0f} sentences/s", flush=True)
        lines.append(f"| {split} | {len(sources):,} | {' | '.join(scores)} |")
    how = f"Cased sacreBLEU, signature `{signature}`; each line of a file is one segment with one reference."
    return "\n".join([*lines, "", how, "", *facts(translator, folder)])


def facts(translator: Translator, folder: Path) -> list[str]:
    """Size and training of the checkpoint in `folder` as a markdown list."""
    config, training = translator.model.config, translator.about.get("training", {})
    rows = [
        f"- {config.encoder_layers} + {config.decoder_layers} layers, d_model {config.d_model}, {config.heads} heads, "
        f"feed-forward {config.d_ff}, vocabulary {config.vocabulary_size:,}: {translator.model.parameter_count:,} parameters",
        f"- weights: {(folder / 'weights.safetensors').stat().st_size:,} bytes (float16)",
    ]
    if training:
        rows.append(
            f"- training: {training['steps']:,} steps, {training['tokens']:,} target tokens, "
            f"{training['seconds'] / 60:.0f} minutes on {training['hardware']}; "
            f"cross-entropy on the held-out pairs {training['dev_loss']:.3f} nats per token"
        )
    return rows


def card_parts(card: Path) -> tuple[str, str]:
    """A model card's text before and after the evaluation block. Raises ValueError where its marks are missing."""
    text = card.read_text(encoding="utf-8")
    found = re.search(f"{re.escape(MARKS[0])}.*{re.escape(MARKS[1])}", text, re.DOTALL)
    if not found:
        raise ValueError(f"{card} has no {MARKS[0]} … {MARKS[1]} to write between.")
    return text[: found.start()], text[found.end() :]


def write_card(card: Path, block: str) -> None:
    """Replace what stands between the evaluation marks of a model card. Raises ValueError where the marks are missing."""
    before, after = card_parts(card)
    card.write_text(f"{before}{MARKS[0]}\n{block}\n{MARKS[1]}{after}", encoding="utf-8")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    form = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m model.evaluate", description=__doc__, formatter_class=form)
    parser.add_argument("--data", type=Path, required=True, help="folder with the sets, source<TAB>target, .tsv.gz")
    parser.add_argument("--model", default="en-fr", help="a checkpoint in pretrained/, or a folder")
    parser.add_argument("--splits", choices=sorted(SPLITS), default="test", help="choose settings on dev, report on test")
    parser.add_argument("--beam", type=int, default=5, help="hypotheses per sentence, beside greedy")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    parser.add_argument("--write-card", action="store_true", help="put the table into the checkpoint's README.md")
    args = parser.parse_args(arguments)
    if args.beam < 1:
        parser.error(f"--beam must be at least 1, not {args.beam}.")
    if args.write_card and args.splits != "test":
        parser.error("--write-card goes with --splits test: the card reports the test sets.")
    return args


def main(arguments: list[str] | None = None) -> None:
    """Evaluate one checkpoint."""
    args = parse(arguments)
    folder = checkpoint_folder(args.model)
    try:
        if args.write_card:
            card_parts(folder / "README.md")  # not after minutes of work
        with torch.inference_mode():
            block = evaluate(load_pretrained(folder, args.device), folder, args.data, SPLITS[args.splits], args.beam)
    except (OSError, ValueError, CheckpointError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error
    print("\n" + block)
    if args.write_card:
        write_card(folder / "README.md", block)


if __name__ == "__main__":
    main()
