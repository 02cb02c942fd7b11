"""coreference.json: what was measured of "it", beside the checkpoint and bound to its weights."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from model.analysis.coreference import HIDDEN, LINKS, NOUNS, READS, Gathering
from model.analysis.links import Effect
from model.transformer.config import ENCODER, Config

FILE = "coreference.json"
DIGITS = 4
ALL = "all"
DECIDES = 0.5  # share of pairs that must be right in both sentences


@dataclass(frozen=True)
class Counts:
    """What translations of minimal pairs get right; each condition in both members of a pair."""

    pairs: int
    translated: int  # both nouns are translated as expected
    pronoun: int  # and the pronoun has the gender of the right noun
    both: int  # and the adjective agrees with it, too

    @property
    def share(self) -> float:
        """Pairs that are right, of those whose nouns the model can translate, 0 to 1; NaN where it can translate none."""
        return self.both / self.translated if self.translated else float("nan")


@dataclass(frozen=True, eq=False)
class Coreference:
    """All that was measured; but for the counts, over pairs whose nouns the model can translate."""

    counts: dict[str, Counts]  # by how new a pair is, and ALL
    log_p: float  # of the right pronoun behind a right beginning, nats, mean over sentences
    likelier: float  # share of sentences in which it is likelier than the other
    gathers: Gathering  # encoder, (layer, head)
    reads: dict[str, dict[str, Tensor]]  # what the row of the pronoun attends to: by kind, by READS, (layer, head)
    sentences: int  # two a pair, in which things are taken away
    own: dict[str, Effect]  # the link from "it" to one of NOUNS, cut in one encoder head: (layer, head)
    hidden: dict[str, Effect]  # by HIDDEN; no axes
    links: dict[tuple[str, str | None, str], Effect]  # by LINKS: (layers + 1,), the last with all layers at once
    heads: dict[str, Effect]  # by kind: one head off, (layer, head)
    layers: dict[str, Effect]  # by kind: all heads of a layer off, (layer,)
    reading: Effect  # the link from the row of the pronoun to the adjective, cut in one cross-attention head: (layer, head)

    @property
    def decides(self) -> bool:
        """Whether these weights tell the nouns apart at all, so that there is a decision to look for."""
        return self.counts[ALL].share >= DECIDES


def save_coreference(folder: Path, found: Coreference, weights_sha256: str, about: str) -> Path:
    """Write coreference.json into a checkpoint's folder, rounded to DIGITS, bound to the weights by their hash. Returns its path."""
    content = {
        "weights_sha256": weights_sha256,
        "about": about,
        "counts": {name: vars(counts) for name, counts in found.counts.items()},
        "sentences": found.sentences,
        "log_p": round(found.log_p, DIGITS),
        "likelier": round(found.likelier, DIGITS),
        "gathers": {field.name: _plain(getattr(found.gathers, field.name)) for field in fields(Gathering)},
        "own": {name: _effect(found.own[name]) for name in NOUNS},
        "hidden": {name: _effect(found.hidden[name]) for name in HIDDEN},
        "links": [
            {"kind": kind, "queries": queries, "keys": keys, **_effect(found.links[kind, queries, keys])}
            for kind, queries, keys in LINKS
        ],
        "heads": {kind: _effect(effect) for kind, effect in found.heads.items()},
        "layers": {kind: _effect(effect) for kind, effect in found.layers.items()},
        "reads": {kind: {name: _plain(values) for name, values in got.items()} for kind, got in found.reads.items()},
        "reading": _effect(found.reading),
    }
    path = folder / FILE
    text = json.dumps(content, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda row: f"[{' '.join(row[1].split())}]", text)  # a row of numbers on one line
    path.write_text(text + "\n", encoding="utf-8")
    return path


def load_coreference(folder: Path, weights_sha256: str) -> Coreference | None:
    """What `save_coreference` wrote; None where there is no such file, it is damaged, or it was measured on other weights."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if content["weights_sha256"] != weights_sha256:
            return None
        kinds = Config().anatomy().kind_names
        found = Coreference(
            counts={name: Counts(**counts) for name, counts in content["counts"].items()},
            sentences=int(content["sentences"]),
            log_p=float(content["log_p"]),
            likelier=float(content["likelier"]),
            gathers=Gathering(**{field.name: _tensor(content["gathers"][field.name]) for field in fields(Gathering)}),
            own={name: _read(content["own"][name]) for name in NOUNS},
            hidden={name: _read(content["hidden"][name]) for name in HIDDEN},
            links={(one["kind"], one["queries"], one["keys"]): _read(one) for one in content["links"]},
            heads={kind: _read(content["heads"][kind]) for kind in kinds},
            layers={kind: _read(content["layers"][kind]) for kind in kinds},
            reads={kind: {name: _tensor(content["reads"][kind][name]) for name in names} for kind, names in READS.items()},
            reading=_read(content["reading"]),
        )
        return found if _fits(found) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        return None


def _fits(found: Coreference) -> bool:
    """Whether everything has the shape that the rest asks for."""
    encoder, cross = tuple(found.gathers.antecedent.shape), tuple(found.reading.change.shape)
    by_kind = {kind.name: encoder if kind.asks == ENCODER else cross for kind in Config().anatomy().kinds}
    shapes = [(getattr(found.gathers, field.name), encoder) for field in fields(Gathering)]
    shapes += [(found.own[name].change, encoder) for name in NOUNS] + [(found.hidden[name].change, ()) for name in HIDDEN]
    shapes += [(found.heads[kind].change, by_kind[kind]) for kind in by_kind]
    shapes += [(found.layers[kind].change, by_kind[kind][:1]) for kind in by_kind]
    shapes += [(found.links[link].change, (by_kind[link[0]][0] + 1,)) for link in LINKS]
    shapes += [(values, cross) for got in found.reads.values() for values in got.values()]
    effects = [found.reading, *found.own.values(), *found.hidden.values(), *found.links.values(), *found.heads.values()]
    effects += found.layers.values()
    same = all(one.change.shape == one.lost.shape for one in effects)
    whole = all(tuple(one.shape) == at for one, at in shapes)
    return len(encoder) == len(cross) == 2 and same and whole and ALL in found.counts


def _plain(values: Tensor) -> list | float | None:
    """Rounded numbers; what is not a number becomes null."""

    def rounded(value: list | float) -> list | float | None:
        if isinstance(value, list):
            return [rounded(part) for part in value]
        return None if value != value else round(value, DIGITS)

    return rounded(values.tolist())


def _tensor(values: list | float | None) -> Tensor:
    def number(value: list | float | None) -> list | float:
        return [number(part) for part in value] if isinstance(value, list) else float("nan") if value is None else float(value)

    return torch.tensor(number(values))


def _effect(effect: Effect) -> dict:
    return {"change": _plain(effect.change), "lost": _plain(effect.lost)}


def _read(content: dict) -> Effect:
    return Effect(_tensor(content["change"]), _tensor(content["lost"]))
