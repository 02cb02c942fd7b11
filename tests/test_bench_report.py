"""The page of timings: every command's table stands there between marks, with the command's own columns."""

from __future__ import annotations

import pytest

from bench import corpus, decode, knockout, page, switch, trace
from bench.report import README, Report

HEADERS = {
    "corpus": corpus.HEADER,
    "decode": decode.HEADER,
    "trace": trace.HEADER,
    "knockout": knockout.HEADER,
    "page": page.HEADER,
    "switch": switch.HEADER,
}


@pytest.mark.parametrize("name", HEADERS)
def test_every_table_has_its_place_and_its_columns(name):
    """What stands there has the columns that the command prints, a row or more, and its date."""
    text = README.read_text(encoding="utf-8")
    block = text[text.index(f"<!-- {name} -->") : text.index(f"<!-- /{name} -->")]
    where, _, table = block.partition("\n\n")
    assert "20" in where and where.endswith(":")
    lines = table.strip().splitlines()
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert head == [cell.strip() for cell in HEADERS[name].splitlines()[0].strip("|").split("|")]
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


def test_a_page_without_the_marks_is_refused_before_anything_is_measured(tmp_path):
    """The marks that are missing are named."""
    page = tmp_path / "README.md"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="no <!-- a -->"):
        Report("a", "", "", True, page)
