"""The page for those who do not see it: every picture has its sentence and its table, and what is new is announced."""

from __future__ import annotations

import html
import json
import re
from dataclasses import asdict

import pytest
from support.page import run, shown

from viz.page.announcements import UNCHANGED, empty
from viz.views import VIEWS

pytestmark = pytest.mark.usefixtures("tiny_page")
PARTS = [
    *({"view": view, "second": "A dog ran."} for view in VIEWS), {"view": "layers", "layer_part": "norm"}, {"view": "layers", "layer_part": "units"},
    {"view": "output", "output_part": "loss"}, {"view": "output", "output_part": "lens"}, {"view": "embeddings", "space": "3d"},
    {"view": "output", "output_part": "change", "causal": "off"}, {"view": "decoding", "decoding_part": "beam"},
    {"view": "positions", "position_part": "laboratory"}, {"view": "knockout", "knockout_part": "words"},
    {"view": "one-head", "paint": "layer"}, {"view": "lines", "compare": "difference", "causal": "off"},
]  # fmt: skip
CHARTS = ("plotly_chart", "vega_lite_chart")
IN_TABLES = {"steps", "decoding", "tokens"}  # their first picture is made of numbers and words already


@pytest.mark.parametrize("query", PARTS, ids=lambda query: "-".join(value for name, value in query.items() if name != "second"))
def test_every_picture_has_its_sentence_and_its_table(query):
    """A chart's sentence has a number in it; every table opens, and nothing of it is there before."""
    app = run(text="The cat sat.", **query)
    assert not app.exception
    charts = [element.proto for kind in CHARTS for element in app.get(kind)]
    sentences = [element.proto.alt for element in app.get("plotly_chart")] + re.findall('<p class="told">(.*?)</p>', shown(app))
    assert len(sentences) == len(charts) and all(chart.alt for chart in charts)
    assert all(len(sentence) > 20 and any(map(str.isdigit, sentence)) for sentence in sentences)
    tables = [place for place in app.expander if place.label == "As a table"]
    assert len(tables) >= len(charts) and (tables or query["view"] in IN_TABLES)
    assert 'class="as-table"' not in shown(app)
    for place in tables:
        app.session_state[place.proto.id.split("-", 2)[2]] = True
    app.run()
    assert not app.exception and shown(app).count('class="as-table"') == len(tables)
    assert len(app.get("download_button")) == len(tables)


def spoken(app) -> list[dict]:
    """What the live region was given."""
    [region] = [element.proto for element in app.get("bidi_component") if "announcements" in element.proto.component_name]
    return json.loads(region.json)["parts"]


def test_a_translation_and_the_verdict_of_a_change_are_announced():
    """Always both, so that what is new can be told from what stays; the French in its language."""
    app = run(text="The cat sat.", lab="on")
    [translation, change] = spoken(app)
    assert translation["language"] == "fr" and translation["opening"] == "Translation:" and change == asdict(UNCHANGED)
    app.toggle(key="causal").set_value(False).run()
    [_, change] = spoken(app)
    assert change["text"] in html.unescape(shown(app).split('data-testid="changed-note">')[1])
    app.toggle(key="causal").set_value(True).run()
    assert spoken(app) == [translation, asdict(UNCHANGED)]


def test_a_translation_of_ones_own_is_announced_as_such():
    """Whose it is comes first; an empty one is said to be empty."""
    [translation, _] = spoken(run(text="The cat sat.", target="Le chat dort."))
    assert translation == {"opening": "Your translation:", "text": "Le chat dort.", "language": "fr"}
    assert empty().text.endswith("empty.")
