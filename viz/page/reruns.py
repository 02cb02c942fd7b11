"""Changed passes of one sentence, batch by batch: cached, with a bar where they take a while, asked for where they take long."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence

import streamlit as st
from torch import Tensor

from model.analysis.knockout import batches
from model.analysis.reader import AnyReader
from model.trace.intervention import Intervention
from model.trace.trace import Trace
from viz.page.caches import cached, key_of
from viz.page.scene import Scene

NOTICED, PATIENCE = 1.0, 30.0  # seconds: above this a progress bar is shown; above this the reader is asked first
FROM_CACHE = 0.3  # seconds within which what is in the cache is there: no bar for that


Question = tuple[int, tuple[int, ...]] | None  # a row and the pieces that are asked for there; None: the label of every row


@cached
def _batch(translator: AnyReader, trace: Trace, changes: list[Intervention], question: Question) -> tuple[Tensor, float]:
    """The answers under the changes of one batch, and the seconds they took."""
    started = time.perf_counter()
    if question is None:
        values = translator.passes.label_log_probabilities(trace, changes)
    else:
        values = translator.passes.piece_log_probabilities(trace, changes, *question)
    return values.cpu(), time.perf_counter() - started


def label_log_probabilities(scene: Scene, changes: Sequence[Intervention]) -> Tensor | None:
    """log p of every label of the trace on screen under each change, (change, target row), nats, on the trace's device.

    None where it takes long and the reader has not asked for it: then a button stands here that says how long.
    """
    return _run(scene, scene.trace, changes, None, len(scene.trace.labels))


def piece_log_probabilities(
    scene: Scene, trace: Trace, changes: Sequence[Intervention], row: int, pieces: tuple[int, ...]
) -> Tensor | None:
    """log p of some pieces in a row of a trace of the model on screen under each change, (change, piece); likewise."""
    return _run(scene, trace, changes, (row, pieces), len(pieces))


def _run(scene: Scene, trace: Trace, changes: Sequence[Intervention], question: Question, width: int) -> Tensor | None:
    """All batches, (change, width)."""
    count, device = len(changes), trace.part("logits").device
    values, progress, bar = trace.part("logits").new_empty(count, width, device="cpu"), 0, None
    started = time.perf_counter()
    for index, batch in enumerate(batches(trace, changes)):
        values[batch], seconds = _batch(scene.translator, trace, [changes[at] for at in batch], question)
        progress += len(batch)
        if index == 0:
            expected = seconds * count / len(batch)  # at most: the first batch is one that joins at the bottom
            asks = key_of((scene.translator, trace, changes))
            if expected > PATIENCE and st.session_state.get("reruns-asked") != asks:
                _ask(count, expected, asks)
                return None
        if expected > NOTICED and time.perf_counter() - started > FROM_CACHE:
            bar = bar or st.empty()
            bar.progress(progress / count, f"{progress} of {count}; at most about {_time(expected)} in all")
    if bar:
        bar.empty()
    return values.to(device)


def _ask(count: int, seconds: float, question: Hashable) -> None:
    """A button that says how long it will take."""
    label = f"Run the model {count} times: at most about {_time(seconds)}"
    st.button(label, key="reruns-ask", on_click=st.session_state.update, args=({"reruns-asked": question},))


def _time(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
