"""Which stack the views of one side show."""

from __future__ import annotations

import streamlit as st

from viz.page.store import tied

SIDE_TITLES = {"encoder": "Source (encoder)", "decoder": "Target (decoder)"}


def choose_side(key: str, **also: object) -> str:
    """Encoder or decoder; the choice goes into the URL. key: of the widget; also: what else a choice writes."""
    return st.segmented_control(
        "Side", list(SIDE_TITLES), format_func=SIDE_TITLES.__getitem__, required=True, label_visibility="collapsed",
        **tied("side", key, take=lambda side: {"side": side, **also}, options=True),
    )  # fmt: skip
