"""viz/notebook.ipynb: every chart, drawn outside the page."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from support.cells import is_chart, load_quickly, run, show

from viz import charts

NOTEBOOK = Path(charts.__file__).resolve().parents[1] / "notebook.ipynb"
HOW = """viz/notebook.ipynb does not call {missing}. Add to its "cells", once for each:
 {{"cell_type": "markdown", "id": "about-NAME", "metadata": {{}}, "source": ["One sentence: what you see."]}},
 {{"cell_type": "code", "id": "NAME", "metadata": {{}}, "source": ["charts.NAME(trace)"], "execution_count": null, "outputs": []}}
"""


def code_cells() -> list[str]:
    """The source of every code cell, in order."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def charts_called(source: str) -> set[str]:
    """Names of the functions of viz.charts, written charts.NAME(...), that a cell calls."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    attributes = (function for function in calls if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name))
    return {function.attr for function in attributes if function.value.id == "charts"}


def test_every_chart_is_in_the_notebook():
    """A new chart gets a cell."""
    missing = set(charts.__all__) - set().union(*map(charts_called, code_cells()))
    assert not missing, HOW.format(missing=", ".join(sorted(missing)))


def test_every_cell_runs_and_shows_its_chart(translator, monkeypatch, capsys):
    """In order, in one namespace, as a reader runs them; a cell that calls a chart ends in one."""
    load_quickly(monkeypatch, translator)
    namespace: dict = {}
    for source in code_cells():
        value = run(source, namespace)
        if charts_called(source):
            assert is_chart(value), f"This cell of viz/notebook.ipynb does not end in a chart:\n{source}"
            assert show(value)
        else:
            assert value is None, f"This cell shows a {type(value).__name__}; print it, or end in a chart:\n{source}"
    assert namespace["sentence"] in capsys.readouterr().out


def test_the_notebook_is_well_formed_and_carries_no_results():
    """nbformat 4.5: every cell has an id of its own; outputs are empty, so that nothing in it can be out of date."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    for cell in notebook["cells"]:
        results = {"execution_count": None, "outputs": []} if cell["cell_type"] == "code" else {}
        assert cell == {**{key: cell[key] for key in ("cell_type", "id", "metadata", "source")}, **results}


@pytest.mark.parametrize("source", ["head_heatmap(trace)", "charts.head_heatmap", "other.head_heatmap(trace)"])
def test_only_a_call_counts(source):
    """An import or a mention draws nothing."""
    assert not charts_called(source)
