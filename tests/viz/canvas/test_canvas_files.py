"""What components are joined from: one module each, every name once, every file used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from viz.canvas.shared.files import CANVAS, components, drawn_by, library, modules, script, style

COMPONENTS = components()
DECLARED = re.compile(r"^(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)


def name_of(path: Path) -> str:
    """As `script` is asked for it."""
    return path.relative_to(CANVAS).as_posix()


@pytest.mark.parametrize("path", COMPONENTS, ids=name_of)
def test_a_component_is_one_module_that_declares_every_name_once(path):
    """A browser takes it as it is: nothing to import, one export; and no file's helper replaces that of another."""
    text = script(name_of(path))
    assert re.findall(r"^export .*", text, re.MULTILINE) == ["export default function (component) {"]
    assert not re.search(r"^import\b", text, re.MULTILINE)
    names = DECLARED.findall(text)
    assert len(names) == len(set(names))


def test_the_library_has_every_component_and_nothing_twice():
    """What components share stands in it once; each has a scope of its own inside."""
    text = library()
    assert re.findall(r"^export .*", text, re.MULTILINE) == ["export default function () {}"]
    assert not re.search(r"^import\b", text, re.MULTILINE)
    placed = re.findall(r'^window\.headlightComponents\["(.+)"\] = function \(component\) \{', text, re.MULTILINE)
    assert placed == [name_of(path) for path in COMPONENTS]
    shared, *scopes = re.split(r"^\(\(\) => \{$", text, flags=re.MULTILINE)
    names = DECLARED.findall(shared)
    assert len(scopes) == len(COMPONENTS) and len(names) == len(set(names))
    version = re.search(r'version: "(\w+)"', text)
    assert all(f'version === "{version[1]}"' in drawn_by(name_of(path)) for path in COMPONENTS)


def test_every_file_belongs_to_a_component():
    """No script that nothing imports, no style sheet that nothing mounts."""
    reached = {module for path in COMPONENTS for module in modules(path)}
    assert reached == set(CANVAS.glob("*/*.js"))
    mounted = "".join(path.read_text(encoding="utf-8") for path in CANVAS.glob("*/*.py"))
    for path in CANVAS.glob("*/*.css"):
        assert f'"{name_of(path)}"' in mounted


def test_a_module_stands_behind_what_it_imports():
    """So that a constant is there when another is made of it; a circle ends."""
    order = modules(CANVAS / "grid/index.js")
    place = {path: at for at, path in enumerate(order)}
    assert order[-1] == CANVAS / "grid/index.js" and len(order) == len(place)
    assert place[CANVAS / "shared/theme.js"] < place[CANVAS / "shared/ramps.js"] < place[CANVAS / "grid/draw.js"]
    sheet = style("shared/shared.css", "grid/style.css")
    assert sheet.index(".room {") < sheet.index(".heads-grid {")
