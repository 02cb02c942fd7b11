"""The model behind the page: loaded once, and what that spares every run of the script."""

from __future__ import annotations

import gc

from viz.page import engine


def test_what_a_process_loads_once_is_spared_every_later_collection(tiny_folder):
    """Streamlit collects garbage after every run: it must not walk over torch each time. A second model may go again."""
    gc.unfreeze()
    engine.translator.clear()
    try:
        engine.translator(str(tiny_folder), "cpu")
        spared = gc.get_freeze_count()
        assert spared > 50_000
        engine.translator.clear()
        engine.translator(str(tiny_folder), "cpu")
        assert gc.get_freeze_count() <= spared
    finally:
        gc.unfreeze()
