"""Imports run one way: app -> views -> page -> charts, canvas -> theme -> corpus -> measuring, analysis -> instrument -> transformer -> trace."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {  # each folder once: a file imports from its own room and from rooms with a smaller number
    "app": 12, "viz.command": 11, "viz.views": 10, "viz.lessons": 10, "viz.page": 9, "viz.takeaway": 8.5, "viz.charts": 8, "viz.canvas": 8, "viz.reading": 7, "viz.theme": 6,
    "model": 5.5, "model.corpus": 5.2, "model.measuring": 5, "model.huggingface": 4, "model.training": 4, "model.analysis": 4, "model.instrument": 3, "model.transformer": 2, "model.trace": 1,
}  # fmt: skip
UI = {"streamlit", "plotly", "altair", "viz", "app", "pandas"}


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Full names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return frozenset(names)


def room(module: str) -> str | None:
    """The room of a module name, longest match first."""
    return next((name for name in sorted(ROOMS, key=len, reverse=True) if module == name or module.startswith(name + ".")), None)


def files() -> list[Path]:
    """Every Python file of the product."""
    return [ROOT / "app.py", *sorted(ROOT.glob("model/**/*.py")), *sorted(ROOT.glob("viz/**/*.py"))]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_between_rooms_run_one_way(path):
    """No file imports from a room above its own or beside it: charts and canvases, analyses and training do not know each other."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    own = room(name)
    for module in imports(path):
        other = room(module)
        if own and other and other != own:
            assert ROOMS[other] < ROOMS[own], f"{name} imports {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "model").glob("**/*.py")), ids=lambda path: path.name)
def test_the_model_knows_no_page(path):
    """model/ needs no package that draws."""
    assert not {name.split(".")[0] for name in imports(path)} & UI


def test_what_is_particular_to_transformers_is_small_and_stands_in_one_room():
    """All that can be said of any module stands in model.instrument."""
    own = [path for path in files() if any(name.split(".")[0] == "transformers" for name in imports(path))]
    assert own and {path.parent for path in own} == {ROOT / "model" / "huggingface"}
    assert sum(len(path.read_text("utf-8").splitlines()) for path in (ROOT / "model" / "huggingface").glob("*.py")) <= 500


def test_every_folder_is_a_room():
    """A new folder says where it stands."""
    for path in files():
        parts = path.relative_to(ROOT).with_suffix("").parts
        assert len(parts) < 3 or ".".join(parts[:2]) in ROOMS, path


def test_charts_are_pure():
    """No chart imports streamlit."""
    for path in (ROOT / "viz" / "charts").glob("**/*.py"):
        assert not any(name.startswith("streamlit") for name in imports(path)), path.name


def test_what_is_not_needed_is_not_imported():
    """Charts start without Streamlit; the page's engine and its command start without what opens the models of others."""
    code = """import sys, viz.charts
assert "streamlit" not in sys.modules
import model, model.huggingface, viz.page.engine, viz.command
assert not {"transformers", "h5py"} & set(sys.modules)"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr


def test_one_browser_serves_all_tests():
    """Playwright runs once in a thread: a second one, started by a test, fails as soon as the first has been used."""
    for path in (ROOT / "tests").rglob("*.py"):
        names = imports(path)
        assert path == ROOT / "tests/conftest.py" or "bench.browser.chromium" not in names, path.name
        assert "playwright.sync_api.sync_playwright" not in names, path.name


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: path.name)
def test_no_test_imports_another(path):
    """What tests share lies in tests/support, where no test is; everything else is a test or a conftest."""
    names = {module.split(".")[0] for module in imports(path)}
    assert not {name for name in names if name.startswith(("test_", "conftest"))} and "tests" not in names
    shared = path.is_relative_to(ROOT / "tests" / "support")
    assert path.name.startswith("test_") != shared or path.name == "conftest.py"
    assert not shared or "def test_" not in path.read_text(encoding="utf-8")


def test_the_base_names_of_tests_are_unique():
    """pytest imports a test by its base name."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", sorted((ROOT / "viz" / "views").glob("*.py")), ids=lambda path: path.name)
def test_no_view_knows_another(path):
    """What views share lies in viz.page; only the registry names them all."""
    if path.name != "__init__.py":
        assert not any(name == "viz.views" or name.startswith("viz.views.") for name in imports(path)), path.name


def test_our_stacks_and_kinds_are_named_in_one_place():
    """What a model is made of comes from its Anatomy; "encoder", "decoder" and "cross" are names of ours, and stand in our Config."""
    for path in (ROOT / "model").glob("**/*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} & {"encoder", "decoder", "cross"}
        assert not names or path.name == "config.py", f"{path.relative_to(ROOT)} says {', '.join(sorted(names))}"
