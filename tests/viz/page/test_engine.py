"""The model behind the page: loaded once, and what that spares every run of the script."""

from __future__ import annotations

import gc
import tomllib

from model.instrument.project import ROOT
from viz.page import engine


def test_what_a_process_loads_once_is_spared_every_later_collection(tiny_folder):
    """A collection of garbage must not walk over torch each time. A second model may go again."""
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


def test_garbage_is_collected_now_and_then_for_all_sessions_together(monkeypatch):
    """Not after every run, as the settings tell Streamlit: the first run after a while does it, those that follow do not."""
    now, runs = [0.0], []
    monkeypatch.setattr(engine, "monotonic", lambda: now[0])
    monkeypatch.setattr(engine, "_tidied", 0.0)
    monkeypatch.setattr(engine.gc, "collect", lambda: runs.append(now[0]))
    for seconds in range(0, 60):
        now[0] = float(seconds)
        engine.tidy()
    assert runs == [11, 22, 33, 44, 55]
    assert tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["runner"] == {"postScriptGC": False}


def test_no_message_is_named_instead_of_sent():
    """A browser may have forgotten it by then, and gives up the page for good: no message of a pass is as long as those that it keeps."""
    least = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["global"]["minCachedMessageSize"]
    assert least > 2**31
