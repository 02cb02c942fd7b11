"""Imports run one way: app -> viz.views -> viz.charts, viz.canvas -> viz.reading -> viz.theme -> model, and inside model from top to bottom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {"app": 6, "viz.views": 5, "viz.command": 5, "viz.charts": 4, "viz.canvas": 4, "viz.reading": 3, "viz.theme": 2, "model": 1}
FLOORS = [  # of model/, from top to bottom; a file imports only from floors below its own, or earlier files of its own
    ["bind", "timeline", "train", "tune", "trainer", "evaluate", "alignment", "coreference", "coreference_words", "coreference_record", "depth", "first_inputs", "card", "roles", "vocabulary"],
    ["pretrained"],
    ["beside"],
    ["checkpoint"],
    [
        "capture",
        "translate",
        "analysis",
        "analysis_align",
        "analysis_change",
        "analysis_words",
        "analysis_steps",
        "analysis_tokens",
        "analysis_embedding",
        "analysis_layers",
        "analysis_output",
        "analysis_roles",
        "analysis_origin",
        "analysis_permutation",
        "analysis_alignment",
        "decoding",
        "robust",
        "analysis_knockout",
        "analysis_links",
        "analysis_coreference",
        "coreference_pairs",
        "data",
        "run_files",
    ],
    ["transformer", "trace"],
    ["attention", "positions", "masks", "dropout", "loss", "tokenizer", "words", "pasted", "byte_pieces", "intervention", "places", "device"],
    ["config", "recipe", "values", "lines", "project"],
]
UI = {"streamlit", "plotly", "altair", "viz", "app", "pandas"}


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


def room(module: str) -> str | None:
    """The room of a module name, longest match first."""
    return next((name for name in sorted(ROOMS, key=len, reverse=True) if module == name or module.startswith(name + ".")), None)


def files() -> list[Path]:
    """Every Python file of the product."""
    return [ROOT / "app.py", *sorted(ROOT.glob("model/*.py")), *sorted(ROOT.glob("viz/**/*.py"))]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_between_rooms_run_one_way(path):
    """No file imports from a room above its own, and charts and canvas do not know each other."""
    own = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for module in imports(path):
        other = room(module)
        if own and other and other != own:
            assert ROOMS[other] < ROOMS[own], f"{path.name} ({own}) imports {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "model").glob("*.py")), ids=lambda path: path.name)
def test_model_knows_no_ui_and_is_layered(path):
    """model/ needs no UI package; its files import downwards only."""
    found = imports(path)
    assert not {name.split(".")[0] for name in found} & UI
    floor = {name: index for index, names in enumerate(FLOORS) for name in names}
    if path.stem == "__init__":
        return
    for name in {module.split(".")[1] for module in found if module.startswith("model.")} & set(floor):
        assert floor[path.stem] <= floor[name], f"{path.name} imports {name}, which is above it"


def test_charts_are_pure():
    """No chart imports streamlit."""
    for path in (ROOT / "viz" / "charts").glob("*.py"):
        assert not any(name.startswith("streamlit") for name in imports(path)), path.name


def test_one_browser_serves_all_tests():
    """Playwright runs once in a thread: a second one, started by a test, fails as soon as the first has been used."""
    for path in (ROOT / "tests").rglob("*.py"):
        names = imports(path)
        assert path == ROOT / "tests/conftest.py" or "bench.browser.chromium" not in names, path.name
        assert "playwright.sync_api.sync_playwright" not in names, path.name
