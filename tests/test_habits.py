"""Habits that no tool holds: sizes of files and functions, and a reason behind every exception from a rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [ROOT / "app.py", *(path for room in ("model", "viz", "bench", "tests") for path in sorted((ROOT / room).rglob("*.py")))]
MOST_LINES, LONGEST_FUNCTION = 300, 40
PARTICIPLES = frozenset(
    "asked chosen done drawn found given got held kept known made picked said seen shown taken told took typed wanted written".split()
)
EXCEPTION = re.compile(r"# (?:noqa|type: ignore)(?P<named>: [A-Z]+[0-9]+|\[[a-z-]+\])?(?P<rest>.*)$")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_grows_too_long(path):
    """A file of more than 300 lines, or a function of more than 40, says that a room is missing."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [node.name for node in functions if node.end_lineno - node.lineno >= LONGEST_FUNCTION] == []


def unexplained(line: str) -> bool:
    """Whether a line is excepted from a rule without naming it, or without a reason of three words or more behind it."""
    found = EXCEPTION.search(line)
    return bool(found) and (not found["named"] or len(re.findall(r"\w+", found["rest"])) < 3)


def test_every_exception_names_its_rule_and_its_reason():
    """In all Python files but this one, whose examples are none."""
    lines = [(path, line) for path in FILES if path != Path(__file__) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [f"{path.relative_to(ROOT)}: {line.strip()}" for path, line in lines if unexplained(line)] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: E731", True),
        ("x = 1  # type: ignore[arg-type]", True),
        ("x = 1  # type: ignore  # because it is so", True),
        ("import x  # noqa: F401  it is loaded late elsewhere", False),
        ("x = y()  # type: ignore[attr-defined]  # made when imported", False),
    ],
)
def test_the_check_tells_a_reason_from_none(line, wrong):
    """It can fail."""
    assert unexplained(line) == wrong


def names(tree: ast.AST) -> Iterator[str]:
    """Everything that a module names: what it assigns, parameters, functions, classes, and attributes that it sets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name


def participles(text: str) -> list[str]:
    """Names of a module that are a bare participle: they say what was done, not what they hold."""
    return [name for name in names(ast.parse(text)) if name.strip("_").lower() in PARTICIPLES]


@pytest.mark.parametrize("path", sorted((ROOT / "viz").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_page_is_named_in_nouns(path):
    """CONTRIBUTING, "The words we use"."""
    assert participles(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("said = 1", 1),
        ("def f(found, *, kept=1): pass", 2),
        ("def _drawn(): pass", 1),
        ("ASKED: int = 1", 1),
        ("self.typed = 1", 1),
        ("class Played:\n    given: bool", 1),
        ("f = lambda chosen: chosen", 1),
        ("[told for told in rows]", 1),
        ("if (seen := f()): pass", 1),
        ("import a as taken", 1),
        ("for row, (wanted, at) in rows: pass", 1),
        ("chosen_layer, shown_tokens, is_known = tokens.shown, axis.made, f(said=1)", 0),
    ],
)
def test_the_check_tells_a_participle_from_a_noun(text, count):
    """Uses of what another room names are no names of this one."""
    assert len(participles(text)) == count
