"""The scripts of all components: an unseen one brings them, once a tab."""

from __future__ import annotations

import streamlit

from viz.canvas.shared.files import library

_mount = streamlit.components.v2.component("headlight_scripts", js=library())


def component_scripts() -> None:
    """From now on what is mounted brings its numbers alone: Streamlit sends a component's script again with every picture it draws, and
    the browser reads all of it before it finds that it knows it. Once a run of the whole page, outside of its fragment.
    """
    _mount(key="scripts", data={})
