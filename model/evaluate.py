"""The model card's table: `python -m model.evaluate --data FOLDER` translates the test sets and prints BLEU."""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

import torch

from model.data import pad, read_pairs
from model.pretrained import FOLDER, Translator, load_pretrained
from model.tokenizer import END
from model.translate import search

SPLITS = {
    "test": ("tatoeba.test", "multi30k.test_2016_flickr", "multi30k.test_2017_flickr"),
    "dev": ("tatoeba.dev", "multi30k.val"),
}
MARKS = ("<!-- evaluation -->", "<!-- /evaluation -->")


def translate_all(translator: Translator, sentences: list[str], beam: int, batch_tokens: int = 3000) -> list[str]:
    """Translations in the order of `sentences`, decoded in batches of similar length, at most `batch_tokens` source tokens times beam."""
    encoded = [ids + [END] for ids in translator.tokenizer.processor.encode(sentences)]
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index]))
    texts = [""] * len(encoded)
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * len(encoded[order[end]]) * beam <= batch_tokens:
            end += 1
        rows = order[start:end]
        source = pad([encoded[row] for row in rows]).to(translator.model.device)
        for row, ids in zip(rows, search(translator.model, source, beam), strict=True):
            texts[row] = translator.tokenizer.decode(ids).text
        start = end
    return texts


def bleu(hypotheses: list[str], references: list[str]) -> tuple[float, str]:
    """Cased corpus BLEU and sacreBLEU's signature (Post 2018); every line of the file is a segment with one reference."""
    import sacrebleu

    metric = sacrebleu.metrics.BLEU()
    return metric.corpus_score(hypotheses, [references]).score, str(metric.get_signature())


def evaluate(translator: Translator, data: Path, splits: tuple[str, ...], beam: int) -> str:
    """Translate every split, greedy and with the beam; returns the markdown table and what stands under it."""
    lines, signature = [f"| set | sentences | greedy | beam {beam} |", "|---|---|---|---|"], ""
    for split in splits:
        sources, references = zip(*read_pairs(data / f"{split}.tsv.gz"), strict=True)
        scores = []
        for width in (1, beam):
            started = time.perf_counter()
            score, signature = bleu(translate_all(translator, list(sources), width), list(references))
            scores.append(f"{score:.1f}")
            print(
                f"{split}, beam {width}: {score:.2f}, {len(sources) / (time.perf_counter() - started):.0f} sentences/s",
                flush=True,
            )
        lines.append(f"| {split} | {len(sources):,} | {' | '.join(scores)} |")
    return "\n".join(
        [
            *lines,
            "",
            f"Cased sacreBLEU, signature `{signature}`; each line of a file is one segment with one reference.",
            "",
            *facts(translator),
        ]
    )


def facts(translator: Translator) -> list[str]:
    """Size and training of the checkpoint as a markdown list."""
    config, training = translator.model.config, translator.about.get("training", {})
    weights = FOLDER / translator.name / "weights.safetensors"
    rows = [
        f"- {config.encoder_layers} + {config.decoder_layers} layers, d_model {config.d_model}, {config.heads} heads, feed-forward {config.d_ff}, "
        f"vocabulary {config.vocabulary_size:,}: {translator.model.parameter_count:,} parameters",
    ]
    if weights.exists():
        rows.append(f"- weights: {weights.stat().st_size:,} bytes (float16)")
    if training:
        rows.append(
            f"- training: {training['steps']:,} steps, {training['tokens']:,} target tokens, {training['seconds'] / 60:.0f} minutes on "
            f"{training['hardware']}; cross-entropy on the held-out pairs {training['dev_loss']:.3f} nats per token"
        )
    return rows


def write_card(card: Path, block: str) -> None:
    """Replace what stands between the evaluation marks of a model card. Raises ValueError where the marks are missing."""
    text = card.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(MARKS[0])}.*{re.escape(MARKS[1])}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{card} has no {MARKS[0]} … {MARKS[1]} to write between.")
    card.write_text(pattern.sub(lambda _: f"{MARKS[0]}\n{block}\n{MARKS[1]}", text), encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model.evaluate", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the test sets, source<TAB>target, .tsv.gz")
    parser.add_argument("--model", default="en-fr", help="a checkpoint in pretrained/, or a folder")
    parser.add_argument("--splits", choices=sorted(SPLITS), default="test", help="choose settings on dev, report on test")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--device", default=None)
    parser.add_argument("--write-card", action="store_true", help="put the table into the checkpoint's README.md")
    args = parser.parse_args(arguments)
    translator = load_pretrained(args.model, args.device)
    with torch.inference_mode():
        block = evaluate(translator, args.data, SPLITS[args.splits], args.beam)
    print("\n" + block)
    if args.write_card:
        write_card(FOLDER / args.model / "README.md", block)


if __name__ == "__main__":
    main()
