"""Does "it" become the right pronoun, and where is that decided: `python -m model.coreference` writes coreference.json."""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import torch

from model.analysis.coreference import NOUNS, gathering, head_links, heads_off, hidden, layers_off, links, reads
from model.analysis.links import Examples, run_intact
from model.instrument.pretrained import Translator, checkpoint_folder, load_as
from model.measuring.command import CardBlock, in_words, options
from model.measuring.coreference_pairs import Pair, Verdict, judge, known_to, minimal_pairs, read_lexicon
from model.measuring.coreference_record import ALL, Coreference, Counts, save_coreference
from model.measuring.coreference_words import card_block
from model.measuring.evaluate import translate_all
from model.trace.tokens import Tokens
from model.training.data import pad, read_pairs
from model.transformer.config import CROSS, DECODER, ENCODER

NAME = "tests/data/coreference.tsv"
LEXICON = Path(__file__).resolve().parents[2] / NAME
INSIDE = 60  # pairs in which things are taken away: each costs some 800 short passes
BLOCK = "coreference"
SOURCE_PLACES = ("it", "adjective", "first", "second", *NOUNS)
TARGET_PLACES = ("first", "second", *NOUNS)


def verdicts(translator: Translator, pairs: list[Pair]) -> list[tuple[Verdict, Verdict]]:
    """What the model's own greedy translations of every pair get right."""
    members = [member for pair in pairs for member in pair.members]
    said = translate_all(translator, [member.english for member in members], beam=1)
    judged = [judge(member, text) for member, text in zip(members, said, strict=True)]
    return list(zip(judged[::2], judged[1::2], strict=True))


def count(judged: list[tuple[Verdict, Verdict]]) -> Counts:
    """How many pairs are right in both members; pronouns and adjectives count only where the nouns are translated."""
    known = [pair for pair in judged if all(one.nouns for one in pair)]
    right = {what: sum(all(getattr(one, what) for one in pair) for pair in known) for what in ("pronoun", "adjective")}
    return Counts(len(judged), len(known), right["pronoun"], right["adjective"])


def examples_of(translator: Translator, pairs: list[Pair]) -> Examples:
    """Both members of every pair, read with a right translation up to the first piece in which the two translations differ.

    Raises ValueError for a pair whose translations do not differ, as `Translator.source` for one that the model cannot read.
    """
    sources, prefixes, rows, right, wrong = [], [], [], [], []
    spots: dict[str, dict[str, list[list[int]]]] = {ENCODER: {}, DECODER: {}}
    for pair in pairs:
        labels = [translator.target(member.french) for member in pair.members]
        row = next((at for at, ids in enumerate(zip(*(one.ids for one in labels), strict=False)) if len(set(ids)) > 1), None)
        if row is None:
            raise ValueError(f"The translations of {pair.members[0].english!r} and its twin do not differ.")
        for at, member in enumerate(pair.members):
            source, read = translator.source(member.english), translator.read(labels[at]).first(row + 1)
            sources.append(source.ids)
            prefixes.append(read.ids)
            rows.append(row)
            right.append(labels[at].ids[row])
            wrong.append(labels[1 - at].ids[row])
            words = {name: _covering(source, member.span(name)) for name in SOURCE_PLACES}
            _note(spots[ENCODER], words | {"real": list(range(len(source))), "rest": _rest(len(source), words)})
            nouns = {name: _covering(read, member.french_span(name)) for name in TARGET_PLACES} | {"pronoun": [row]}
            _note(spots[DECODER], nouns | {"rest": _rest(len(read), nouns)})
    ids = {ENCODER: pad(sources), DECODER: pad(prefixes)}
    device = translator.model.device
    places = {
        side: {name: _marked(found, ids[side].size(1)).to(device) for name, found in names.items()}
        for side, names in spots.items()
    }
    asked, right_ids, wrong_ids = (torch.tensor(values, device=device) for values in (rows, right, wrong))
    return Examples(ids[ENCODER].to(device), ids[DECODER].to(device), asked, right_ids, wrong_ids, places)


def _covering(tokens: Tokens, span: tuple[int, int]) -> list[int]:
    """Positions of the pieces that share a character with a span of the text."""
    return [at for at, own in enumerate(tokens.spans) if own and own[0] < span[1] and span[0] < own[1]]


def _rest(length: int, places: dict[str, list[int]]) -> list[int]:
    """Positions that are in none of the places."""
    taken = {at for positions in places.values() for at in positions}
    return [at for at in range(length) if at not in taken]


def _note(spots: dict[str, list[list[int]]], found: dict[str, list[int]]) -> None:
    for name, positions in found.items():
        spots.setdefault(name, []).append(positions)


