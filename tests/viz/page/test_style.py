"""The style sheets of the page: no rule has the browser style all of it again in every run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import viz

SHEETS = sorted(Path(viz.__file__).parent.glob("**/*.css"))
WIDE = re.compile(r"\[class.*[\s>+~](\*|:(?!is\())")


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_rule_leads_from_a_part_of_a_class_to_any_element(path):
    """Streamlit gives most elements another class twice in a run, and each element below them would be styled anew: that was a third of
    what styles cost."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = [selector.strip() for rule in re.findall(r"([^{};]+)\{", text) for selector in rule.split(",")]
    assert selectors and not [selector for selector in selectors if WIDE.search(selector)]
