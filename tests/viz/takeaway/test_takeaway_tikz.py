"""TikZ: a small reader of braces and commands stands in for LaTeX."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.charts.parts.descriptions import Table
from viz.takeaway.tikz import SPECIAL, as_tikz, escaped

COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)")
names = st.lists(st.text(max_size=12), min_size=1, max_size=4)
values = st.one_of(st.floats(-1, 1, width=32), st.just(0.0), st.just(""), st.just("masked"))


@st.composite
def tables(draw) -> Table:
    """Any matrix with any tokens; some cells have no number."""
    columns, rows = draw(names), draw(names)
    cells = [tuple(draw(values) for _ in columns) for _ in rows]
    return Table(draw(st.text(max_size=20)), ("", *columns), tuple((row, *line) for row, line in zip(rows, cells, strict=True)))


def without_comments(text: str) -> str:
    """What LaTeX reads: a % that is no sign ends the line."""
    return "\n".join(re.sub(r"(?<!\\)((?:\\\\)*)%.*", r"\1", line) for line in text.split("\n"))


def depth(text: str) -> list[int]:
    """How deep every brace leaves the text; a brace behind a backslash is a sign."""
    levels, level = [], 0
    for sign in re.findall(r"[{}]", COMMAND.sub(lambda found: found[0] if len(found[0]) > 2 else "", text)):
        level += 1 if sign == "{" else -1
        levels.append(level)
    return levels


@given(tables())
def test_every_cell_and_every_token_is_drawn_once(table):
    """Braces close, a square for each number that is not 0, a node for each token, one picture."""
    text = without_comments(as_tikz(table, "#0072b2", "#d55e00"))
    levels = depth(text)
    assert min(levels) >= 0 and levels[-1] == 0
    numbers = [cell for _, *line in table.rows for cell in line if not isinstance(cell, str) and cell]
    assert len(re.findall(r"^\\fill\[", text, re.MULTILINE)) == len(numbers)
    assert len(re.findall(r"^\\node\[", text, re.MULTILINE)) == len(table.rows) + len(table.head) - 1
    assert text.count(r"\begin{tikzpicture}") == text.count(r"\end{tikzpicture}") == 1
    shares = [float(share) for share in re.findall(r"(?:more|less)!([\d.]+)!white", text)]
    assert len(shares) == len(numbers) and all(0 <= share <= 100 for share in shares)


@given(st.text(max_size=30))
def test_any_text_is_printed_and_nothing_of_it_is_a_command(text):
    """Without the commands that we write, no sign with a meaning is left; one line stays one line."""
    rest = escaped(text)
    for command in SPECIAL.values():
        rest = rest.replace(command, "")
    assert not set(rest) & set("\\{}$&#%_~^\n\r\t")


@pytest.mark.parametrize(
    ("text", "latex"), [("▁cat", r"\textvisiblespace{}cat"), ("50 %", r"50 \%"), ("a_b", r"a\_b"), ("é中😀", "é中😀")]
)
def test_tokens_as_latex_prints_them(text, latex):
    """The space mark of a piece can be seen; letters of any script stay."""
    assert escaped(text) == latex