def _marked(rows: list[list[int]], width: int) -> torch.Tensor:
    """bool (row, width): True at the positions of each row."""
    marks = torch.zeros(len(rows), width, dtype=torch.bool)
    for row, positions in enumerate(rows):
        marks[row, positions] = True
    return marks


def measure(translator: Translator, pairs: list[Pair], seed: int = 0, inside: int = INSIDE) -> Coreference:
    """Everything. `inside` of the pairs whose nouns are translated, drawn with `seed`, have things taken away.

    Raises ValueError where the model translates the nouns of no pair.
    """
    judged = verdicts(translator, pairs)
    names = {ALL: judged} | {
        name: [one for pair, one in zip(pairs, judged, strict=True) if pair.novelty == name]
        for name in sorted({pair.novelty for pair in pairs})
    }
    counts = {name: count(found) for name, found in names.items()}
    known = [pair for pair, one in zip(pairs, judged, strict=True) if all(member.nouns for member in one)]
    if not known:
        raise ValueError("The model translates both nouns of no pair, so there is nothing to ask of its pronouns.")
    return measure_inside(translator, known, counts, seed, inside)


def measure_inside(
    translator: Translator, pairs: list[Pair], counts: dict[str, Counts], seed: int = 0, inside: int = INSIDE
) -> Coreference:
    """What heads do with these pairs, whatever the model's own translations of them are."""
    model, examples = translator.model, examples_of(translator, pairs)
    intact = run_intact(model, examples)
    some = random.Random(seed).sample(pairs, min(inside, len(pairs)))
    fewer = examples_of(translator, some)
    as_is = run_intact(model, fewer)
    return Coreference(
        counts=counts,
        log_p=float(intact.said[:, 0].mean()),
        likelier=float((intact.said[:, 0] > intact.said[:, 1]).float().mean()),
        gathers=gathering(intact, examples, seed),
        reads={kind: reads(intact, examples, kind) for kind in (DECODER, CROSS)},
        sentences=len(fewer),
        own={name: head_links(model, fewer, as_is, ENCODER, "it", name) for name in NOUNS},
        hidden=hidden(model, fewer, as_is),
        links=links(model, fewer, as_is),
        heads={kind: heads_off(model, fewer, as_is, kind) for kind in model.anatomy.kind_names},
        layers={kind: layers_off(model, fewer, as_is, kind) for kind in model.anatomy.kind_names},
        reading=head_links(model, fewer, as_is, CROSS, "pronoun", "adjective"),
    )


def check_training(lexicon_path: Path, files: list[Path]) -> None:
    """Raises ValueError where a file of pairs to train on holds what this test holds out."""
    lexicon = read_lexicon(lexicon_path)
    for path in files:
        spoiling = known_to(lexicon, (english for english, _ in read_pairs(path)))
        if spoiling:
            raise ValueError(f"{path} holds {len(spoiling)} sentences that this test holds out, the first one: {spoiling[0]}")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = options("coreference", __doc__, "put the tables into the checkpoint's README.md")
    parser.add_argument("--lexicon", type=Path, default=LEXICON, help="nouns, adjectives and frames of the minimal pairs")
    parser.add_argument("--phrases", type=Path, nargs="*", default=[], help="phrases to train on, checked to hold out the pairs")
    parser.add_argument("--inside", type=int, default=INSIDE, help="pairs in which heads and links are taken away")
    parser.add_argument("--seed", type=int, default=0, help="draws the pairs and shuffles the null")
    args = parser.parse_args(arguments)
    if args.inside < 1:
        parser.error(f"--inside must be at least 1, not {args.inside}.")
    return args


def main(arguments: list[str] | None = None) -> None:
    """Measure one checkpoint, print and store what was found and, with --write-card, put it into the model card."""
    args = parse(arguments)
    started, folder = time.perf_counter(), checkpoint_folder(args.model)
    with in_words():
        card = CardBlock(folder, BLOCK, args.write_card)
        check_training(args.lexicon, args.phrases)
        translator, pairs = load_as(Translator, folder, args.device), minimal_pairs(read_lexicon(args.lexicon), seed=args.seed)
        with torch.inference_mode():
            found = measure(translator, pairs, args.seed, args.inside)
    about = f"{len(pairs)} minimal pairs from `{NAME}`, seed {args.seed}"
    block = card_block(found, about)
    print(block)
    path = save_coreference(folder, found, translator.about["weights_sha256"], about)
    card.write(block)
    print(f"\n{time.perf_counter() - started:.0f} s -> {path}")


if __name__ == "__main__":
    main()
