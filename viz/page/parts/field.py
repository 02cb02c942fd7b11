"""The text fields of the page: as many lines as what is typed needs, read while one types."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from viz.page.store import MOST_TYPED, Take, tied


def text_field(
    label: str,
    name: str,
    placeholder: str,
    *,
    place: DeltaGenerator | None = None,
    disabled: bool = False,
    take: Take | None = None,
) -> str:
    """A field for one of the texts of the State; returns what stands in it. `viz.canvas.text_fields` has Enter and pauses read it.

    name: of the text in the State and in the address. take: what the text writes, where that is not itself alone.
    """
    field = (place or st).text_area(
        label, height="content", label_visibility="collapsed", placeholder=placeholder, max_chars=MOST_TYPED, disabled=disabled,
        **tied(name, is_typed=True, take=take),
    )  # fmt: skip
    return str(field)
