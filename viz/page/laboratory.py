"""The laboratory: one panel for every change of the model, stories to start from, and the strip that says what is changed."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from model.analysis.words import join_pieces, word_groups
from model.trace.tokens import Tokens
from viz.charts.parts.words import head_title
from viz.page import verdict
from viz.page.changes import Change, changes, hidden_links, reset
from viz.page.choices import plain
from viz.page.scene import Scene
from viz.page.settings import COMPARE, FLOATS, FORCING
from viz.page.widgets import bound
from viz.theme import quoted, word_label

COMPARE_TITLES = dict(zip(COMPARE, ("After", "Before", "Difference"), strict=True))
FORCING_TITLES = dict(zip(FORCING, ("free-running", "teacher-forced"), strict=True))
FORCING_HELP = (
    "Free-running: the changed model translates again, so lengths may differ and one change brings others after it. Teacher-forced: it "
    "reads the translation of the unchanged model, so that only the direct effect shows."
)

LOSSES = ("cheat", "scale")  # stories that tell what the change costs


@dataclass(frozen=True)
class Story:
    """A change to start from: it replaces all others."""

    name: str
    title: str
    sentence: str
    values: dict  # of settings


def stories(scene: Scene) -> list[Story]:
    """One sentence each; links and heads are those of the open head."""
    trace, (kind, layer, head) = scene.before, scene.open_head  # a story must not change with what it tells
    query, key = scene.cell_of(trace)
    word, asked = quoted(trace.keys(kind).shown[key]), trace.source if kind == "encoder" else trace.labels
    hide = hidden_links(key) if kind != "decoder" else {("decoder", None, None, key)}
    d_head = trace.anatomy.kind(kind).d_head
    others = {(kind, at, other) for at in range(trace.attention[kind].weights.size(0)) for other in range(trace.anatomy.kind(kind).heads)}
    return [
        Story("cheat", "The decoder cheats", "Without the look-ahead mask the decoder may read the very word that it has to produce. "
              "Trained with the mask, this one never learned to make use of that; look, teacher-forced, for attention to the right of the diagonal.", {"causal": False}),
        Story("window", "Window of 2", "Self-attention reaches only two tokens to each side: what lies further must be handed on, layer by "
              "layer.", {"window": 2}),
        Story("hide", f"Hide {word}", f"Nobody may look at {word}: what does the translation lose, and who steps in?", {"cut": frozenset(hide)}),
        Story("cut", "Cut one link", f"{quoted(asked.shown[query])} may no longer look at {word}, in any layer; everyone else may.",
              {"cut": frozenset({(kind, None, query, key)})}),
        Story("none", "No positions", "The encoder no longer knows the order of the words: it reads a bag of them.", {"source_positions": "none"}),
        Story("reversed", "Reversed positions", "The first English token is told that it is the last: heads that look one to the left now look "
              "to the right.", {"source_positions": "reversed"}),
        Story("shuffled", "Shuffled positions", "Every English token is told another one's place, so heads that follow positions follow "
              "the wrong ones.", {"source_positions": "shuffled"}),
        Story("content", "Only content", "Positions are off on both sides: what is left is what words do by their meaning alone.",
              {"source_positions": "none", "target_positions": "none"}),
        Story("louder", "Louder positions", "Positions are added three times as strongly, and drown what the words say.", {"position_scale": 3.0}),
        Story("sharper", "Sharper softmax", "Scores are divided by 0.3, so every head puts nearly all on its best token.", {"temperature": 0.3}),
        Story("flatter", "Flatter softmax", "Scores are divided by 3, so every head spreads its attention and the words blur.", {"temperature": 3.0}),
        Story("scale", "No 1/√d_head", f"Scores stay √{d_head} ≈ {d_head**0.5:.1f} times as large, and softmax saturates: "
              "this is why the formula divides.", {"scaled": False}),
        Story("alone", "All heads but one", f"Only {head_title(kind, layer, head)} is left of its kind: can one head do the work of all?",
              {"heads_off": frozenset(others - {(kind, layer, head)})}),
    ]  # fmt: skip


def _set(**values: object) -> None:
    st.session_state["settings"] = replace(st.session_state["settings"], **values)


def draw(scene: Scene) -> None:
    """Stories, and a control for every field of an Intervention that has no switch of its own."""
    settings = scene.settings
    with st.container(border=True, key="card-panel"):
        told = None
        with st.container(horizontal=True, key="stories", gap="small", vertical_alignment="center"):
            for story in stories(scene):
                active = replace(reset(settings), **story.values).intervention == settings.intervention
                told = story if active else told
                st.button(plain(story.title), key=f"story-{story.name}", on_click=_tell, args=(story,),
                          type="primary" if active else "secondary")  # fmt: skip
        if told:
            losses = verdict.losses(scene) if told.name in LOSSES else ""
            st.html(f'<p class="head-sentence" data-testid="story">{html.escape(f"{told.sentence} {losses}".strip())}</p>')
        with st.container(horizontal=True, key="dials", gap="medium", vertical_alignment="bottom"):
            st.slider(
                "Positions ×", *FLOATS["position_scale"], step=0.25, width=170, **bound("position_scale", settings, "dial-scale")
            )
            st.slider(
                "Softmax temperature",
                *FLOATS["temperature"],
                step=0.1,
                width=170,
                **bound("temperature", settings, "dial-temperature"),
            )
            st.number_input("Window ±", min_value=0, max_value=scene.trace.anatomy.longest, placeholder="no limit", width=150,
                            **bound("window", settings, "dial-window"))  # fmt: skip
            _hidden_words(scene)
            with st.container(gap="small", width="content"):
                st.toggle("Divide scores by √d_head", **bound("scaled", settings, "dial-scaled"))
                _open_head(scene)
        st.caption("Single links: One head, “Click on a cell”. Every head in turn: Knock-out.")


def _tell(story: Story) -> None:
    st.session_state["settings"] = replace(reset(st.session_state["settings"]), **story.values)


def _hidden_words(scene: Scene) -> None:
    """Source words that nobody may look at."""
    source, cut = scene.trace.source, scene.settings.cut
    groups = word_groups(source)
    titles = [word_label(piece) for piece in join_pieces(source).pieces]
    links = [frozenset().union(*(hidden_links(at) for at in group)) for group in groups]
    st.session_state["dial-hidden"] = [index for index, wanted in enumerate(links) if wanted <= cut]

    def took() -> None:
        chosen = st.session_state["dial-hidden"]
        kept = cut - frozenset().union(*links)
        _set(cut=kept | frozenset().union(*(links[index] for index in chosen)))

    st.multiselect("Hidden words", range(len(groups)), format_func=lambda index: plain(titles[index]), key="dial-hidden", on_change=took,
                   placeholder="none", width=300)  # fmt: skip


def _open_head(scene: Scene) -> None:
    """The open head on or off."""
    head, off = scene.open_head, scene.settings.heads_off
    st.session_state["dial-head"] = head not in off
    took = partial(_set, heads_off=off ^ {head})
    st.toggle(f"{head_title(*head)}", key="dial-head", on_change=took)


# -- the strip under the translation --------------------------------------------------------------------------------------


def draw_changes(scene: Scene, original: Tokens) -> None:
    """What is changed, each with the way back; what that did, and which pass the pictures show."""
    settings = scene.settings
    found = changes(settings, scene.before)
    if not found:
        return
    with st.container(horizontal=True, key="changes", gap="small", vertical_alignment="center"):
        st.html('<span class="changed-note">Changed</span>', width="content")
        for index, change in enumerate(found):
            st.button(
                f"{plain(change.words)} ✕", key=f"change-{index}", on_click=_take_back, args=(change,), help="Take this back"
            )
        st.button("Reset", on_click=_reset, key="reset")
    with st.container(horizontal=True, key="compare", gap="medium", vertical_alignment="center"):
        for name, titles, label in (("compare", COMPARE_TITLES, "Show"), ("forcing", FORCING_TITLES, "Compare")):
            if name == "compare" or not settings.target.strip():
                st.segmented_control(
                    label, list(titles), format_func=titles.get, required=True, label_visibility="collapsed",
                    help=FORCING_HELP if name == "forcing" else None, **bound(name, settings, f"strip-{name}"),
                )  # fmt: skip
        st.html(f'<div class="verdict">{verdict.said(scene, original)}</div>', width="content")


def _take_back(change: Change) -> None:
    st.session_state["settings"] = change.without(st.session_state["settings"])


def _reset() -> None:
    st.session_state["settings"] = reset(st.session_state["settings"])

