"""A matrix as a picture in LaTeX: one square a cell, its tokens beside and above it."""

from __future__ import annotations

import unicodedata

from model.trace.tokens import SENTENCEPIECE
from viz.charts.parts.descriptions import Table
from viz.theme import digits

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", '"': r"\textquotedbl{}",
    "|": r"\textbar{}", SENTENCEPIECE.space: r"\textvisiblespace{}", "␣": r"\textvisiblespace{}", "·": r"\textperiodcentered{}",
}  # fmt: skip
HEAD = r"""% {title}
% \usepackage{{tikz}}; letters beyond Latin need LuaLaTeX or XeLaTeX and a font that has them (\usepackage{{fontspec}}).
\begin{{tikzpicture}}[x=5mm, y=-5mm, every node/.style={{font=\footnotesize}}]
\definecolor{{more}}{{HTML}}{{{more}}}
\definecolor{{less}}{{HTML}}{{{less}}}"""


def as_tikz(table: Table, more: str, less: str) -> str:
    """The cells as squares, as dark as their numbers are far from zero; what is no number stays white.

    more, less: "#rrggbb" of numbers above and below zero.
    """
    numbers = [value for _, *values in table.rows for value in values if not isinstance(value, str)]
    largest = max(map(abs, numbers), default=0) or 1.0
    lines = [HEAD.format(title=_comment(table.caption), more=more.lstrip("#").upper(), less=less.lstrip("#").upper())]
    for column, head in enumerate(table.head[1:]):
        lines.append(rf"\node[anchor=west, rotate=55] at ({column + 0.5},-0.1) {{{escaped(head)}}};")
    for row, (name, *values) in enumerate(table.rows):
        lines.append(rf"\node[anchor=east] at (-0.1,{row + 0.5}) {{{escaped(str(name))}}};")
        for column, value in enumerate(values):
            if not isinstance(value, str) and value:
                colour = f"{'more' if value > 0 else 'less'}!{round(100 * abs(value) / largest, 1)}!white"
                lines.append(rf"\fill[{colour}] ({column},{row}) rectangle ++(1,1); % {digits(value)}")
    return "\n".join(
        [*lines, rf"\draw[gray] (0,0) rectangle ({len(table.head) - 1},{len(table.rows)});", r"\end{tikzpicture}", ""]
    )


def escaped(text: str) -> str:
    """Any text as LaTeX prints it: its signs as commands, what cannot be printed left out, lines and tabs as spaces."""
    spaces = "".join(" " if char.isspace() else char for char in text)
    printable = (char for char in spaces if unicodedata.category(char)[0] != "C")
    return "".join(SPECIAL.get(char, char) for char in printable)


def _comment(text: str) -> str:
    return " ".join(text.split())
