"""Scripts and styles of the components. Each is handed to Streamlit as one text, joined when it is mounted: no build step.

The scripts are ES modules, so that editors and checkers see what they import; a browser gets one module without imports.
"""

from __future__ import annotations

import re
from pathlib import Path

CANVAS = Path(__file__).parents[1]
IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


def script(name: str) -> str:
    """A module, named from viz/canvas/ on, behind all that it imports, as the text of one module.

    Everything shares one scope then: a name may be declared once among modules that are joined.
    """
    return "\n".join(EXPORT.sub("", IMPORT.sub("", path.read_text(encoding="utf-8"))) for path in modules(CANVAS / name))


def modules(path: Path) -> list[Path]:
    """The modules that one needs, each once and behind those that it imports itself; two may import each other."""
    order: list[Path] = []
    met: set[Path] = set()

    def collect(module: Path) -> None:
        if module in met:
            return
        met.add(module)
        for name in IMPORT.findall(module.read_text(encoding="utf-8")):
            collect((module.parent / name).resolve())
        order.append(module)

    collect(path.resolve())
    return order


def style(*names: str) -> str:
    """The text of style sheets, named from viz/canvas/ on, one behind the other."""
    return "\n".join((CANVAS / name).read_text(encoding="utf-8") for name in names)
