"""Two measures of every head against each other, each of them free to choose."""

from __future__ import annotations

from functools import partial

import streamlit as st

from model.analysis.roles import HeadMeasures
from viz.canvas import Click
from viz.charts import head_scatter
from viz.charts.head_scatter import AXES, AXIS_TITLES
from viz.page import store
from viz.page.params import choice
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import heading, plot
from viz.page.scene import Scene
from viz.page.store import tied

PARAMS = (
    choice("scatter_x", AXES, "entropy", "heads as points: what is measured across"),
    choice("scatter_y", AXES, "first", "heads as points: what is measured upwards"),
)


def head_axes(scene: Scene, measures: HeadMeasures) -> None:
    """Two lists of measures and the heads as points. measures: noted, of the sentences that the view looks at."""
    heading("Every head by two measures")
    settings = scene.settings
    with st.container(horizontal=True, gap="small", key="scatter-axes"):
        for name, label in (("scatter_x", "Across"), ("scatter_y", "Upwards")):
            st.selectbox(label, AXES, format_func=AXIS_TITLES.__getitem__, **tied(name, options=True))
    axes = settings.scatter_x, settings.scatter_y
    build = partial(head_scatter, measures, *axes, scene.colours, scene.open_head, scene.narrow)
    plot(scene.picture("head-scatter", build, *axes, settings.held_out, scene.open_head), "head-scatter")
    caption_line("One point is one head; the ringed one is open. Click another to open it.")


def take_point(scene: Scene, click: Click) -> None:
    """Open the head of a point."""
    layer, head = divmod(click.value or 0, scene.trace.anatomy.kind(click.name).heads)
    store.write(kind=click.name, layer=layer, head=head, query=None, key=None)
