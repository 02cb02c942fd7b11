"""A part of "What heads do": what "it" gathers, and what changes the pronoun when it is taken away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from model.measuring.coreference_record import Coreference
from model.measuring.coreference_words import findings, heads_rows
from viz.charts import decision_map
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import heading, plot
from viz.page.parts.tags import scroller, table, tag
from viz.page.scene import Scene
from viz.page.stored import stored

TITLE = "What “it” gathers"
QUESTION = (
    "In “The animal didn't cross the street because it was too tired”, it is the animal; with “too wide”, it is the street. "
    "French has to choose: il or elle. Measured on pairs of such sentences that the model was not trained on, as trained."
)
TURNS = (
    "“Turns”: in how many pairs the right noun gets more of what this head gives to “it” in both sentences; “shuffled” is the same "
    "with the weights of every row shuffled. Changes of log p of the right pronoun are in nats; below 0 the link was needed."
)


def what_it_gathers(scene: Scene) -> None:
    """Sentences, the heads of the encoder, and the map of what decides the pronoun; words where it was not measured."""
    heading(TITLE)
    coreference = stored(scene.translator).coreference
    if coreference is None:
        caption_line(
            "Not measured at this moment of the training; switch Training off to see what the trained weights do."
            if scene.trained and stored(scene.trained).coreference
            else "Not measured for these weights; `python -m model.coreference --model NAME` does it."
        )
        return
    caption_line(QUESTION)
    st.html(sentences(coreference))
    if coreference.decides:
        figure = scene.picture("decision", partial(decision_map, coreference, scene.colours, scene.narrow))
        plot(figure, "decision-map")
    st.html(gathering_table(coreference))


def sentences(coreference: Coreference) -> str:
    """HTML list of what was found. All text is escaped."""
    return tag("ul", *(tag("li", sentence) for sentence in findings(coreference)), class_="findings")


def gathering_table(coreference: Coreference) -> str:
    """HTML table of the encoder heads that tell most. All text is escaped."""
    return scroller("Heads of the encoder that gather", table(*heads_rows(coreference)), tag("p", TURNS), class_="role-table")
