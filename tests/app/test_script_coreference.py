"""The part of "What heads do" about "it", in the script of the page: what it says, and that it rests with words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from support.page import captions, figures

from model.instrument.pretrained import load_pretrained
from model.measuring.coreference import measure_inside
from model.measuring.coreference_pairs import minimal_pairs, read_lexicon
from model.measuring.coreference_record import ALL, FILE, Counts, save_coreference
from model.measuring.coreference_words import findings
from viz.page import stored

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {ALL: Counts(210, 180, 170, 165)}


@pytest.fixture
def found(folder):
    """Measured on its weights."""
    pairs = minimal_pairs(read_lexicon(ROOT / "tests" / "data" / "coreference.tsv"))[:2]
    return measure_inside(load_pretrained(folder, "cpu"), pairs, COUNTS)


def store(folder: Path, found) -> None:
    """Beside the weights that are there."""
    save_coreference(folder, found, load_pretrained(folder, "cpu").about["weights_sha256"], "two pairs")


def opened() -> AppTest:
    """The view with a sentence."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["view"], app.query_params["text"] = "roles", "The cat sat."
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    """All HTML of the page, and all captions."""
    return "\n".join([*(element.proto.body for element in app.get("html")), *captions(app)])


def charts(app: AppTest) -> int:
    """How many figures are drawn."""
    return len(figures(app))


def test_without_the_file_it_rests_and_says_what_to_run(folder):
    """One sentence, no list, no table of it."""
    text = shown(opened())
    assert "What “it” gathers" in text and "python -m model.coreference" in text and 'class="findings"' not in text


@pytest.mark.parametrize("damage", ["{}", "[", '{"weights_sha256": 3}'])
def test_a_damaged_file_is_as_none(folder, damage):
    """Nor does one of other weights count."""
    (folder / FILE).write_text(damage, encoding="utf-8")
    assert "python -m model.coreference" in shown(opened())


def test_what_was_measured_is_said_and_drawn(folder, found):
    """Every sentence as written from the numbers, the table and the map."""
    without = charts(opened())
    store(folder, found)
    stored._stored.cache_clear()
    app = opened()
    text = shown(app)
    assert all(sentence.replace("'", "&#x27;") in text for sentence in findings(found))
    assert "turns, shuffled" in text and charts(app) == without + 1


def test_weights_that_do_not_decide_draw_no_map(folder, found):
    """The sentence says why; the table of heads stays."""
    without = charts(opened())
    store(folder, replace(found, counts={ALL: Counts(210, 100, 3, 2)}))
    stored._stored.cache_clear()
    app = opened()
    assert "do not tell the nouns apart" in shown(app) and charts(app) == without and "turns, shuffled" in shown(app)
