"""Which stack the views of one side show."""

from __future__ import annotations

import streamlit as st

from viz.page.scene import Scene, remember

SIDE_TITLES = {"encoder": "Source (encoder)", "decoder": "Target (decoder)"}


def choose_side(scene: Scene, key: str) -> str:
    """Encoder or decoder; the choice goes into the URL. key: of the widget."""
    remember(key, scene.settings.side)
    side = st.segmented_control(
        "Side", list(SIDE_TITLES), key=key, format_func=SIDE_TITLES.get, required=True, label_visibility="collapsed"
    )
    scene.choose(side=side)
    return side
