"""The quiet line under the translation: silent for what the model knows, and a sentence of several is one click away."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.measuring.depth import Depth
from viz.page import engine

APP = str(Path(__file__).resolve().parents[2] / "app.py")
EVERYDAY = "The cat is asleep on the sofa."
LONG = "I saw a cat. She saw a dog. We went home."


@pytest.fixture
def used_to(monkeypatch):
    """used_to(depth): the page takes the shipped model to be used to that."""

    def set_(depth: Depth | None) -> None:
        monkeypatch.setattr(engine, "depth", lambda _translator: depth)

    return set_


def page(text: str) -> AppTest:
    """The page with a sentence."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["text"] = text
    return app.run()


def line(app: AppTest) -> str:
    """What the line says; empty where there is none."""
    bodies = (element.proto.body for element in app.get("html"))
    return next((body for body in bodies if 'data-testid="depth"' in body), "")


def test_nothing_is_said_of_what_the_model_knows(used_to):
    """Nor where nothing was measured."""
    used_to(Depth(100, -9.0, frozenset("the cat is asleep on sofa".split())))
    assert line(page(EVERYDAY)) == ""
    used_to(None)
    assert line(page(LONG)) == ""


def test_one_sentence_of_several_is_a_click_away(used_to):
    """The line says why, the button reads that sentence alone."""
    used_to(Depth(8, -9.0, frozenset("i saw a cat she dog we went home".split())))
    app = page(LONG)
    assert "longer than what the model learned from" in line(app) and "one of its sentences" in line(app)
    app.button(key="depth-1").click().run()
    assert app.text_area(key="text").value == "She saw a dog." and not app.exception and line(app) == ""


def test_what_is_typed_is_text(used_to):
    """A sentence with markup is shown as it is."""
    used_to(Depth(3, -9.0, frozenset()))
    app = page("Look at [this](http://x.example). Now <b>go</b>!")
    assert "\\[this\\]" in app.button(key="depth-0").label and not app.exception
