"""One quiet line where a sentence is outside what the model learned, and a way to look at one sentence of several."""

from __future__ import annotations

import html
from statistics import fmean

import streamlit as st

from model.measuring.depth import outside, sentences
from model.trace.intervention import Intervention
from viz.page import engine, store
from viz.page.choices import plain
from viz.page.scene import Scene

MOST, SHORT = 6, 36  # sentences that are offered, and characters of each that are shown


def note(scene: Scene) -> None:
    """The line and the sentences, where there is something to say. It is about the model as it ships, whatever is changed."""
    depth = engine.depth(scene.trained)
    if depth is None or scene.translator is not scene.trained:
        return
    own = engine.run(scene.translator, scene.source, None, Intervention()).trace
    sentence = outside(depth, own.source, -fmean(own.loss.tolist()))
    if not sentence:
        return
    parts = sentences(scene.settings.text)
    with st.container(horizontal=True, key="depth", gap="small", vertical_alignment="center"):
        more = " Look at one of its sentences:" if len(parts) > 1 else ""
        st.html(f'<span class="quiet" data-testid="depth">{html.escape(sentence + more)}</span>', width="content")
        for at, part in enumerate(parts[:MOST] if more else []):
            label = part if len(part) <= SHORT else part[: SHORT - 1].rstrip() + "…"
            st.button(plain(label), key=f"depth-{at}", on_click=_take, args=(part,))


def _take(sentence: str) -> None:
    """Read this sentence alone, translated by the model."""
    store.write(text=sentence, target="", asks_target=False)
