"""Page, views, charts and canvases ask the Anatomy and the Tokens: they name no stack, no kind of attention and no mark of a vocabulary."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = {"encoder", "decoder", "cross"}  # of our own stacks and kinds: `model.trace.anatomy` says what a model has
IMPORTS = {"SPECIAL", "SPACE", "PAD", "START", "END"}  # of our tokenizer: `Tokens` says what is special and where spaces stand
SPACE_MARKS = "▁Ġ"
EXCEPTIONS = {"theme.py": "the palette calls its colours so, as the style sheets do"}  # {file under viz/: why it must name one}
FILES = sorted((ROOT / "viz").rglob("*.py"))


def literals(tree: ast.Module) -> set[str]:
    """All text in a file but docstrings."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body[0] for node in ast.walk(tree) if isinstance(node, owners) and node.body]
    docstrings = {id(first.value) for first in bodies if isinstance(first, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {node.value for node in texts if id(node) not in docstrings}


def faults(source: str) -> set[str]:
    """What a file names that only an Anatomy or a tokenizer should."""
    tree = ast.parse(source)
    texts = literals(tree)
    found = {text for text in texts if text.removeprefix("kind:") in NAMES or any(mark in text for mark in SPACE_MARKS)}
    imported = (name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names)
    return found | {name.name for name in imported if name.name in IMPORTS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "viz")))
def test_no_file_names_a_stack_or_a_mark(path):
    """Each exception has its reason, and is one."""
    name = path.relative_to(ROOT / "viz").as_posix()
    assert bool(faults(path.read_text(encoding="utf-8"))) == (name in EXCEPTIONS), name


def test_faults_are_found():
    """A name anywhere in the code counts, in a docstring or a longer sentence it does not."""
    assert faults('def f(kind):\n    """encoder"""\n    return kind == "encoder"') == {"encoder"}
    assert faults('needs = {"kind:cross"}') == {"kind:cross"} and faults('word.lstrip("▁")') == {"▁"}
    assert faults("from model.instrument.tokenizer import SPECIAL, Tokenizer") == {"SPECIAL"}
    assert not faults('"""decoder"""\nSAID = "What the decoder would say"  # cross')
