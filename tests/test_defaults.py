"""Defaults of every command: files of the project, whatever the current folder."""

from __future__ import annotations

import argparse
import importlib.util
import pkgutil
from pathlib import Path

import pytest

import bench
import model
from model.analysis.alignment import read_pairs
from model.instrument.project import ROOT

MODULES = (info for package in (model, bench) for info in pkgutil.walk_packages(package.__path__[:1], f"{package.__name__}."))
SOURCES = {info.name: Path(info.module_finder.find_spec(info.name).origin).read_text(encoding="utf-8") for info in MODULES}
COMMANDS = [name for name, source in SOURCES.items() if '__name__ == "__main__"' in source]


class Built(Exception):
    """Raised where a command would read its arguments."""


def parser_of(name: str, monkeypatch) -> argparse.ArgumentParser:
    """The parser that a command builds before it does anything."""

    def caught(self: argparse.ArgumentParser, *_arguments: object, **_more: object) -> None:
        raise Built(self)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", caught)
    module = importlib.import_module(name)
    with pytest.raises(Built) as built:
        (getattr(module, "main", None) or module.parse)([])
    return built.value.args[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_default_paths_lie_in_the_project(name, monkeypatch, tmp_path):
    """Absolute, within the project, from another folder as well."""
    monkeypatch.chdir(tmp_path)
    for action in parser_of(name, monkeypatch)._actions:
        values = action.default if isinstance(action.default, list) else [action.default]
        for value in values:
            if action.type is Path and value is not None:
                path = Path(value)
                assert path.is_absolute() and path.is_relative_to(ROOT), f"{name} {action.option_strings}: {value}"
                assert path.exists() or path.is_relative_to(ROOT / "runs"), f"{name} {action.option_strings}: {value}"


def test_the_pairs_with_links_are_found_from_anywhere(monkeypatch, tmp_path):
    """The default of `model.alignment`."""
    monkeypatch.chdir(tmp_path)
    default = next(
        action.default for action in parser_of("model.measuring.alignment", monkeypatch)._actions if action.dest == "pairs"
    )
    assert len(read_pairs(default)) == 40


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.startswith("model.") and not name.endswith("__main__")])
def test_a_command_is_found_without_its_room(name):
    """`python -m model.evaluate`, as READMEs and cards have it."""
    short = importlib.util.find_spec(f"model.{name.rpartition('.')[2]}")
    assert Path(short.origin).samefile(importlib.util.find_spec(name).origin)
