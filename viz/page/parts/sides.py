"""Which stack the views of one side show."""

from __future__ import annotations

import streamlit as st

from model.trace.anatomy import Anatomy
from viz.page.store import tied


def side_titles(anatomy: Anatomy) -> dict[str, str]:
    """The stacks by their names: what is read as the source of another stack, and what is written; a stack alone by its title."""
    if len(anatomy.stacks) == 1:
        return {stack.name: stack.title for stack in anatomy.stacks}
    return {
        stack.name: f"{'Target' if stack.predicts == 'next' else 'Source'} ({stack.title.lower()})" for stack in anatomy.stacks
    }


def choose_side(anatomy: Anatomy, key: str, **also: object) -> str:
    """One of the stacks; the choice goes into the URL. key: of the widget; also: what else a choice writes."""
    titles = side_titles(anatomy)
    return st.segmented_control(
        "Side", list(titles), format_func=titles.__getitem__, required=True, label_visibility="collapsed",
        **tied("side", key, take=lambda side: {"side": side, **also}, options=True),
    )  # fmt: skip
