"""Models that are no translators of ours in the page: every view draws or says why it rests, in words that are true of the model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

import torch
from support.foreign import FOLDERS, STREAMS, write_model
from support.page import captions, choose, offered, run, shown
from support.relatives import KINDS, write_relative
from support.tiny import SENTENCES

from model import load_model
from model.analysis.roles import head_statistics, measure
from model.corpus.counting import count_lines
from model.corpus.reading import Line
from model.corpus.sheets import FILE, make_sheets, save_sheets
from model.corpus.weights import weights_hash
from viz.canvas.shared import packing
from viz.page import engine, takeaway
from viz.takeaway.code import as_script
from viz.views import VIEWS, all_heads

TEXT = "The cat sat on it"
PARTS = {  # what is behind a row of buttons in a view
    "output": {"output_part": ("loss", "lens", "change")}, "knockout": {"knockout_part": ("layers", "words")},
    "patch": {"patch_part": ("feed_forward", "self_heads")},
    "layers": {"layer_part": ("norm", "units")}, "positions": {"position_part": ("laboratory",)},
}  # fmt: skip
ALONE = VIEWS["recurrent"].title  # none of them has a translator beside it that is built the other way
RESTING = {  # what cannot be asked of a model that is not ours
    "bert": {"Embeddings", "Positions", "Heads joined", "Word by word", ALONE},
    "gpt2": {"Embeddings", "Positions", "Heads joined", "Word by word", ALONE},
    "marian": {"Embeddings", "Positions", "Heads joined", "Word by word", ALONE},
    "mask": {"Word by word", ALONE},
    "write": {"Word by word", ALONE},
    "gru": {"Embeddings", "Positions", "Step by step", "Q, K, V", "Heads joined", "Layer by layer", "Knock-out", "Patch", ALONE},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tokenizer) -> dict[str, Path]:
    """Small models with random weights: three of transformers, three of ours that are no transformers of two stacks."""
    base = tmp_path_factory.mktemp("models")
    found = {name: write_model(base / name, *made) for name, made in FOLDERS.items()}
    return found | {kind: write_relative(base / kind, kind, tokenizer) for kind in KINDS}


@pytest.fixture
def start(folders, monkeypatch):
    """Start the page with these models."""

    def start_with(*names: str) -> None:
        more = [part for name in names for part in ("--model", str(folders[name]))]
        monkeypatch.setattr("sys.argv", ["app.py", *more, "--device", "cpu"])

    yield start_with
    engine.suggested_head.clear()


OTHERS = {"bert": FOLDERS["bert"], "t5": ("T5", "Unigram"), "xlnet": (STREAMS, "Unigram"), "bare": FOLDERS["bert"]}
PATCHED = {  # two texts of as many tokens that lead to other predictions, and what is taken over of the second
    "bert": ("The [MASK] cat sat", "The [MASK] cat dog", "encoder.residual.1.*.5"),
    "gpt2": (TEXT, "The car sat on it", "decoder.residual.1.*.9"),
}


def text_of(app) -> str:
    """What a reader reads: the HTML without style sheets and tags, and the captions."""
    return re.sub("(?s)<style>.*?</style>|<[^>]+>", "", shown(app)) + "\n".join(captions(app))


@pytest.mark.parametrize("name", RESTING)
def test_every_view_draws_or_says_why_it_rests(start, name):
    """With all its parts, unchanged and with a head off; in words that fit the model."""
    start(name)
    app = run(text="The <mask> cat sat" if name == "mask" else "The [MASK] cat sat" if name == "bert" else TEXT, lab="on")
    titles = offered(app)
    assert {view.title for view in VIEWS.values()} - set(titles) == RESTING[name]
    rest = "\n".join(captions(app)).replace("\\", "")
    assert all(title in rest for title in RESTING[name])
    change = {"temperature": 0.5} if name == "gru" else {"heads_off": frozenset({(app.session_state["state"].kind, 0, 1)})}
    plain = {"words": False, "compare": "after", "heads_off": frozenset(), "temperature": 1.0}
    for slug, view in VIEWS.items():
        if view.title not in titles:
            continue
        settings = [{}, *({part: value} for part, values in PARTS.get(slug, {}).items() for value in values)]
        for more in [*settings, {"words": True, **change, "compare": "difference"}]:
            app = choose(app, view=slug, **{**plain, **more})
            assert not app.exception and not app.error and not app.warning, (slug, more, app.exception)
            if more == {"output_part": "lens"}:
                assert ("as if no layer followed" in "\n".join(captions(app))) == (name != "gru")
            if name != "gru":
                assert not re.findall(".*(?:English|French|[Tt]ranslat).*", text_of(app)), (slug, more)


@pytest.mark.parametrize("name", ["bert", "gpt2", "marian", "mask", "gru"])
def test_sheets_of_any_model_are_shown(start, folders, name):
    """Where the command has put them beside it; each example opens as a picture."""
    reader = load_model(folders[name], "cpu")
    lines = [Line(row, f"{SENTENCES[2 * row]} {row}") for row in range(3)]
    counted = count_lines(reader, lines, (weights_hash(reader), "text"), 0)
    content = make_sheets(counted, "three texts", reader.tokenizer.piece, lambda rows: {row: lines[row] for row in rows})
    save_sheets(folders[name] / FILE, content)
    try:
        start(name)
        app = run(text=TEXT, view="roles")
        assert not app.exception and "over 3 texts" in text_of(app)
        assert shown(app).count('class="sheet-link"') > 3
    finally:
        (folders[name] / FILE).unlink()


@pytest.mark.parametrize("name", PATCHED)
def test_a_value_of_another_text_is_put_into_a_model_that_is_not_ours(start, folders, name):
    """Every part has its map; what an address takes over is in the pass that is drawn, and in a column of its own."""
    start(name)
    text, second, site = PATCHED[name]
    app = run(text=text, second=second, view="patch", patch=f"{site}:{second}")
    for part in ("residual", "self", "feed_forward", "self_heads"):
        app = choose(app, patch_part=part)
        assert "What moves the prediction most by itself: " in shown(app) and not app.exception and not app.warning
    change, model = app.session_state["state"].change, load_model(folders[name], "cpu")
    assert change.patch is not None and change.patch.source == second and "patched" in shown(app)
    one, other = model.trace(text), model.trace(text, intervention=change)
    assert float((one.logits - other.logits).abs().max()) > 1e-3


@pytest.mark.parametrize("name", ["bert", "gpt2", "marian", "mask", "write"])
def test_the_code_that_is_taken_away_makes_the_pass_again(start, folders, monkeypatch, name):
    """With what opens that model; the lines over a picture name its texts as the page does."""
    start(name)
    scenes = []
    monkeypatch.setattr(takeaway, "draw", lambda *arguments: scenes.append(arguments))
    run(text=TEXT, view="knockout", temperature="0.5")
    _, scene, view, pictures, _ = scenes[-1]
    parcel = takeaway._parcel(scene, view, pictures[0])
    namespace: dict = {}
    exec(compile(as_script(parcel).rsplit("picture.write_html", 1)[0], "<script>", "exec"), namespace)
    torch.testing.assert_close(namespace["trace"].logits, scene.trace.logits, atol=1e-4, rtol=1e-4)
    assert namespace["trace"].intervention == scene.trace.intervention and namespace["picture"] is not None
    assert parcel.lines[0] == f"Text: {TEXT}" and not any("French" in line or "English" in line for line in parcel.lines)


@pytest.mark.parametrize(("name", "kind"), [("bert", "encoder"), ("t5", "decoder"), ("bare", "encoder"), ("xlnet", "query")])
def test_a_calculation_of_a_model_that_is_not_ours(tmp_path, monkeypatch, name, kind):
    """Begins at what was captured and ends with what attention wrote; a bias has its formula. The code makes the same again, also for a
    model that predicts nothing."""
    folder = write_model(tmp_path / name, *OTHERS[name])
    if name == "bare":
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "architectures": ["BertModel"]}))
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(folder), "--device", "cpu"])
    scenes = []
    monkeypatch.setattr(takeaway, "draw", lambda *arguments: scenes.append(arguments))
    last = "its output" if name == "xlnet" else "what attention adds"  # its second stream is not seen
    app = run(text=TEXT, view="steps", kind=kind, layer="2", head="2", temperature="0.5")
    assert not app.exception and not app.warning and f"from its query to {last}" in shown(app)
    _, scene, view, (mounted,), _ = scenes[-1]
    header, numbers = packing.split(mounted.source)
    assert header["checked"].keys() == {"scores", "weights", "output"} | ({"after"} if name == "t5" else set())
    assert header["difference"] < 1e-4 and load_model(folder, "cpu").anatomy.why("parameters") in str(header["stages"][:2])
    assert any("+ bias" in stage["formula"] for stage in header["stages"]) == (name in ("t5", "xlnet"))
    assert ("has a stream of its own, which is not seen" in header["stages"][-1]["words"]) == (name == "xlnet")
    namespace: dict = {}
    code = as_script(takeaway._parcel(scene, view, mounted))
    assert "calculate(trace, None, " in code
    exec(compile(code.rsplit("picture.write_html", 1)[0], "<script>", "exec"), namespace)
    again, others = packing.split(namespace["picture"].data)
    assert [stage["title"] for stage in again["stages"]] == [stage["title"] for stage in header["stages"]]
    torch.testing.assert_close(torch.tensor(others), torch.tensor(numbers), atol=1e-4, rtol=1e-4)


def test_a_word_that_is_clicked_is_hidden_and_filled_in(start, folders):
    """And a second click takes what the model says into the text."""
    start("mask")
    app = run(text=TEXT)
    words = next(part for part in app.get("button_group") if part.key == "mask-words")
    app = words.set_value([1]).run()
    model = load_model(folders["mask"], "cpu")
    source = model.source("The <mask> sat on it")
    assert app.session_state["state"].text == source.text and not app.exception
    assert "tokens-target" in shown(app)
    filled = model.fill(source.text)[0][0].name.strip()
    app = next(part for part in app.get("button_group") if part.key == "mask-words").set_value([]).run()
    assert app.session_state["state"].text == f"The {filled} sat on it"


def test_a_model_that_writes_on_goes_on_writing(start, folders):
    """The button takes what comes next into the text, under the change that is made."""
    start("gpt2")
    app = run(text=TEXT, heads_off="decoder.1.1")
    model = load_model(folders["gpt2"], "cpu")
    written = model.generate(TEXT, app.session_state["state"].change).rstrip("\N{REPLACEMENT CHARACTER}")  # half a letter
    app = next(button for button in app.button if button.key == "write-on").click().run()
    assert app.session_state["state"].text == written and written.startswith(TEXT) and not app.exception


def test_several_models_are_offered_by_name(start, folders):
    """An address names one of them, and nothing else: no path, no id of a hub."""
    start("gpt2", "bert", "marian")
    app = run(text=TEXT, model="bert")
    picker = next(box for box in app.selectbox if box.key == "picked")
    assert picker.options == ["gpt2", "bert", "marian"] and picker.value == "bert" and not app.warning
    assert "12 tokens" in shown(app) or "tokens · pass" in shown(app)
    app = picker.select("marian").run()
    assert app.query_params["model"] in ("marian", ["marian"]) and not app.exception and "Output" in shown(app)
    app = run(text=TEXT, model=str(folders["bert"]))
    assert ["There is no model" in warning.value for warning in app.warning] == [True]
    assert next(box for box in app.selectbox if box.key == "picked").value == "gpt2"


def test_a_target_in_the_address_of_a_model_of_one_text_is_left_out(start):
    """With a notice; a folder that holds no model says what a model is."""
    start("bert")
    app = run(text=TEXT, target="Un chat")
    assert [warning.value for warning in app.warning] == [
        "This model reads one text, so the other one that was given beside it was left out."
    ]
    assert not app.exception and not any(toggle.key == "own" for toggle in app.toggle)


def test_a_folder_without_weights_says_what_a_model_is(folders, tmp_path, monkeypatch):
    """On the page, in words."""
    (tmp_path / "config.json").write_text((folders["bert"] / "config.json").read_text())
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(tmp_path), "--device", "cpu"])
    app = run(text=TEXT)
    assert not app.exception and "A model is a whole folder, as save_pretrained writes it" in app.error[0].value


def test_many_heads_go_in_pages_and_are_sorted_and_filtered(tmp_path, monkeypatch):
    """Layer by layer at first; then the surest first, or those with a role alone. The head that is open may be on another page."""
    folder = write_model(tmp_path / "many", "GPT-2", "BPE", n_layer=14, n_head=12, n_embd=48)
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(folder), "--device", "cpu"])

    grids = []
    monkeypatch.setattr(all_heads, "heads_grid", lambda packed, **more: grids.append(packing.split(packed)[0]["kinds"][0]))

    def places(app) -> list[list[int]]:
        assert not app.exception
        return grids[-1]["places"]

    app = run(text=TEXT)
    assert places(app) == [[layer, head] for layer in range(8) for head in range(12)] and not app.exception
    assert [picker.options for picker in app.get("button_group") if picker.key == "grid-pages"] == [["layers 1–8", "layers 9–14"]]
    app = choose(app, grid_page=2)
    assert places(app) == [[layer, head] for layer in range(8, 14) for head in range(12)]
    app = choose(app, grid_page=1, grid_sort="entropy")
    trace = load_model(folder, "cpu").trace(TEXT)
    entropies = head_statistics(trace)["decoder"]["entropy"].flatten()
    best = [list(divmod(int(at), 12)) for at in entropies.argsort(stable=True)]
    assert places(app) == best[:96] and choose(app, grid_page=2) and places(app) == best[96:]
    app = choose(app, grid_page=1, label="previous")
    having = {place[1:] for place in measure(trace).having("previous")}
    assert {tuple(place) for place in places(app)} == having and not app.exception
    app = choose(app, sinks="first", label="", grid_sort="place", lab=True)
    assert any("attention goes to the first token (drawn as 0)" in text for text in captions(app)) and not app.exception
