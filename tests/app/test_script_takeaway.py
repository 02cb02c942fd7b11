"""What the page hands to those who take it away, without a browser: the code makes the same pass and the same picture again."""

from __future__ import annotations

import csv
import json
from io import StringIO

import numpy
import pytest
from plotly.graph_objects import Figure
from support.cells import load_quickly
from support.cells import run as run_cell
from support.page import choose, run

from viz.canvas import pack_figure
from viz.canvas.shared import packing
from viz.charts.parts.descriptions import with_description
from viz.charts.parts.signs import with_signs
from viz.lessons import LESSONS
from viz.page import takeaway
from viz.page.paper import Reading, printable
from viz.page.state import State
from viz.takeaway.arrays import arrays
from viz.takeaway.code import as_notebook, as_script
from viz.takeaway.formats import FORMATS
from viz.theme import word_labels
from viz.views import VIEWS

PARTS = {
    "layers": ("layer_part", ("growth", "norm", "units")), "output": ("output_part", ("pieces", "loss", "lens", "change")),
    "decoding": ("decoding_part", ("steps", "beam")), "positions": ("position_part", ("encoding", "laboratory", "learned")),
    "knockout": ("knockout_part", ("heads", "layers", "words")), "patch": ("patch_part", ("residual", "self_heads")),
}  # fmt: skip
PAGES = [(slug, {PARTS[slug][0]: part} if part else {}) for slug in VIEWS for part in PARTS.get(slug, ("", ("",)))[1]]
SENTENCE = "Two dogs are playing in the snow."
OF_VIEWS = {param.name: param.default for view in VIEWS.values() for param in view.params}
ONLY_HERE = {"decision-map", "roles-history"}  # measured beside the weights, not of a pass


@pytest.fixture
def parcels(monkeypatch, shipped_page):
    """parcels(**query): what could be taken away of each picture of a page, and what the view made of it."""
    visits = []
    draw = takeaway.draw
    monkeypatch.setattr(takeaway, "draw", lambda *arguments: (visits.append(arguments), draw(*arguments)))

    def visit(**query: str) -> list:
        app = run(**query)
        assert not app.exception
        _, scene, view, pictures, _ = visits[-1]
        return [(takeaway._parcel(scene, view, mounted), mounted.source, scene.trace) for mounted in pictures]

    return visit


def executed(source: str) -> dict:
    """The namespace that a script leaves."""
    namespace: dict = {}
    exec(compile(source, "<snippet>", "exec"), namespace)
    return namespace


def without_saving(script: str) -> str:
    """All but its last line, which writes a file."""
    *lines, last = script.strip().splitlines()
    return "\n".join(lines if "headlight.html" in last else [*lines, last])


def assert_same_pass(made, trace) -> None:
    """Every tensor, to the last digits."""
    first, second = arrays(made), arrays(trace)
    assert first.keys() == second.keys() and made.intervention == trace.intervention
    for name, array in first.items():
        numpy.testing.assert_allclose(array, second[name], rtol=1e-5, atol=1e-5, err_msg=name)
    assert made.labels.ids == trace.labels.ids and made.source.pieces == trace.source.pieces


def assert_same_picture(made, source) -> None:
    """Numbers, words and colours."""
    if isinstance(source, dict):
        assert made.to_dict(validate=False) == source
    elif isinstance(source, Figure):
        assert json.loads(with_description(with_signs(made)).to_json()) == json.loads(source.to_json())
    else:
        packed = pack_figure(with_description(with_signs(made))) if isinstance(made, Figure) else made.data
        (header, numbers), (wanted, others) = packing.split(packed), packing.split(source)
        numpy.testing.assert_allclose(numbers.astype(float), others.astype(float), rtol=1e-4, atol=1e-4)
        assert approximately(header) == approximately({name: wanted[name] for name in header})


