"""Positions: what tells the model where a token stands."""

from __future__ import annotations

from functools import partial

import streamlit as st
import torch

from viz.charts import added_norms, encoding_heatmap, encoding_waves, position_similarity
from viz.views import engine
from viz.views.scene import Scene, View, kept, remember

FEWEST = 64  # positions in the charts of the encoding itself, however short the sentence
SIDE_TITLES = {"encoder": "Source (encoder)", "decoder": "Target (decoder)"}


def choose_side(scene: Scene, key: str) -> str:
    """Encoder or decoder; the choice goes into the URL."""
    remember(key, scene.settings.side)
    side = st.segmented_control(
        "Side", list(SIDE_TITLES), key=key, format_func=SIDE_TITLES.get, required=True, label_visibility="collapsed"
    )
    scene.choose(side=side)
    return side


def draw(scene: Scene) -> None:
    """The encoding itself, and how long what it adds to this sentence is beside the tokens' own part."""
    side = choose_side(scene, "positions-side")
    stack = getattr(scene.translator.model, side)
    length = min(max(FEWEST, len(scene.trace.positions[side])), scene.trace.config.max_length)
    with torch.no_grad():
        encoding = stack.positions(length, 0)
    left, right = st.columns(2, gap="medium")
    key, theme = (engine.cache_key(scene.translator), side, length), scene.colours.name  # the encoding knows no sentence
    for column, chart in ((left, encoding_heatmap), (left, position_similarity), (right, encoding_waves)):
        with column:
            _chart(kept(chart.__name__, key, theme, (), partial(chart, encoding, colours=scene.colours)), chart.__name__)
    with right:
        _chart(scene.picture("added-norms", partial(added_norms, scene.trace, side, scene.colours), side), "added-norms")


def _chart(figure: object, name: str) -> None:
    with st.container(border=True, key=f"card-{name}"):
        st.plotly_chart(figure, theme=None, key=f"positions-{name}", config={"displaylogo": False})


VIEW = View(
    "positions",
    "Positions",
    "Attention alone does not know word order; this is the vector that is added to each token to say where it stands. Look for "
    "fast waves at the left and slow ones at the right, and for how neighbours resemble each other.",
    draw,
)
