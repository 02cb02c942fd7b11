"""The model behind the page: loaded once, shared by all sessions; results in caches that are bounded."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
import torch

from model import Translator, load_pretrained
from model.alignment import load_alignment
from model.capture import capture
from model.intervention import Intervention
from model.places import within
from model.pretrained import family
from model.timeline import Moment, load_timeline
from model.timeline import at_moment as read_moment
from model.tokenizer import Tokens
from model.trace import Trace
from model.translate import most_tokens
from viz.charts.words import content
from viz.views.settings import EXAMPLES


@dataclass(frozen=True)
class Pass:
    """One captured pass and how long it took."""

    trace: Trace
    seconds: float


@st.cache_resource(show_spinner="Loading the model …")
def translator(name: str, device: str | None) -> Translator:
    """The checkpoint, loaded once for all sessions. Raises CheckpointError and DeviceError as `load_pretrained` does."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))  # the browser needs cores, too: threads that wait are slower
    loaded = load_pretrained(name, device)
    loaded.trace(EXAMPLES[0])  # the first pass pays for warming up; no reader should
    return loaded


@st.cache_data(max_entries=8, show_spinner=False)
def _family(folder: str) -> dict[str, str]:
    return family(folder)


def relatives(translator: Translator) -> dict[str, str]:
    """The checkpoints that the page can switch between, this one among them: see `model.pretrained.family`."""
    return _family(str(translator.folder)) if translator.folder else {}


def relative(first: Translator, name: str) -> Translator:
    """A member of the family, on the same device."""
    return translator(str(first.folder.parent / name), str(first.model.device))


@st.cache_data(max_entries=16, show_spinner=False)
def _alignment(folder: str, weights: str) -> tuple[int, int, float] | None:
    return load_alignment(Path(folder), weights)


def alignment_head(shown: Translator) -> tuple[int, int, float] | None:
    """(layer, head, error rate) of the head of cross-attention that aligns words best; None where it was not measured."""
    return _alignment(str(shown.folder), cache_key(shown)) if shown.folder else None


@st.cache_data(max_entries=8, show_spinner=False)
def _moments(folder: str, weights: str) -> list[Moment]:
    return load_timeline(Path(folder), weights)


def moments(trained: Translator) -> list[Moment]:
    """The timeline of a checkpoint; none where it has none."""
    return _moments(str(trained.folder), cache_key(trained)) if trained.folder else []


@st.cache_resource(max_entries=10, show_spinner=False)
def _at_moment(_trained: Translator, weights: str, index: int) -> Translator:
    return read_moment(_trained, _trained.folder, moments(_trained)[index])


def at_moment(trained: Translator, index: int) -> Translator:
    """The translator as it was at a moment of its training. Raises CheckpointError as `model.timeline.at_moment` does."""
    return _at_moment(trained, cache_key(trained), index)


@st.cache_data(max_entries=256, show_spinner=False)
def translation(_translator: Translator, weights: str, text: str, _intervention: Intervention, change: str) -> Tokens:
    """The model's own translation as labels; `weights` and `change` are what the cache goes by."""
    source = _translator.source(text)
    reached = most_tokens(len(source), _translator.model.config)
    return _translator.translate_tokens(source, within(_intervention, len(source), reached))


@st.cache_resource(max_entries=5, show_spinner=False)
def captured(
    _translator: Translator, weights: str, text: str, _labels: Tokens, ids: tuple, _intervention: Intervention, change: str
) -> Pass:
    """One captured pass over a pair. Few are kept: a pair of 500 tokens takes some 400 MB."""
    started = time.perf_counter()
    source, read = _translator.source(text), _translator.read(_labels)
    trace = capture(_translator.model, source, read, _labels, _intervention)  # links to tokens that are gone do nothing: see `page`
    if trace.logits.is_cuda:
        torch.cuda.synchronize()
    return Pass(trace, time.perf_counter() - started)


def cache_key(translator: Translator) -> str:
    """What tells one checkpoint from another."""
    return translator.about.get("weights_sha256", translator.name)


def translate(translator: Translator, text: str, intervention: Intervention = Intervention()) -> Tokens:
    """The model's translation of `text` as labels, from the cache where it is there."""
    return translation(translator, cache_key(translator), text, intervention, str(intervention.to_dict()))


def run(translator: Translator, text: str, target: str, intervention: Intervention, forced: bool = False) -> Pass:
    """Translate (or read the reader's own `target`), then capture. Raises ValueError in words for text it cannot read.

    forced: read the translation of the unchanged model (teacher forcing), whatever the changed one would have said.
    """
    if target.strip():
        labels = translator.target(target)
    else:
        labels = translate(translator, text, Intervention() if forced else intervention)
    key = cache_key(translator)
    return captured(translator, key, text, labels, tuple(labels.ids), intervention, str(intervention.to_dict()))


@st.cache_data(show_spinner=False)
def suggested_head(_translator: Translator, weights: str) -> tuple[str, int, int]:
    """The head to open first: the cross-attention head that most surely finds one word for each word of the first example."""
    trace = run(_translator, EXAMPLES[0], "", Intervention()).trace
    rows, columns = (torch.tensor(content(tokens), device=trace.logits.device) for tokens in (trace.labels, trace.source))
    words = trace.attention["cross"].weights[:, :, rows][..., columns]  # (layer, head, French word, English word)
    best = int(words.amax(-1).mean(-1).argmax())
    return ("cross", *divmod(best, trace.config.heads))
