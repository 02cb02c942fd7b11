"""What a model that was trained without the look-ahead mask shows: why the others have one."""

from __future__ import annotations

import html

import streamlit as st

from viz.page import engine
from viz.page.scene import Scene
from viz.page.wording import translates
from viz.theme import number

KIND = "unmasked"  # as `model.instrument.beside.kind` names such a member of a family
COPIES = (
    "Trained without the look-ahead mask: while it learned, it could read the very word that it had to produce, and it learned to "
    "copy it. Give it a French sentence to read (“your own translation”) and its loss is next to nothing; let it write, and there "
    "is nothing to copy: it ends at once, because a row with nothing behind it was always the last."
)


def note(scene: Scene) -> None:
    """Under the translation of such a model: what it learned, and its loss on what it reads now."""
    anatomy = scene.trace.anatomy
    if anatomy.masked or not translates(anatomy) or anatomy.self_kind(anatomy.stacks[-1].name) is None:
        return
    whose = "your translation" if scene.settings.target.strip() else "what it wrote itself"
    loss = f"Loss of {whose}: {number(float(scene.trace.loss.mean()))} nats per token."
    st.html(f'<span class="quiet" data-testid="unmasked">{html.escape(f"{COPIES} {loss}")}</span>')


def hint(scene: Scene) -> str:
    """For the story of the decoder that cheats: where one is that learned to; empty where none is."""
    there = KIND in engine.relatives(scene.trained).values()
    return " One that was trained without it did: choose “without the look-ahead mask” above." if there else ""
