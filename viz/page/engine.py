"""The model behind the page: loaded once, shared by all sessions; results in caches that are bounded."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import torch

from model import RecurrentTranslator, Translator, load_model
from model.analysis.reader import AnyReader
from model.instrument.device import share_cores, wait
from model.instrument.own_model import Guess, OwnModel
from model.instrument.pretrained import CheckpointError, DeviceError
from model.measuring.depth import Depth
from model.measuring.growth_record import GrowthRecord, load_growth
from model.measuring.timeline import Moment
from model.measuring.timeline import at_moment as read_moment
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.charts.parts.words import content
from viz.page.caches import cached, loaded, shared
from viz.page.state import EXAMPLES
from viz.page.stored import neighbours_of, siblings_of, stored

MOST_MOMENTS = 10  # loaded at once: a timeline has eight


TIDY = 10.0  # seconds between two collections of garbage
_tidied = monotonic()


@dataclass(frozen=True)
class Pass:
    """One captured pass and how long it took."""

    trace: Trace
    seconds: float


@loaded(show_spinner="Loading the model …")
def translator(name: str, device: str | None) -> AnyReader:
    """The model, loaded once for all sessions. Raises CheckpointError and DeviceError as `load_model` does."""
    share_cores()
    opened = load_model(name, device)
    with suppress(ValueError):  # a model that reads fewer tokens than the example has
        opened.trace(EXAMPLES[0])  # the first pass pays for warming up; no reader should
    _settle()
    return opened


def _settle() -> None:
    """Spare the garbage collector what the process has loaded by now: walking over torch, pandas and Plotly each time takes longer than the
    script itself. Once a process: a model may go again."""
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


def tidy() -> None:
    """Collect garbage, at most once in TIDY seconds for all sessions together. Streamlit would do so after every run of every session, each look
    at a room among them: with a class of 60 that took half of the time. .streamlit/config.toml says that it does not."""
    global _tidied
    if (now := monotonic()) - _tidied > TIDY:
        _tidied = now
        gc.collect()


def _family(model: AnyReader) -> tuple[dict[str, str], list[str]]:
    """Of a translator of ours: see `model.beside.siblings`."""
    return siblings_of(str(model.folder)) if isinstance(model, Translator) and model.folder else ({}, [])


def relatives(model: AnyReader) -> dict[str, str]:
    """The checkpoints of one family that the page can switch between, this one among them; none of a model without a family."""
    return _family(model)[0]


def others(model: AnyReader) -> dict[str, str]:
    """Our checkpoints beside this one that are built otherwise, by what they are made of; none of a model that is not ours."""
    return neighbours_of(str(model.folder)) if isinstance(model, OwnModel) and model.folder else {}


def rival(model: AnyReader) -> str | None:
    """The name of a translator beside this one that is built the other way, recurrent or of attention alone; None: there is none."""
    built = {Translator: "recurrent", RecurrentTranslator: "encoder-decoder"}.get(type(model))
    return next((name for name, how in others(model).items() if how == built), None)


def notices(model: AnyReader) -> list[str]:
    """What of the files beside a checkpoint, and of its siblings, is damaged and left out, a sentence each."""
    return [*stored(model).notices, *_family(model)[1]]


def catalogue(first: AnyReader, names: Sequence[str]) -> dict[str, str]:
    """What the page can switch between, by the name that an address has for it -> where it lies: the family of the first model, what
    else of ours lies beside it, and whatever else the server was started with. names: as it was started, the first model in front."""
    models = {first.name: names[0]} | {name: str(first.folder.parent / name) for name in (*relatives(first), *others(first))}
    for where in names[1:]:
        name = Path(where).name or where
        same = sum(other == name or other.startswith(f"{name} (") for other in models)
        models[f"{name} ({same + 1})" if same else name] = where
    return models


def relative(first: AnyReader, name: str, where: str = "") -> tuple[AnyReader, str]:
    """Another model of the catalogue, on the same device; where its files cannot be read, the first one, and why in a sentence.

    where: it lies; beside the first one, where it is of its family.
    """
    if name == first.name:
        return first, ""
    try:
        return translator(where or str(first.folder.parent / name), str(first.device)), ""
    except (CheckpointError, DeviceError) as error:
        return first, f"The model “{name}” cannot be shown; this is {first.name}. {error}"


def alignment_head(model: AnyReader) -> tuple[int, int, float] | None:
    """(layer, head, error rate) of the head of cross-attention that aligns words best; None where it was not measured."""
    return stored(model).alignment


def depth(model: AnyReader) -> Depth | None:
    """What inputs the model is used to; None where it was not measured."""
    return stored(model).depth


@cached
def growth(transformer: AnyReader, recurrent: AnyReader) -> tuple[GrowthRecord | None, str]:
    """Both beside each other while the sentence grows, where it was measured on their weights; and what is wrong with the file."""
    hashes = [model.about.get("weights_sha256", "") for model in (transformer, recurrent)]
    try:
        return load_growth(recurrent.folder, hashes) if recurrent.folder else None, ""
    except CheckpointError as error:
        return None, str(error)


def moments(trained: AnyReader) -> list[Moment]:
    """The timeline of a checkpoint; none where it has none."""
    return list(stored(trained).moments)


@loaded(max_entries=MOST_MOMENTS)
def at_moment(trained: Translator, index: int) -> Translator:
    """The translator as it was at a moment of its training. Raises CheckpointError as `model.measuring.timeline.at_moment` does."""
    return read_moment(trained, trained.folder, moments(trained)[index])


@cached
def translate(translator: AnyReader, source: Tokens, intervention: Intervention = Intervention()) -> Tokens | None:
    """What the model itself says of `source`, as labels: see `AnyReader.answer`."""
    return translator.answer(source, intervention)


@shared
def captured(translator: AnyReader, source: Tokens, labels: Tokens | None, intervention: Intervention) -> Pass:
    """One captured pass over what is read and what is said of it."""
    started = time.perf_counter()
    trace = translator.capture(source, labels, intervention)  # links to tokens that are gone do nothing: see `live`
    wait(translator.device)
    return Pass(trace, time.perf_counter() - started)


@cached
def writing(translator: AnyReader, source: Tokens, intervention: Intervention) -> Tokens:
    """What the model writes: see `AnyReader.written`."""
    return translator.written(source, intervention)


@cached
def classes(translator: AnyReader, source: Tokens, intervention: Intervention) -> list[Guess]:
    """What sort of text it is to the model: see `AnyReader.classes`."""
    return translator.classes(source, intervention)


@cached
def tags(translator: AnyReader, source: Tokens, intervention: Intervention) -> list[Guess]:
    """What sort of word each is to the model: see `AnyReader.tags`."""
    return translator.tags(source, intervention)


def run(translator: AnyReader, source: Tokens, own: Tokens | None, intervention: Intervention, forced: bool = False) -> Pass:
    """Translate, then capture. own: the reader's translation as labels, read in place of the model's.

    forced: read the translation of the unchanged model (teacher forcing), whatever the changed one would have said.
    """
    labels = own or translate(translator, source, Intervention() if forced else intervention)
    return captured(translator, source, labels, intervention)


@loaded
def suggested_head(translator: AnyReader) -> tuple[str, int, int]:
    """The head to open first: the (cross-)attention head that most surely finds one word for each word of the first example."""
    if not translator.anatomy.kinds:
        return "", 0, 0
    kind = translator.anatomy.kind(translator.anatomy.default_kind)
    try:
        trace = run(translator, translator.source(EXAMPLES[0]), None, Intervention()).trace
    except ValueError:  # a model that reads fewer tokens than the example has
        return kind.name, kind.layers - 1, 0
    weights, tokens = trace.attention_of(kind.name).weights, (trace.rows(kind.name).labels, trace.columns(kind.name))
    rows, columns = (torch.tensor(content(axis), device=weights.device) for axis in tokens)
    if kind.masked:
        columns[0] = False  # where heads look that have nothing to look for
    if not bool(rows.any()):  # a model that says nothing there finds no word
        return kind.name, 0, 0
    words = weights[:, :, rows][..., columns]  # (layer, head, French word, English word)
    best = int(words.amax(-1).mean(-1).argmax())
    return (kind.name, *divmod(best, kind.heads))