def approximately(value):
    """JSON with numbers that two ways of computing agree on."""
    if isinstance(value, dict):
        return {name: approximately(item) for name, item in value.items() if name not in ("opens", "alt")}
    if isinstance(value, list):
        return [approximately(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


@pytest.mark.parametrize(("slug", "part"), PAGES, ids=lambda value: value if isinstance(value, str) else "".join(value.values()))
def test_the_script_makes_the_pass_and_every_picture_again(slug, part, parcels, translator, monkeypatch):
    """All views and their parts: what runs elsewhere gives what stands on the page."""
    load_quickly(monkeypatch, translator)
    found = parcels(view=slug, text="The cat sat.", **part)
    assert found or slug in ("output",)
    for parcel, source, trace in found:
        if parcel.picture.code is None:
            assert parcel.picture.key in ONLY_HERE or part == {"position_part": "learned"}, parcel.picture.key
            continue
        namespace = executed(without_saving(as_script(parcel)))
        assert_same_pass(namespace["trace"], trace)
        assert_same_picture(namespace["picture"], source)


@pytest.mark.parametrize(
    "query",
    [{"view": "one-head", "words": "on"}, {"view": "all-heads", "sinks": "renormalise"}, {"view": "lines", "causal": "off", "lab": "on", "forcing": "forced"},
     {"view": "one-head", "target": "Un chat.", "compare": "before", "source_positions": "none"}, {"view": "layers", "moment": "2"},
     {"view": "patch", "side": "decoder", "window": "3", "patch": "encoder.residual.3.*.2:The dog sat on the mat."}],
    ids=lambda query: " ".join(f"{name}={value}" for name, value in list(query.items())[:3]),
)  # fmt: skip
def test_the_script_knows_what_is_set(query, parcels, translator, monkeypatch):
    """Words, hidden sinks, a changed model that reads the original's translation, one's own, a moment of the training."""
    load_quickly(monkeypatch, translator)
    for parcel, source, trace in parcels(text="The cat sat on the mat.", **query):
        namespace = executed(without_saving(as_script(parcel)))
        assert_same_pass(namespace["trace"], trace)
        assert_same_picture(namespace["picture"], source)


def test_the_notebook_of_a_view_runs_from_top_to_bottom(parcels, translator, monkeypatch):
    """Its last cell shows the picture."""
    load_quickly(monkeypatch, translator)
    parcel, source, trace = parcels(view="qkv", text="The cat sat.")[0]
    namespace: dict = {}
    cells = json.loads(as_notebook(parcel))["cells"]
    values = [run_cell("".join(cell["source"]), namespace) for cell in cells if cell["cell_type"] == "code"]
    assert_same_pass(namespace["trace"], trace)
    assert_same_picture(values[-1], source)


def test_numbers_are_those_of_the_pass(parcels):
    """A matrix as CSV, with its tokens: every digit that float32 has; all heads together are all weights."""
    (parcel, _, trace), *_ = parcels(view="one-head", text="The cat sat.", kind="cross", layer="1", head="1")
    rows = list(csv.DictReader(StringIO(FORMATS["csv"].make(parcel))))
    weights = trace.attention["cross"].weights[0, 0]
    assert [numpy.float32(row["value"]) for row in rows] == weights.flatten().tolist()
    assert [row["column"] for row in rows[: len(trace.source)]] == [
        f"{name} ({at})" for at, name in enumerate(word_labels(trace.source, named=True), 1)
    ]
    (parcel, _, trace), *_ = parcels(view="all-heads", text="Cats.")
    numbers = [row["value"] for row in csv.DictReader(StringIO(FORMATS["csv"].make(parcel)))]
    assert len(numbers) == sum(attention.weights.numel() for attention in trace.attention.values()) == parcel.picture.cells


def test_the_menu_offers_what_there_is_and_says_what_there_is_not(shipped_page):
    """Nothing is made until it is open; a view of words alone offers the pass; text that cannot be read leaves nothing to take."""
    app = run(view="one-head", text="The cat sat.")
    assert not app.get("download_button")
    app.session_state["take"] = True
    app.run()
    assert not app.exception
    assert {button.proto.label for button in app.get("download_button")} >= {
        "HTML",
        "CSV",
        "TikZ",
        "NPZ",
        "safetensors",
        "Python",
        "Notebook",
        "All lessons",
    }
    app = choose(app, view="output", output_part="change")
    app.session_state["take"] = True
    app.run()
    labels = {button.proto.label for button in app.get("download_button")}
    assert {"NPZ", "Python"} <= labels and "CSV" not in labels and not app.exception
    assert any("has no picture here" in caption.value for caption in app.caption)
    app = choose(app, text="")
    assert not app.exception and not app.get("download_button")


def test_a_course_on_paper_asks_everything_and_answers_behind(parcels, translator):
    """Every lesson with its question, room to answer, and one answer each, all of them behind the questions."""
    reading = Reading(State(view="all-heads", text=SENTENCE, of_views=OF_VIEWS), translator, translator.source(SENTENCE), None)
    page = printable(reading, LESSONS, VIEWS, range(1, len(LESSONS) + 1), [f"English: {SENTENCE}"], "http://127.0.0.1/")
    questions, _, answers = page.partition('<section class="answers">')
    asks = questions.count('class="question"')
    assert asks == answers.count('class="answer"') >= len(LESSONS) and questions.count("<article>") == len(LESSONS)
    assert questions.count("<ul>") + questions.count('class="write"') == asks
    assert page.count("<figure ") >= 12 and "your guess" not in page and "Click " not in questions
