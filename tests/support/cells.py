"""Code as a notebook runs it: the value of the last expression is shown."""

from __future__ import annotations

import ast

import altair
import plotly.graph_objects as go
import plotly.io
import pytest

import model
from model import Translator


def load_quickly(monkeypatch: pytest.MonkeyPatch, translator: Translator) -> None:
    """Let `load_pretrained("en-fr")` give the translator that the tests have already loaded, on the CPU; any other is loaded."""
    own = model.load_pretrained
    monkeypatch.setattr(model, "load_pretrained", lambda name: translator if name == "en-fr" else own(name))


def run(source: str, namespace: dict) -> object:
    """Execute a cell in `namespace`. Returns the value of its last line where that is an expression, else None."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, type_ignores=[]), "<cell>", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace) if last else None


def is_chart(value: object) -> bool:
    """Whether a notebook draws it."""
    return isinstance(value, (go.Figure, altair.TopLevelMixin))


def show(chart: go.Figure | altair.TopLevelMixin) -> str:
    """What a notebook is given to draw, all kinds together. Raises AssertionError where there is nothing to draw."""
    renderer = plotly.io.renderers.default
    try:
        plotly.io.renderers.default = "plotly_mimetype"  # Jupyter's; without Jupyter, Plotly would open a browser
        bundle = chart._repr_mimebundle_(None, None)
    finally:
        plotly.io.renderers.default = renderer
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert bundle and all(bundle.values()), f"{type(chart).__name__} gives a notebook nothing to draw."
    assert chart.to_dict() and chart.to_json() and "<script" in chart.to_html()
    return str(bundle)
