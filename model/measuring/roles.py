"""What heads do on held-out sentences: `python -m model.roles --data FOLDER` measures all roles and writes roles.json."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.analysis.roles import ROLE, HeadMeasures, RoleMeasure, head_statistics, role_scores, shuffled
from model.instrument.beside import entry, explained, head_shapes, head_table, read_measured, whole_number
from model.instrument.pretrained import Translator, checkpoint_folder, load_as
from model.measuring.command import in_words, options
from model.trace.anatomy import Anatomy
from model.training.data import read_pairs
from model.transformer.config import Config, briefly

FILE = "roles.json"
SPLITS = ("tatoeba.dev", "multi30k.val")
EACH = 250  # sentence pairs of every split
DIGITS = 4
FIELDS = ("score", "null", "deviation", "null_deviation")
STATISTICS = ("entropy", "share")  # of every kind of attention ...
OF_SELF = (*STATISTICS, "distance")  # ... and of self-attention


def sample(data: Path, each: int = EACH, seed: int = 0) -> list[tuple[str, str]]:
    """`each` pairs of every split in the folder `data`, drawn with `seed`. Raises OSError or ValueError as `read_pairs`."""
    generator = random.Random(seed)
    splits = [read_pairs(data / f"{split}.tsv.gz") for split in SPLITS]
    return [pair for pairs in splits for pair in generator.sample(pairs, min(each, len(pairs)))]


def measure_pairs(translator: Translator, pairs: list[tuple[str, str]], seed: int = 0) -> HeadMeasures:
    """Means and standard deviations over sentence pairs, read with the reference as target (teacher forcing).

    The null of every sentence is its role scores with each row's weights shuffled once, drawn with `seed`.
    A role's mean is over the sentences in which it is defined. Raises ValueError for a pair that the model cannot read.
    """
    generator = torch.Generator().manual_seed(seed)
    statistics: dict[tuple[str, str], list[Tensor]] = {}
    scores: dict[tuple[str, str], list[tuple[Tensor, Tensor]]] = {}
    for source, target in pairs:
        trace = translator.trace(source, target)
        found, null = role_scores(trace), role_scores(shuffled(trace, generator))
        for kind in trace.attention:
            for name, value in head_statistics(trace)[kind].items():
                statistics.setdefault((kind, name), []).append(value.cpu())
            for name, score in found[kind].items():
                scores.setdefault((kind, name), []).append((score.cpu(), null[kind][name].cpu()))
    kinds = translator.anatomy.kind_names
    measures = HeadMeasures(len(pairs), {kind: {} for kind in kinds}, {kind: {} for kind in kinds})
    for (kind, name), values in statistics.items():
        measures.statistics[kind][name] = torch.stack(values).mean(0)
    for (kind, name), pairs_of_scores in scores.items():
        both = torch.stack([torch.stack(pair) for pair in pairs_of_scores])  # (sentence, score or null, layer, head)
        (score, chance), count = both.mean(0), len(pairs_of_scores)
        deviation, chance_deviation = both.std(0, correction=min(1, count - 1))
        measures.roles[kind][name] = RoleMeasure(ROLE[name], score, chance, deviation, chance_deviation, count)
    return measures


def as_json(measures: HeadMeasures) -> dict[str, Any]:
    """Statistics and roles as JSON has them: tables (layer, head), rounded to DIGITS."""

    def plain(values: Tensor) -> list[list[float]]:
        return [[round(value, DIGITS) for value in row] for row in values.tolist()]

    return {
        "sentences": measures.sentences,
        "statistics": {
            kind: {name: plain(values) for name, values in found.items()} for kind, found in measures.statistics.items()
        },
        "roles": {
            kind: {
                name: {"sentences": got.sentences, **{field: plain(getattr(got, field)) for field in FIELDS}}
                for name, got in found.items()
            }
            for kind, found in measures.roles.items()
        },
    }


def from_json(content: Mapping[str, Any], anatomy: Anatomy, shapes: Mapping[str, tuple[int, int]]) -> HeadMeasures:
    """What `as_json` made of a model. shapes: (layers, heads) that its tables must have, by kind; any, where it names none.

    Raises ValueError, KeyError and the like, in words, for what cannot be.
    """
    statistics, roles = {}, {}
    for kind in anatomy.kind_names:
        found, names = entry(entry(content, "statistics"), kind), OF_SELF if anatomy.kind(kind).is_self else STATISTICS
        statistics[kind] = {name: torch.tensor(head_table(found[name], shapes.get(kind), name)) for name in names}
        layers, heads = statistics[kind]["entropy"].shape
        measured = entry(entry(content, "roles"), kind)
        roles[kind] = {name: _role_measure(name, kind, entry(measured, name), (layers, heads), anatomy) for name in measured}
    return HeadMeasures(whole_number(content["sentences"], "sentences", 1), statistics, roles)


def save_roles(folder: Path, measures: HeadMeasures, weights_sha256: str, about: str) -> Path:
    """Write `roles.json` into a checkpoint's folder: rounded to DIGITS, bound to the weights by their hash. Returns its path."""
    path = folder / FILE
    content = {"weights_sha256": weights_sha256, "about": about, **as_json(measures)}
    path.write_text(as_text(content), encoding="utf-8")
    return path


def as_text(content: Mapping[str, Any]) -> str:
    """JSON with a row of numbers on one line."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda row: f"[{' '.join(row[1].split())}]", text) + "\n"


def load_roles(folder: Path, weights_sha256: str, config: Config | None = None) -> HeadMeasures | None:
    """What `save_roles` wrote; None where there is no such file, or one that was measured on other weights.

    config: of the model, whose layers and heads the file must have. Raises CheckpointError that names a damaged file.
    """
    content = read_measured(folder, FILE, weights_sha256)
    if content is None:
        return None
    with explained(folder / FILE):
        return from_json(content, (config or Config()).anatomy(), head_shapes(config) if config else {})


def _role_measure(name: str, kind: str, got: Mapping, shape: tuple[int, int], anatomy: Anatomy) -> RoleMeasure:
    """One role out of roles.json. Raises ValueError or KeyError for what it cannot be."""
    if name not in ROLE or kind not in ROLE[name].kinds(anatomy):
        raise ValueError(f"{briefly(name)} is no role of {kind} attention that this version knows")
    values = {field: torch.tensor(head_table(got[field], shape, f"{field} of {name}", 1)) for field in FIELDS}
    return RoleMeasure(ROLE[name], **values, sentences=whole_number(got["sentences"], f"sentences of {name}", 1))


def main(arguments: list[str] | None = None) -> None:
    """Measure one checkpoint and print which heads have which role."""
    parser = options("roles", __doc__)
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {' and '.join(SPLITS)}, .tsv.gz")
    parser.add_argument("--seed", type=int, default=0, help="draws the sentences and shuffles the null")
    args = parser.parse_args(arguments)
    started, folder = time.perf_counter(), checkpoint_folder(args.model)
    with in_words():
        translator, pairs = load_as(Translator, folder, args.device), sample(args.data, seed=args.seed)
        measures = measure_pairs(translator, pairs, args.seed)
    about = f"{EACH} pairs each of {' and '.join(SPLITS)}, seed {args.seed}, reference as target"
    path = save_roles(folder, measures, translator.about["weights_sha256"], about)
    for role in ROLE.values():
        names = [f"{kind} {layer + 1}.{head + 1}" for kind, layer, head in sorted(measures.having(role.name))]
        print(f"{role.title}: {', '.join(names) or 'no head'}")
    print(f"{len(pairs)} sentences in {time.perf_counter() - started:.0f} s -> {path}")


if __name__ == "__main__":
    main()
