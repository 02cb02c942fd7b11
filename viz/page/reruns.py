"""Many changed passes of one sentence, batch by batch: cached, with a bar where that takes a while, asked for where it takes long."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st
from torch import Tensor

from model import Translator
from model.analysis.knockout import batches
from model.trace.intervention import Intervention
from model.trace.trace import Trace
from viz.page import engine
from viz.page.scene import Scene

NOTICED, PATIENCE = 1.0, 30.0  # seconds: above this a progress bar is shown; above this the reader is asked first
FROM_CACHE = 0.3  # seconds within which what is in the cache is there: no bar for that


@st.cache_data(max_entries=1024, show_spinner=False)
def _batch(
    _trace: Trace, _translator: Translator, _changes: Sequence[Intervention], key: tuple, what: str, batch: tuple[int, ...]
) -> tuple[Tensor, float]:
    """log p of every label under the changes of one batch, and the seconds it took; the last three are what the cache goes by."""
    started = time.perf_counter()
    values = _translator.passes.label_log_probabilities(_trace, _changes).cpu()
    return values, time.perf_counter() - started


def label_log_probabilities(scene: Scene, changes: Sequence[Intervention], what: str) -> Tensor | None:
    """log p of every label of the trace on screen under each change, (change, target row), nats, on the trace's device.

    what: names these changes; with the trace, it is what the cache goes by. None where it takes long and the reader has not
    asked for it: then a button stands here that says how long.
    """
    trace, count = scene.trace, len(changes)
    key = (engine.cache_key(scene.translator), trace.source.text, tuple(trace.labels.ids), str(trace.intervention.to_dict()))
    values, done, bar = trace.loss.new_empty(count, len(trace.labels), device="cpu"), 0, None
    started = time.perf_counter()
    for index, batch in enumerate(batches(trace, changes)):
        values[batch], seconds = _batch(trace, scene.translator, [changes[at] for at in batch], key, what, tuple(batch))
        done += len(batch)
        if index == 0:
            expected = seconds * count / len(batch)  # at most: the first batch is one that joins at the bottom
            if expected > PATIENCE and st.session_state.get("reruns-asked") != (key, what):
                _ask(count, expected, (key, what))
                return None
        if expected > NOTICED and time.perf_counter() - started > FROM_CACHE:
            bar = bar or st.empty()
            bar.progress(done / count, f"{done} of {count}; at most about {_time(expected)} in all")
    if bar:
        bar.empty()
    return values.to(trace.loss.device)


def _ask(count: int, seconds: float, wanted: tuple) -> None:
    """A button that says how long it will take."""
    label = f"Run the model {count} times: at most about {_time(seconds)}"
    st.button(label, key="reruns-ask", on_click=st.session_state.update, args=({"reruns-asked": wanted},))


def _time(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
