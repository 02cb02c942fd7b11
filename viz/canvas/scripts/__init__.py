"""The scripts of all components: an unseen one brings them, once a tab."""

from __future__ import annotations

import streamlit

from viz.canvas.shared.files import library

_mount = streamlit.components.v2.component("headlight_scripts", js=library())


HEARD = "scripts-heard"


def component_scripts() -> None:
    """From now on what is mounted brings its numbers alone: Streamlit sends a component's script again with every picture it draws, and
    the browser reads all of it before it finds that it knows it. Once a run of the whole page, outside of its fragment.
    """
    if streamlit.session_state.get(HEARD):
        streamlit.empty()  # in its place, so that what stands below keeps its own
    else:
        _mount(key="scripts", data={})


def scripts_are_there() -> None:
    """A component has reported something: its tab has the scripts, and they need not travel again. Runs of a whole page are rare, but in a
    class everybody's page makes one for each step."""
    streamlit.session_state[HEARD] = True
