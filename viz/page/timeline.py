"""The slider over every view: the model at a moment of its training, from random weights to the end."""

from __future__ import annotations

import html
from functools import partial

import streamlit as st

from model.analysis.reader import AnyReader
from model.analysis.roles import ROLE
from model.instrument.pretrained import CheckpointError
from model.measuring.timeline import Moment
from viz.charts.timeline import timeline_curve
from viz.page import engine, store
from viz.page.caches import picture
from viz.page.choices import plain
from viz.page.parts.cards import plot
from viz.page.state import State
from viz.theme import Palette

HELP = "The same sentence at every stage of one training run: heads go from noise to patterns, the translation from babble to French."


def switch(place: st.delta_generator.DeltaGenerator, trained: AnyReader, settings: State) -> list[Moment]:
    """The switch that brings the slider, where this checkpoint has a timeline. Returns its moments."""
    moments = engine.moments(trained)
    if moments:
        is_on = settings.moment is not None
        place.toggle(
            "Training", help=HELP, **store.tied(key="timeline", value=is_on, take=lambda on: {"moment": 0 if on else None})
        )
    return moments


def at_moment(trained: AnyReader, moments: list[Moment], settings: State) -> AnyReader:
    """The translator that the slider chooses: the trained one where it is off, or where its file cannot be read."""
    if settings.moment is None or not moments:
        return trained
    try:
        return engine.at_moment(trained, min(settings.moment, len(moments) - 1))
    except CheckpointError as error:
        st.warning(plain(str(error)))
        return trained


def slider(moments: list[Moment], settings: State, colours: Palette) -> None:
    """The training step, what the model could do by then, and the curve."""
    index = min(settings.moment, len(moments) - 1)
    moment = moments[index]
    with st.container(key="timeline-strip"):
        left, right = st.columns([1.2, 1], gap="medium", vertical_alignment="center")
        with left:
            st.select_slider("Training step", range(len(moments)), format_func=lambda at: f"{moments[at].step:,}", label_visibility="collapsed",
                             **store.tied("moment", "timeline-moment", value=index, options=True))  # fmt: skip
            st.html(f'<p class="quiet" data-testid="moment">{html.escape(sentence(moment, moments[-1].step))}</p>')
        with right:
            key = tuple(at.sha256 for at in moments)
            figure = picture("timeline", key, colours.name, index, build=partial(timeline_curve, moments, index, colours))
            plot(figure, "timeline-curve")


def sentence(moment: Moment, last: int) -> str:
    """What the model could do at a moment, in a sentence."""
    have = [f"{len(heads)} {ROLE[role].title}" for role, heads in moment.roles.items() if heads]
    begun = "random weights" if moment.step == 0 else f"step {moment.step:,} of {last:,}"
    heads = f" Heads with a role: {', '.join(have)}." if have else " No head has a role yet."
    return f"{begun[0].upper()}{begun[1:]}: {moment.dev_loss:.2f} nats per token and BLEU {moment.bleu:.1f} on held-out sentences.{heads}"
