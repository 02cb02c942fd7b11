"""The drawer "Change the model": the switches that do something in the view that is open, and the laboratory."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from model.trace.anatomy import Anatomy
from model.trace.intervention import POSITION_EDITS
from viz.page import needs, store
from viz.page.parts.captions import caption_line
from viz.page.rail import DRAWER
from viz.page.room import seats
from viz.page.scene import View
from viz.page.store import tied
from viz.page.wording import translates

WORDS_HELP = (
    "Joins the pieces of each word in every picture of attention: weights are summed over the pieces looked at and averaged over "
    "the pieces that look. Calculations stay with the pieces, which is what the model works with."
)
SINK_TITLES = {
    "keep": "shown",
    "hide": "hidden",
    "renormalise": "hidden, rest to 100%",
    "first": "first token hidden, rest to 100%",
}
SINKS_HELP = (
    "Many heads put attention that they do not need on `</s>`, `<s>` and punctuation (Clark et al. 2019). Hides it; "
    "the caption of the head says how much that was."
)
FIRST_HELP = " A model that writes on parks it on its first token, whatever that is (Xiao et al. 2024)."
MASK_HELP = (
    "While it writes, the model may look only at what it has written so far. Without the mask every row sees the whole {output}, "
    "the very word that it must produce among it."
)
POSITIONS_HELP = (
    "What tells the model where a token stands: as trained, taken away (a bag of words), or those of other places, reversed or "
    "shuffled. The words stay as they are."
)
PINNED = "Your teacher has pinned the settings: they are the same for the whole class."
STYLE = Path(__file__).with_suffix(".css").read_text("utf-8")
POSITIONS = {"source_positions": "Source positions", "target_positions": "Target positions"}


def draw(view: View, anatomy: Anatomy) -> st.delta_generator.DeltaGenerator:
    """The switches, where the drawer is open; returns the place of the laboratory."""
    if not store.state().lab:
        return st.empty()
    st.html(f"<style>{STYLE}</style>")
    with st.container(key="drawer"):
        with st.container(horizontal=True, key="drawer-title", vertical_alignment="center", horizontal_alignment="distribute"):
            st.html(f'<h2 class="head-title">{DRAWER}</h2>', width="content")
            st.button("✕", key="drawer-close", help="Close", type="tertiary", on_click=store.write, kwargs={"lab": False})
        if seats.is_pinned():
            caption_line(PINNED)
            return st.container(key="panel")
        with st.container(key="switches", gap="small"):
            if needs.obeyed(anatomy, "causal"):
                st.toggle(
                    "Look-ahead mask",
                    help=MASK_HELP.format(output="translation" if translates(anatomy) else "text"),
                    **tied("causal"),
                )
            for name, label in POSITIONS.items():
                if needs.obeyed(anatomy, name):
                    st.selectbox(label, POSITION_EDITS, help=POSITIONS_HELP, **tied(name, options=True))
            if "words" in view.shows:
                st.toggle("Words instead of pieces", help=WORDS_HELP, **tied("words"))
            if "sinks" in view.shows:
                parks = len(anatomy.stacks) == 1 and anatomy.masked
                sinks = [name for name in SINK_TITLES if name != "first" or parks or store.state().sinks == name]
                st.selectbox("Sinks", sinks, format_func=SINK_TITLES.__getitem__, help=SINKS_HELP + (FIRST_HELP if parks else ""),
                             **tied("sinks", options=True))  # fmt: skip
        return st.container(key="panel")
