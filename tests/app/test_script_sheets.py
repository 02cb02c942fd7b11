"""The sheet of a head and the head finder, in the script of the page."""

from __future__ import annotations

import html
import re
from functools import reduce
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from streamlit.testing.v1 import AppTest
from support.page import captions
from support.strategies import sentences
from support.tiny import SENTENCES

from model.corpus.counting import count_lines
from model.corpus.reading import Line
from model.corpus.sheets import FILE, load_sheets, make_sheets, save_sheets
from model.corpus.statistics import HeadStatistics
from model.instrument.pretrained import Translator, load_as
from viz.page.parts.head_sheet import marked_text, summary

ROOT = Path(__file__).resolve().parents[2]
LINES = [Line(row, f"{SENTENCES[2 * (row % 3)]} {row}", f"{SENTENCES[2 * (row % 3) + 1]} {row}") for row in range(9)]


@pytest.fixture
def reader(folder) -> Translator:
    """With its sheets beside it: nine pairs."""
    reader = load_as(Translator, folder, "cpu")
    parts = [count_lines(reader, [line], (reader.about["weights_sha256"], "text"), line.row) for line in LINES]
    content = make_sheets(
        reduce(HeadStatistics.merge, parts), "nine pairs", reader.tokenizer.piece, lambda rows: {row: LINES[row] for row in rows}
    )
    save_sheets(folder / FILE, content)
    return reader


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in {"view": "roles", "text": SENTENCES[0], **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def parameter(app: AppTest, name: str) -> str:
    """As the address has it."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def pages(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def test_a_sheet_says_what_was_counted_and_links_to_every_example(reader):
    """Its sentence, and addresses that open the text, the head and the cell with the weight that stands there."""
    app = opened(kind="cross", layer="2", head="3")
    sheets = load_sheets(reader.folder, reader.about["weights_sha256"], reader.anatomy)
    sheet, body = sheets.of("cross", 1, 2), pages(app)
    assert html.escape(summary(sheets, sheet)) in body and "over 9 texts" in body
    links = re.findall(r'<a href="\?([^"]+)" class="sheet-link"[^>]*>([^<]+)</a>', body)
    assert len(links) == sum(map(len, sheet.examples.values())) == 12
    for address, weight in links[::4]:
        query = {name: values[0] for name, values in parse_qs(html.unescape(address)).items()}
        assert (query["view"], query["kind"], query["layer"], query["head"]) == ("one-head", "cross", "2", "3")
        trace = reader.trace(query["text"], query["target"])
        cell = trace.attention["cross"].weights[1, 2, int(query["query"]) - 1, int(query["key"]) - 1]
        assert float(cell) == pytest.approx(float(weight), abs=0.006)
        again = opened(**query)
        assert parameter(again, "text") == query["text"]


def test_without_sheets_the_page_says_how_to_make_them(folder):
    """And the finder works all the same, on this sentence."""
    app = opened(target=SENTENCES[1], asker="decoder.2", answerer="encoder.2")
    assert any("headlight corpus --model FOLDER --text" in caption for caption in captions(app))
    assert 'data-testid="finder-table"' in pages(app) and "role over the text" not in pages(app)


def test_the_finder_opens_a_head_at_the_cell(reader):
    """The first of its buttons; what was picked is in the address."""
    app = opened(target=SENTENCES[1], asker="decoder.2", answerer="encoder.2")
    assert "role over the text" in pages(app)
    assert [app.selectbox(key=f"finder-{name}").value for name in ("asker", "answerer")] == [("decoder", 1), ("encoder", 1)]
    app.selectbox(key="finder-answerer").select(("encoder", 3)).run()
    assert parameter(app, "answerer") == "encoder.4"
    app.selectbox(key="finder-asker").select(("encoder", 3)).run()
    app.selectbox(key="finder-answerer").select(("decoder", 3)).run()
    assert any("No attention leads" in caption for caption in captions(app)) and not app.exception
    assert not opened(asker="nowhere.2", answerer="encoder.x").exception


@given(text=sentences)
def test_marks_leave_the_text_as_it_is(tiny_translator, text):
    """Whatever is marked: without the tags it is the text, escaped once."""
    tokens = tiny_translator.source(text)
    for at in range(len(tokens)):
        body = str(marked_text(tokens, {at: "query"}))
        assert body.count('<mark class="query">') == 1
        plain = html.unescape(re.sub(r"<[^>]+>", "", body))
        assert plain == tokens.text + ("</s>" if tokens.special[at] else "")
