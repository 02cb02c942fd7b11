"""A part of "Q, K, V": why the open score is what it is, and what wrote the value behind it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from model.analysis.score_sources import ScoreSources, ValueSources, score_sources, unsplittable, value_sources
from viz.charts import score_sources_map, value_sources_bars
from viz.page import needs
from viz.page.choices import plain
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, heading, plot
from viz.page.scene import Scene
from viz.theme import quoted, small

HOW = (
    "A residual stream is a sum: the token, its position, and what every sublayer before this one wrote. So the score is a sum over pairs. "
    "All cells add up to it; look for the few that decide, and whether they are early or late."
)
VALUE = "What the head hands on from this key, by what wrote it: from here the path leads back to the sublayers before."
EXACT = 1e-3  # of a score: a sum that is farther off is no split of it


def why_this_score(scene: Scene) -> None:
    """The score of the open cell by sources, and the value of its key; words where they are no sums."""
    kind, layer, head = scene.open_head
    query, key = scene.open_cell
    why = unsplittable(scene.trace.anatomy, kind) or needs.lacks(scene.translator.anatomy, "parameters")
    if why:
        with card("why"):
            heading("Why this score")
            caption_line(plain(why))
        return
    weights, trace = scene.translator.weights, scene.trace
    choices = (kind, layer, head, query, key)

    def sources() -> tuple[ScoreSources, ValueSources]:
        return score_sources(trace, weights, *choices), value_sources(trace, weights, kind, layer, head, key)

    score, value = scene.picture("score-sources", sources, *choices)
    asks, answers = (
        quoted(tokens.shown[at], tokens.notation) for tokens, at in ((trace.queries(kind), query), (trace.keys(kind), key))
    )
    matrix, bars = st.columns([1.9, 1], gap="medium")
    with matrix, card("why"):
        heading(f"Why {asks} scores {answers} so", "why-title")
        caption_line(HOW)
        _compared(score.difference, "score", abs(score.score))
        noted = scene.noted(score, score_sources, trace, weights, *choices)
        build = partial(score_sources_map, noted, scene.colours, scene.narrow)
        plot(scene.picture("why", build, *choices), "why-score")
    with bars, card("why-value"):
        heading(f"What wrote the value of {answers}")
        caption_line(VALUE)
        _compared(value.difference, "value", float(value.value.abs().max()))
        noted_value = scene.noted(value, value_sources, trace, weights, kind, layer, head, key)
        plot(scene.picture("why-value", partial(value_sources_bars, noted_value, scene.colours), *choices), "why-value")


def _compared(difference: float, what: str, size: float) -> None:
    """How far the sum and the pass are apart; a sum that is not what the pass has is said to be wrong."""
    if difference > EXACT * max(1.0, size):
        caption_line(
            f"The parts do not add up to the {what} of the pass: they are {small(difference)} apart. Please tell us the sentence."
        )
