"""What a lesson is made from, without a page: the shipped model on a sentence, every pass once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from model import Intervention, Translator, load_pretrained
from model.analysis.knockout import label_log_probabilities
from model.instrument.beside import neighbours, siblings
from model.instrument.translator import PairTranslator
from model.measuring.alignment import load_alignment
from model.measuring.coreference_record import load_coreference
from viz.page.lesson import Material

SENTENCES = [
    line
    for line in (Path(__file__).parents[1] / "data" / "lessons.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


def material(translator: Translator, text: str, asks_family: bool = True) -> Material:
    """The Material of a sentence, as the page makes it; asks_family: it knows the relatives of the model."""
    trace = translator.trace(text)
    folder, weights = translator.folder, translator.about["weights_sha256"]
    aligned = load_alignment(folder, weights, translator.model.config)

    @cache
    def under(change: Intervention):
        return translator.trace(text, target=trace.translation, intervention=change)

    @cache
    def without(changes: tuple[Intervention, ...]):
        return label_log_probabilities(trace, translator.passes, changes)

    def sibling(kind: str) -> PairTranslator | None:
        names = [name for name, other in siblings(folder)[0].items() if other == kind and asks_family]
        return _loaded(folder.parent / names[0]) if names else None

    return Material(
        translator, trace, under, lambda changes: without(tuple(changes)),
        lambda text, change: _translated(translator, text, change), sibling, aligned[:2], load_coreference(folder, weights),
        {how: name for name, how in {**siblings(folder)[0], **neighbours(folder)}.items()} if asks_family else {},
    )  # fmt: skip


@cache
def _loaded(folder: Path) -> Translator:
    return load_pretrained(folder, device="cpu")


@cache
def _translated(translator: Translator, text: str, change: Intervention) -> str:
    return translator.translate_tokens(translator.source(text), change).text
