"""The laboratory: one panel for every change of the model, stories to start from, and the strip that says what is changed."""

from __future__ import annotations

import html
from dataclasses import dataclass

import streamlit as st

from model.analysis.words import join_pieces, word_groups
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from viz.charts.parts.words import head_title, joined_labels
from viz.page import store, unmasked, verdict
from viz.page.changes import Change, changes, hidden_links
from viz.page.choices import plain
from viz.page.needs import obeyed
from viz.page.parts.captions import caption_line
from viz.page.room import seats
from viz.page.scene import Scene
from viz.page.shared import COMPARE, FORCING, SCALES, TEMPERATURES
from viz.page.store import tied
from viz.page.wording import translates
from viz.theme import quoted

COMPARE_TITLES = dict(zip(COMPARE, ("After", "Before", "Difference"), strict=True))
FORCING_TITLES = dict(zip(FORCING, ("free-running", "teacher-forced"), strict=True))
FORCING_HELP = (
    "Free-running: the changed model {writes} again, so lengths may differ and one change brings others after it. Teacher-forced: it "
    "reads the {output} of the unchanged model, so that only the direct effect shows."
)

LOSSES = ("cheat", "scale")  # stories that tell what the change costs


@dataclass(frozen=True)
class Story:
    """A change to start from: it replaces all others."""

    name: str
    title: str
    sentence: str
    change: Intervention


def stories(scene: Scene) -> list[Story]:
    """What the model can follow, one sentence each; links and heads are those of the open head."""
    return [story for story in _stories(scene) if obeyed(scene.trace.anatomy, *story.change.changed_fields)]


def _stories(scene: Scene) -> list[Story]:
    trace, (kind, layer, head) = scene.before, scene.open_head  # a story must not change with what it tells
    query, key = scene.cell_of(trace)
    keys, rows, token = trace.keys(kind), trace.rows(kind).labels, _token(scene)
    word, asks = quoted(keys.shown[key], keys.notation), quoted(rows.shown[query], rows.notation)
    stack, output = trace.anatomy.stacks[0].title.lower(), scene.wording.output or "picture"
    hide = hidden_links(trace.anatomy, trace.anatomy.answering(kind).name, key)
    d_head = trace.anatomy.kind(kind).d_head
    others = {
        (kind, at, other)
        for at in range(trace.attention[kind].weights.size(0))
        for other in range(trace.anatomy.kind(kind).heads)
    }
    return [
        Story("cheat", "The decoder cheats", "Without the look-ahead mask the decoder may read the very word that it has to produce. "
              "Trained with the mask, this one never learned to make use of that; look, teacher-forced, for attention to the right of the diagonal."
              + unmasked.hint(scene), Intervention(causal=False)),
        Story("window", "Window of 2", "Self-attention reaches only two tokens to each side: what lies further must be handed on, layer by "
              "layer.", Intervention(window=2)),
        Story("hide", f"Hide {word}", f"Nobody may look at {word}: what does the {output} lose, and who steps in?", Intervention(cut=frozenset(hide))),
        Story("cut", "Cut one link", f"{asks} may no longer look at {word}, in any layer; everyone else may.",
              Intervention(cut=frozenset({(kind, None, query, key)}))),
        Story("none", "No positions", f"The {stack} no longer knows the order of the words: it reads a bag of them.", _moved(trace.anatomy, "none")),
        Story("reversed", "Reversed positions", f"The first {token} is told that it is the last: heads that look one to the left now look "
              "to the right.", _moved(trace.anatomy, "reversed")),
        Story("shuffled", "Shuffled positions", f"Every {token} is told another one's place, so heads that follow positions follow "
              "the wrong ones.", _moved(trace.anatomy, "shuffled")),
        Story("content", "Only content", "Positions are off on both sides: what is left is what words do by their meaning alone.",
              Intervention(source_positions="none", target_positions="none")),
        Story("louder", "Louder positions", "Positions are added three times as strongly, and drown what the words say.", Intervention(position_scale=3.0)),
        Story("sharper", "Sharper softmax", "Scores are divided by 0.3, so every head puts nearly all on its best token.", Intervention(temperature=0.3)),
        Story("flatter", "Flatter softmax", "Scores are divided by 3, so every head spreads its attention and the words blur.", Intervention(temperature=3.0)),
        Story("scale", "No 1/√d_head", f"Scores stay √{d_head} ≈ {d_head**0.5:.1f} times as large, and softmax saturates: "
              "this is why the formula divides.", Intervention(scaled=False)),
        Story("alone", "All heads but one", f"Only {head_title(trace.anatomy.kind(kind), layer, head)} is left of its kind: can one head do the work of all?",
              Intervention(heads_off=frozenset(others - {(kind, layer, head)}))),
    ]  # fmt: skip


def _moved(anatomy: Anatomy, edit: str) -> Intervention:
    """An edit of the positions of the first stack."""
    writes = anatomy.stacks[0].predicts == "next"
    return Intervention(target_positions=edit) if writes else Intervention(source_positions=edit)


def _token(scene: Scene) -> str:
    """What a token of the source is called."""
    return f"{scene.wording.source} token" if translates(scene.trace.anatomy) else "token"


