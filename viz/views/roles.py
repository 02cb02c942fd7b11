"""What heads do: simple patterns that heads follow, how sure they are, and which head follows which."""

from __future__ import annotations

from functools import partial

import streamlit as st

from model import Translator
from model.analysis.roles import ROLE, ROLES, SURE, HeadMeasures, measure
from model.measuring.roles import load_roles
from model.trace.anatomy import Anatomy
from viz.canvas import Click, plot_clicks
from viz.charts import role_map
from viz.charts.roles import BRIEF
from viz.charts.timeline import role_history
from viz.page import engine, store
from viz.page.head_roles import head_measures, stored_measures
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, plot
from viz.page.parts.finder import PARAMS as WORDS
from viz.page.parts.finder import head_finder
from viz.page.parts.gathering import what_it_gathers
from viz.page.parts.head_axes import PARAMS as AXES
from viz.page.parts.head_axes import head_axes, take_point
from viz.page.parts.head_sheet import head_sheet
from viz.page.parts.open_head import open_head
from viz.page.parts.tags import scroller, table, tag
from viz.page.scene import Scene, View, style_beside
from viz.page.shared import LABELS
from viz.page.wording import translates

HOW = (
    "Rows are layers, columns are heads. Written in a cell: the role in which that head is furthest above shuffled attention. "
    "Point at a cell for all its scores; click to open the head."
)
IN_BRIEF = ", ".join(f"{short} is {ROLE[name].title}" for name, short in BRIEF.items())
TITLES = {"": "entropy", "distance": "mean distance", **{role.name: role.title for role in ROLES}}


def draw(scene: Scene) -> None:
    """Choose what to colour by and which sentences; a click on a cell opens that head in the card at the right."""
    _choose(scene)
    measures, settings = scene.noted(head_measures(scene), _measures_again(scene)), scene.settings

    def clicked(click: Click) -> None:
        if click.card == "card-axes":
            take_point(scene, click)
        else:
            store.write(kind=click.name, layer=click.row, head=click.column, query=None, key=None)

    cells, right = st.columns([1.7, 1], gap="medium")
    only = scene.open_head[0] if scene.on_wall else ""
    with cells, card("roles"):
        build = partial(role_map, measures, settings.label, scene.colours, scene.open_head, scene.narrow, only)
        figure = scene.picture("roles", build, settings.label, settings.held_out, scene.open_head, only)
        plot(figure, "roles-map")
        caption_line(HOW + (f" In brief: {IN_BRIEF}." if scene.narrow else ""))
    with right, card("head"):
        open_head(scene)
    with card("sheet"):
        head_sheet(scene)
    with card("finder"):
        head_finder(scene)
    with card("axes"):
        head_axes(scene, measures)
    plot_clicks(["card-roles", "card-axes"], key="plot-clicks", on_click=clicked)
    if isinstance(scene.translator, Translator):
        with card("gathering"):
            what_it_gathers(scene)
    if moments := engine.moments(scene.trained):
        with card("role-history", "Which head became what, and when"):
            caption_line("The held-out sentences at every moment of the training that was kept. Point at a number for the heads.")
            build = partial(role_history, moments, scene.colours, scene.settings.moment, scene.narrow)
            figure = scene.picture("role-history", build, scene.settings.moment, moments[-1].sha256)
            plot(figure, "roles-history")
    with card("role-table"):
        st.html(role_table(measures, scene.trace.anatomy))


def _measures_again(scene: Scene) -> partial:
    """How the scores are had without the page."""
    translator = scene.translator
    if not (scene.settings.held_out and stored_measures(scene)):
        return partial(measure, scene.trace)
    return partial(load_roles, translator.folder, translator.about["weights_sha256"])


def _choose(scene: Scene) -> None:
    """Colour and filter, and this sentence or the held-out ones; both go into the URL."""
    stored = stored_measures(scene)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="roles-choice"):
        st.pills("Colour by", LABELS, format_func=TITLES.__getitem__, label_visibility="collapsed",
                 **store.tied(key="roles-label", value=scene.settings.label, take=lambda label: {"label": label or ""}, options=True))  # fmt: skip
        if stored:
            st.segmented_control(
                "Measured on", (True, False), required=True, label_visibility="collapsed",
                format_func=lambda many: f"{stored.sentences} held-out sentences" if many else "this sentence",
                **store.tied("held_out", "roles-held-out", options=True),
            )  # fmt: skip
    if not stored:
        caption_line(
            "Scores of this sentence alone; what the heads did on held-out sentences at every moment stands below."
            if scene.settings.moment is not None and engine.moments(scene.trained)
            else "Scores on held-out sentences are not there for these weights; `python -m model.roles --data FOLDER` makes them."
            if scene.translator.about and translates(scene.trace.anatomy)
            else "Scores of this sentence alone."
        )
    elif scene.settings.held_out and not scene.settings.change.changes_nothing:
        caption_line("The held-out sentences were read by the model as trained: your switches change this sentence only.")


def role_table(measures: HeadMeasures, anatomy: Anatomy) -> str:
    """HTML table: every role with its formula, threshold and paper, and how many heads have it. All text is escaped."""
    rows = []
    for role in ROLES:
        where = [kind for kind in role.kinds(anatomy) if role.name in measures.roles[kind]]
        heads = str(len(measures.having(role.name))) if where else "not defined here"
        kinds = ", ".join(anatomy.short_title(kind) for kind in role.kinds(anatomy))
        formula = role.formula if translates(anatomy) else role.formula.replace("English piece", "piece")
        rows.append((role.title, formula, f"{role.threshold:g}", kinds, heads, role.source))
    names = ("role", "score: mean over the queries q of", "threshold", "where", "heads", "after")
    return scroller("All roles", table(names, rows), tag("p", _rule(measures)), class_="role-table")


def _rule(measures: HeadMeasures) -> str:
    """When a head has a role."""
    rule = (
        "its score in this sentence is above the threshold and above what it would be on average if the weights of every row "
        "were shuffled among its keys; one sentence, and a short one above all, is little evidence"
    )
    if measures.sentences > 1:
        rule = (
            f"its mean score over the {measures.sentences} sentences, those in which the role is defined, is above the threshold "
            f"and more than {SURE} standard errors above the same score with the weights of every row shuffled among its keys "
            "(standard error: √((s² + s₀²) / n), s and s₀ the standard deviations of the two scores over the n sentences, "
            "which the hover writes behind ±)"
        )
    return (
        f"A head has a role when {rule}. Scores are between 0 and 1; w[q, k] is the weight from query q to key k, of pieces. "
        "Left out are queries with a single key, queries that have no key of the role and, for first, end and punctuation, "
        "queries that are such a token. In the decoder a query is the piece that it reads. “Alignment” says that a head is "
        "sure of one word, not that it is the right one. Thresholds are set by hand."
    )


VIEW = View(
    "roles",
    "What heads do",
    "Some heads do something simple: look at the previous token, at the end mark, or along the diagonal. Every cell is one head; "
    "low entropy means that it is sure where to look. Look for roles that come early or late, and for heads that have none.",
    draw,
    group="Attend",
    rank=3,
    part="heads",
    shows={"words", "sinks"},
    differs=True,  # the open head does
    needs={"weights"},
    style=style_beside(__file__),
    params=(*WORDS, *AXES),
)
