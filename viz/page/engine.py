"""The model behind the page: loaded once, shared by all sessions; results in caches that are bounded."""

from __future__ import annotations

import gc
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import torch

from model import Translator
from model.instrument.device import wait
from model.instrument.pretrained import CheckpointError, DeviceError, load_as
from model.instrument.search import most_tokens
from model.instrument.sites import capture
from model.measuring.depth import Depth
from model.measuring.timeline import Moment
from model.measuring.timeline import at_moment as read_moment
from model.trace.intervention import Intervention
from model.trace.places import within
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.charts.parts.words import content
from viz.page.caches import cached, loaded, shared
from viz.page.state import EXAMPLES
from viz.page.stored import siblings_of, stored

MOST_MOMENTS = 10  # loaded at once: a timeline has eight


TIDY = 10.0  # seconds between two collections of garbage
_tidied = monotonic()


@dataclass(frozen=True)
class Pass:
    """One captured pass and how long it took."""

    trace: Trace
    seconds: float


@loaded(show_spinner="Loading the model …")
def translator(name: str, device: str | None) -> Translator:
    """The checkpoint, loaded once for all sessions. Raises CheckpointError and DeviceError as `load_as` does."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))  # the browser needs cores, too: threads that wait are slower
    opened = load_as(Translator, name, device)
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


def relatives(translator: Translator) -> dict[str, str]:
    """The checkpoints that the page can switch between, this one among them: see `model.beside.siblings`."""
    return siblings_of(str(translator.folder))[0] if translator.folder else {}


def notices(model: Translator) -> list[str]:
    """What of the files beside a checkpoint, and of its siblings, is damaged and left out, a sentence each."""
    return [*stored(model).notices, *(siblings_of(str(model.folder))[1] if model.folder else [])]


def relative(first: Translator, name: str) -> tuple[Translator, str]:
    """A member of the family, on the same device; where its files cannot be read, the first one, and why in a sentence."""
    if name == first.name:
        return first, ""
    try:
        return translator(str(first.folder.parent / name), str(first.model.device)), ""
    except (CheckpointError, DeviceError) as error:
        return first, f"The model “{name}” cannot be shown; this is {first.name}. {error}"


def alignment_head(model: Translator) -> tuple[int, int, float] | None:
    """(layer, head, error rate) of the head of cross-attention that aligns words best; None where it was not measured."""
    return stored(model).alignment


def depth(model: Translator) -> Depth | None:
    """What inputs the model is used to; None where it was not measured."""
    return stored(model).depth


def moments(trained: Translator) -> list[Moment]:
    """The timeline of a checkpoint; none where it has none."""
    return list(stored(trained).moments)


@loaded(max_entries=MOST_MOMENTS)
def at_moment(trained: Translator, index: int) -> Translator:
    """The translator as it was at a moment of its training. Raises CheckpointError as `model.measuring.timeline.at_moment` does."""
    return read_moment(trained, trained.folder, moments(trained)[index])


@cached
def translate(translator: Translator, source: Tokens, intervention: Intervention = Intervention()) -> Tokens:
    """The model's own translation of `source` as labels."""
    reached = most_tokens(len(source), translator.model.config)
    return translator.translate_tokens(source, within(intervention, translator.anatomy, len(source), reached))


@shared
def captured(translator: Translator, source: Tokens, labels: Tokens, intervention: Intervention) -> Pass:
    """One captured pass over a pair."""
    started = time.perf_counter()
    # links to tokens that are gone do nothing: see `shell`
    trace = capture(translator.model, source, translator.read(labels), labels, intervention, translator.anatomy)
    wait(trace.logits.device)
    return Pass(trace, time.perf_counter() - started)


def run(translator: Translator, source: Tokens, own: Tokens | None, intervention: Intervention, forced: bool = False) -> Pass:
    """Translate, then capture. own: the reader's translation as labels, read in place of the model's.

    forced: read the translation of the unchanged model (teacher forcing), whatever the changed one would have said.
    """
    labels = own or translate(translator, source, Intervention() if forced else intervention)
    return captured(translator, source, labels, intervention)


@loaded
def suggested_head(translator: Translator) -> tuple[str, int, int]:
    """The head to open first: the (cross-)attention head that most surely finds one word for each word of the first example."""
    kind = translator.anatomy.kind(translator.anatomy.default_kind)
    try:
        trace = run(translator, translator.source(EXAMPLES[0]), None, Intervention()).trace
    except ValueError:  # a model that reads fewer tokens than the example has
        return kind.name, kind.layers - 1, 0
    weights, tokens = trace.attention_of(kind.name).weights, (trace.rows(kind.name).labels, trace.columns(kind.name))
    rows, columns = (torch.tensor(content(axis), device=weights.device) for axis in tokens)
    if not bool(rows.any()):  # a model that says nothing there finds no word
        return kind.name, 0, 0
    words = weights[:, :, rows][..., columns]  # (layer, head, French word, English word)
    best = int(words.amax(-1).mean(-1).argmax())
    return (kind.name, *divmod(best, kind.heads))
