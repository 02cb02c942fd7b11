"""What was typed, or came from the address, is text wherever Streamlit reads Markdown."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.marks import MARKDOWN

from model.instrument.project import ROOT
from viz.page.choices import JOINER, plain


def seen(source: str) -> str:
    """What a reader sees of Markdown in which every mark is escaped."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", source).replace(JOINER, "")


@given(text=st.text(max_size=40) | st.sampled_from(MARKDOWN) | st.text(alphabet="\\`*_{}[]<>()#+-.!|~$:&@=w/a1 \n", max_size=12))
def test_nothing_is_lost_or_added(text):
    """Without backslashes and joiners the text is there, character by character; only line breaks and leading spaces look alike."""
    lines = re.sub(r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+", " ", text).replace(JOINER, "")
    spaces = len(lines) - len(lines.lstrip(" \t"))
    assert seen(plain(text)) == "\u00a0" * spaces + lines[spaces:]


@pytest.mark.parametrize("text", MARKDOWN)
def test_no_mark_is_left_bare(text):
    """Whatever opens a link, an image, emphasis, code, a formula, a directive or an entity stands behind a backslash."""
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", plain(text))
    assert not re.search(r"[`*\[\]{}<>~$|&!]", bare) and not re.match(r"\s*([#>+=-]|\d+[.)])", bare)


@pytest.mark.parametrize("text", MARKDOWN)
def test_what_is_found_in_the_finished_text_is_kept_apart(text):
    """The patterns of links, addresses, emoji and arrows, as the page's Markdown library finds them, meet a joiner."""
    finished = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain(text))
    for pattern in (
        r"(https?://|www(?=\.))[-.\w]+",
        r"[-.\w+]+@[-\w]+\.[-\w]+",
        r":[\w+-]+:",
        r":material/",
        r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
    ):
        assert not re.search(pattern, finished, re.IGNORECASE), pattern


def test_everyday_text_stays_readable_in_the_source():
    """Names of files and sentences need no marks, so that what is compared with them still finds them."""
    for text in (
        "Restore the folder no-such-model.",
        "cut=encoder.1.2",
        "token 14 ↛ token 2",
        "weights_sha256 in /tmp/a_b/config.json: 16",
    ):
        assert plain(text) == text


def is_plain(argument: ast.expr) -> bool:
    """Whether an argument is a text of ours, or made plain where it holds anything else."""
    if isinstance(argument, ast.JoinedStr):
        return all(is_plain(part.value) for part in argument.values if isinstance(part, ast.FormattedValue))
    if isinstance(argument, ast.Call):
        return isinstance(argument.func, ast.Name) and argument.func.id == "plain"
    return isinstance(argument, ast.Constant) or (isinstance(argument, ast.Name) and argument.id.isupper())


def test_every_notice_of_the_page_is_plain():
    """Errors repeat paths and names from files, notices repeat the address: all of them are Markdown to Streamlit."""
    found = 0
    for path in sorted([*(ROOT / "viz" / "page").glob("**/*.py"), *(ROOT / "viz" / "views").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("error", "warning", "info", "toast")
            ):
                found += 1
                assert is_plain(node.args[0]), f"{path.name}:{node.lineno}"
    assert found > 8