def draw(scene: Scene) -> None:
    """Where it is open: stories, and a control for every field of an Intervention that has no switch of its own."""
    settings = scene.settings
    if not settings.lab or seats.is_pinned():
        return
    with st.container(border=True, key="card-panel"):
        active_story = None
        with st.container(horizontal=True, key="stories", gap="small", vertical_alignment="center"):
            for story in stories(scene):
                active = story.change == settings.change
                active_story = story if active else active_story
                st.button(plain(story.title), key=f"story-{story.name}", on_click=_tell, args=(story.change,),
                          type="primary" if active else "secondary")  # fmt: skip
        if active_story:
            losses = verdict.losses(scene) if active_story.name in LOSSES else ""
            st.html(
                f'<p class="head-sentence" data-testid="story">{html.escape(f"{active_story.sentence} {losses}".strip())}</p>'
            )
        with st.container(horizontal=True, key="dials", gap="medium", vertical_alignment="bottom"):
            _dials(scene)
        places = {"cut": "Single links: One head, “Click on a cell”.", "heads_off": "Every head in turn: Knock-out."}
        caption_line(" ".join(place for name, place in places.items() if obeyed(scene.trace.anatomy, name)))


def _dials(scene: Scene) -> None:
    """A control for every field that the model obeys."""
    anatomy = scene.trace.anatomy
    if obeyed(anatomy, "position_scale"):
        st.slider("Positions ×", *SCALES, step=0.25, width=170, **tied("position_scale", "dial-scale"))
    if obeyed(anatomy, "temperature"):
        st.slider("Softmax temperature", *TEMPERATURES, step=0.1, width=170, **tied("temperature", "dial-temperature"))
    if obeyed(anatomy, "window"):
        st.number_input("Window ±", min_value=0, max_value=anatomy.longest, placeholder="no limit", width=150,
                        **tied("window", "dial-window"))  # fmt: skip
    if obeyed(anatomy, "cut") and hidden_links(anatomy, anatomy.default_stack, 0):
        _hidden_words(scene)
    with st.container(gap="small", width="content"):
        if obeyed(anatomy, "scaled"):
            st.toggle("Divide scores by √d_head", **tied("scaled", "dial-scaled"))
        if obeyed(anatomy, "heads_off"):
            _open_head(scene)


def _tell(change: Intervention) -> None:
    store.write(change=change)


def _hidden_words(scene: Scene) -> None:
    """Source words that nobody may look at."""
    anatomy, source, cut = scene.trace.anatomy, scene.trace.source, scene.settings.change.cut
    groups = word_groups(source)
    titles = joined_labels(join_pieces(source))
    links = [frozenset().union(*(hidden_links(anatomy, anatomy.default_stack, at) for at in group)) for group in groups]
    hidden = [index for index, link in enumerate(links) if link <= cut]
    others = cut - frozenset().union(*links)

    def take(indices: list[int]) -> dict[str, object]:
        return {"cut": others | frozenset().union(*(links[index] for index in indices))}

    st.multiselect("Hidden words", range(len(groups)), format_func=lambda index: plain(titles[index]), placeholder="none", width=300,
                   **tied(key="dial-hidden", value=hidden, take=take, options=True))  # fmt: skip


def _open_head(scene: Scene) -> None:
    """The open head on or off."""
    head, off = scene.open_head, scene.settings.change.heads_off

    def take(on: bool) -> dict[str, object]:
        return {"heads_off": off - {head} if on else off | {head}}

    title = head_title(scene.trace.anatomy.kind(head[0]), *head[1:])
    st.toggle(title, **tied(key="dial-head", value=head not in off, take=take))


# -- the strip under the translation --------------------------------------------------------------------------------------


def draw_changes(scene: Scene, original: Tokens | None) -> None:
    """What is changed, each with the way back; what that did, and which pass the pictures show."""
    settings = scene.settings
    entries = changes(settings.change, scene.before)
    if not entries:
        return
    with st.container(horizontal=True, key="changes", gap="small", vertical_alignment="center"):
        st.html('<span class="changed-note">Changed</span>', width="content")
        for index, change in enumerate(entries):
            st.button(
                f"{plain(change.words)} ✕", key=f"change-{index}", on_click=_take_back, args=(change,), help="Take this back"
            )
        st.button("Reset", on_click=_reset, key="reset")
    output = scene.wording.output
    with st.container(horizontal=True, key="compare", gap="medium", vertical_alignment="center"):
        for name, titles, label in (("compare", COMPARE_TITLES, "Show"), ("forcing", FORCING_TITLES, "Compare")):
            if name == "compare" or (output and len(scene.trace.anatomy.stacks) > 1 and not settings.target.strip()):
                st.segmented_control(
                    label, list(titles), format_func=titles.__getitem__, required=True, label_visibility="collapsed",
                    help=FORCING_HELP.format(writes="translates" if output == "translation" else "writes", output=output) if name == "forcing" else None, **tied(name, f"strip-{name}", options=True),
                )  # fmt: skip
        st.html(f'<div class="verdict">{verdict.note(scene, original)}</div>', width="content")


def _take_back(change: Change) -> None:
    store.write(change=change.without(store.state().change))


def _reset() -> None:
    store.write(change=Intervention())
