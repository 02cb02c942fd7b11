"""Scripts and styles of the components. Scripts are joined to one text when they are mounted: no build step.

The scripts are ES modules, so that editors and checkers see what they import; a browser gets one module without imports. All of them
travel once a tab (`viz.canvas.component_scripts`), and what Streamlit sends with every picture says only which one draws it.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

CANVAS = Path(__file__).parents[1]
IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


def script(name: str) -> str:
    """A module, named from viz/canvas/ on, behind all that it imports, as the text of one module.

    Everything shares one scope then: a name may be declared once among modules that are joined.
    """
    return _joined(modules(CANVAS / name))


@functools.cache
def library() -> str:
    """All components as one module: it keeps the function that each of them exports, and says that they are there.

    What they share stands in its scope once; each has a scope of its own inside.
    """
    shared = list(dict.fromkeys(module for path in sorted(CANVAS.glob("shared/*.js")) for module in modules(path)))
    parts = [_joined(shared), f'window.headlightComponents = {{ version: "{_version()}" }};']
    for path in components():
        own = _joined([module for module in modules(path) if module not in shared])
        place = f'window.headlightComponents["{path.relative_to(CANVAS).as_posix()}"] = '
        parts.append(f"(() => {{\n{own.replace('export default ', place)}\n}})();")
    return "\n".join([*parts, 'document.dispatchEvent(new Event("headlight-components"));', "export default function () {}\n"])


def drawn_by(name: str) -> str:
    """A component's script: it calls the one of the library, named from viz/canvas/ on, as soon as that is there."""
    return f"""export default function (component) {{
  const draw = () => window.headlightComponents["{name}"](component);
  if (window.headlightComponents?.version === "{_version()}") return draw();
  return new Promise((resolve) => document.addEventListener("headlight-components", () => resolve(draw()), {{ once: true }}));
}}
"""


def components() -> list[Path]:
    """The modules that draw a component, in order of their names."""
    return [path for path in sorted(CANVAS.glob("*/*.js")) if "export default " in path.read_text(encoding="utf-8")]


@functools.cache
def _version() -> str:
    """Another one for other scripts: a tab that stays open while the server is replaced gets the new ones."""
    texts = b"".join(path.read_bytes() for path in sorted(CANVAS.glob("*/*.js")))
    return hashlib.blake2s(texts, digest_size=8).hexdigest()


def _joined(paths: Sequence[Path]) -> str:
    return "\n".join(EXPORT.sub("", IMPORT.sub("", path.read_text(encoding="utf-8"))) for path in paths)


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
