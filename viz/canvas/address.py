"""The browser's history: an unseen component that decides which changes of the address are entries of their own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit

from viz.canvas import packing

_mount = streamlit.components.v2.component("headlight_address_bar", js=packing.source("address.js"))


def address_bar(*, typed: Sequence[str], walked: Sequence[str]) -> None:
    """From now on a change of the address by typing replaces the entry of the history, and a walk makes one entry.

    typed: parameters that hold what the reader types; walked: those that move in small steps, a slider or a player.
    """
    _mount(key="address-bar", data={"typed": list(typed), "walked": list(walked)})
