"""The page of timings: every command's table stands there between marks, with the command's own columns."""

from __future__ import annotations

import importlib
import re

import pytest

from bench.report import README, Report

NAMES = re.findall(r"<!-- (\w+) -->", README.read_text(encoding="utf-8"))


def test_the_page_has_the_tables():
    """Each once."""
    assert {"corpus", "decode", "knockout", "models", "page", "room", "switch", "trace"} <= set(NAMES) and len(NAMES) == len(
        set(NAMES)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_its_place_and_its_columns(name):
    """What stands there has the columns that the command prints, a row or more, and its date."""
    text = README.read_text(encoding="utf-8")
    block = text[text.index(f"<!-- {name} -->") : text.index(f"<!-- /{name} -->")]
    where, _, table = block.partition("\n\n")
    assert "20" in where and where.endswith(":")
    lines = table.strip().splitlines()
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert head == [
        cell.strip() for cell in importlib.import_module(f"bench.{name}").HEADER.splitlines()[0].strip("|").split("|")
    ]
    assert rows and {len(row) for row in (rule, *rows)} == {len(head)}


def test_a_table_is_printed_as_it_comes_and_written_at_the_end(tmp_path, capsys):
    """Only with --write, only between its marks, with what was measured where."""
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n", encoding="utf-8")
    for write in (False, True):
        report = Report("a", "en-fr on cpu", "| x |\n|---|", write, page)
        report.add("| 1 |")
        assert "| x |\n|---|\n| 1 |" in capsys.readouterr().out and "old" in page.read_text(encoding="utf-8")
        report.close()
    text = page.read_text(encoding="utf-8")
    assert "old" not in text and text.startswith("before\n<!-- a -->\nen-fr on cpu, ") and text.endswith("<!-- /a -->\nafter\n")
    assert ":\n\n| x |\n|---|\n| 1 |\n<!-- /a -->" in text


def test_a_page_without_a_section_gets_one(tmp_path):
    """Behind the table that it follows, with its heading; the next time only the table is written anew."""
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\n\n## C\n", encoding="utf-8")
    for value in (1, 2):
        report = Report("b", "here", "| x |\n|---|", True, page, about="## B\n\nWords.", behind="a")
        report.add(f"| {value} |")
        report.close()
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- a -->\nold\n<!-- /a -->\n\n## B\n\nWords.\n\n<!-- b -->\nhere, ")
    assert text.endswith(":\n\n| x |\n|---|\n| 2 |\n<!-- /b -->\n\n## C\n") and text.count("## B") == 1
    with pytest.raises(ValueError, match="no <!-- d -->"):
        Report("c", "", "", True, page, about="## C", behind="d")


def test_a_page_without_the_marks_is_refused_before_anything_is_measured(tmp_path):
    """The marks that are missing are named."""
    page = tmp_path / "README.md"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="no <!-- a -->"):
        Report("a", "", "", True, page)
