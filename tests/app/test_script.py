"""The script of the page without a browser: what it shows for which input."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from support.page import captions, run, shown, words
from support.shipped import DOGS, longest_piece

from model.instrument.pretrained import load_pretrained, save_pretrained
from viz.canvas.scripts import HEARD
from viz.views import VIEWS

pytestmark = pytest.mark.usefixtures("tiny_page")


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("text", ["Hi", "The animal didn't cross the street because it was too tired."])
def test_every_view_runs(request, view, text):
    """No view raises, for a word of a tiny model or a sentence of the shipped one."""
    if text != "Hi":
        request.getfixturevalue("shipped_page")
    app = run(view=view, text=text)
    assert not app.exception
    assert VIEWS[view].sentence[:30] in words(app)


@pytest.mark.parametrize(
    "switch",
    [{"causal": "off"}, {"source_positions": "none"}, {"target_positions": "reversed"}, {"source_positions": "shuffled"}],
)
def test_a_switch_shows_both_translations(switch):
    """What is changed is named, and the original stands beside it."""
    body = shown(run(**switch))
    assert 'data-testid="changed-note"' in body and 'data-testid="tokens-original"' in body


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u200b", "\x07", "a " * 5000])
def test_text_that_cannot_be_read_is_answered_in_words(text):
    """Empty, blank, invisible or too long: one message, no exception, and the text stays."""
    app = run()
    app.text_area(key="text").set_value(text).run()
    assert not app.exception
    assert len(app.info) == 1 and ("Type at least" in app.info[0].value or "at most 500" in app.info[0].value)
    assert app.text_area(key="text").value == text


def test_an_example_is_one_click_away(translator, shipped_page):
    """It fills the field and is translated."""
    app = run(text="Hello")
    app.button(key="example-2").click().run()
    assert app.text_area(key="text").value == DOGS
    assert longest_piece(translator, DOGS) in shown(app)


@pytest.mark.parametrize("view", list(VIEWS))
def test_five_hundred_tokens_run_in_every_view(view):
    """The longest sentence: no exception, no message."""
    app = run(text=" ".join(["dog"] * 499), view=view)
    assert not app.exception and not app.info
    assert "500 + " in shown(app)


def test_markup_in_the_text_is_escaped():
    """What was typed never becomes HTML."""
    body = shown(run(text="<b>bold</b>"))
    assert "<b>" not in body and "&lt;" in body


def test_a_missing_checkpoint_is_an_error_in_words(monkeypatch):
    """The file and what to do; no traceback."""
    monkeypatch.setattr("sys.argv", ["app.py", "--model", "no-such-model"])
    app = run()
    assert not app.exception
    assert "no-such-model" in app.error[0].value and "Restore the folder" in app.error[0].value


def test_a_device_that_is_not_there_is_an_error_in_words(monkeypatch):
    """--device names something torch does not have."""
    monkeypatch.setattr("sys.argv", ["app.py", "--device", "tpu"])
    assert "choose cuda, mps or cpu" in run().error[0].value


@pytest.mark.parametrize(
    "part", [{"view": "positions", "position_part": "laboratory"}, {"view": "layers", "layer_part": "norm"}, {"view": "layers", "layer_part": "units"},
             {"view": "output", "output_part": "change", "causal": "off"}, {"view": "output", "output_part": "loss"}, {"view": "output", "output_part": "lens"}]
)  # fmt: skip
@pytest.mark.parametrize(
    "texts", [{"text": "Hi"}, {"text": " ".join(["dog"] * 499), "target": " ".join(["chien"] * 400)}], ids=["short", "longest"]
)
def test_every_part_of_a_view_runs(part, texts):
    """The parts that do not stand open at first, for a word and for the longest sentences, on both sides."""
    for side in ("encoder", "decoder"):
        app = run(**texts, side=side, **part)
        assert not app.exception and all("nothing to put into another order" in info.value for info in app.info)


CHANGES = [
    {"cut": "cross.*.*.2,encoder.*.*.2"}, {"cut": "encoder.1.1.*,decoder.*.1.1"}, {"heads_off": "cross.3.4,encoder.1.1"}, {"window": "0"},
    {"temperature": "0.1"}, {"scaled": "off", "position_scale": "3"},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("forcing", ["free", "forced"])
def test_every_change_is_a_removable_chip(change, forcing):
    """From a link: chips name what is changed, the panel shows it, and taking all of it back leaves the model as it was."""
    app = run(lab="on", compare="difference", forcing=forcing, **change)
    assert not app.exception and 'data-testid="changed-note"' in shown(app)
    while chips := [button for button in app.button if button.key.startswith("change-")]:
        chips[0].click()
        app.run()
        assert not app.exception
    assert 'data-testid="changed-note"' not in shown(app) and not set(change) & set(app.query_params)


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("compare", ["before", "difference"])
def test_every_view_compares(view, compare):
    """Before, and the difference or a sentence that says what is shown instead; lengths of the translations differ."""
    app = run(view=view, compare=compare, source_positions="none")
    assert not app.exception
    said = any("no picture of the difference" in caption for caption in captions(app))
    assert said == (compare == "difference" and not VIEWS[view].differs)


def test_every_story_tells_its_sentence():
    """A click on a story sets its change and says in a sentence what to look for."""
    app = run(lab="on")
    stories = [button.key for button in app.button if button.key.startswith("story-")]
    assert len(stories) == 13
    for key in stories:
        app.button(key=key).click().run()
        assert not app.exception and 'data-testid="story"' in shown(app)
        assert any(button.key.startswith("change-") for button in app.button)
    app.button(key="reset").click().run()
    assert 'data-testid="story"' not in shown(app)


def test_links_that_the_sentence_lost_are_dropped_with_their_names():
    """A link to the 14th token survives until the sentence is shorter."""
    app = run(cut="encoder.*.14.2,encoder.*.2.1")
    assert not app.warning
    app.text_area(key="text").set_value("The cat sat.").run()
    assert "token 14 ↛ token 2" in app.warning[0].value and app.query_params["cut"] == "encoder.*.2.1"


def test_a_family_of_models_is_one_pick_apart(tmp_path, monkeypatch, tiny_folder):
    """Two checkpoints of the same languages: the picker switches between them and keeps the sentence and the change."""
    translator = load_pretrained(tiny_folder, "cpu")
    for name, positions, scale in (("first", "sinusoidal", 1.0), ("second", "none", 0.5)):
        config = replace(translator.model.config, positions=positions)
        weights = {key: scale * value for key, value in translator.model.named_parameters()}
        about = {"languages": {"source": "English", "target": "French"}}
        save_pretrained(tmp_path / name, config, weights, translator.tokenizer, about)
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(tmp_path / "first"), "--device", "cpu"])
    app = run(text="The cat sat.", causal="off", view="positions")
    before = shown(app)
    app.selectbox(key="picked").select("second").run()
    assert not app.exception and app.query_params["model"] == "second" and app.query_params["causal"] == "off"
    assert "·cat" in shown(app).replace('<i aria-hidden="true">·</i>', "·") and shown(app) != before
    again = run(text="The cat sat.", causal="off", view="positions", model="second")
    assert not again.exception and again.selectbox(key="picked").value == "second"
    lost = run(model="third")
    assert "There is no model “third” here" in lost.warning[0].value
    app.selectbox(key="picked").select("first").run()
    assert "model" not in app.query_params


@pytest.fixture
def with_timeline(tmp_path, tiny_folder, monkeypatch) -> list[int]:
    """The page started with a checkpoint that has a timeline of three moments, untrained, halfway and trained; their steps."""
    pytest.importorskip("sacrebleu")
    from model.measuring.timeline import store

    translator = load_pretrained(tiny_folder, "cpu")
    weights = {name: value.detach() for name, value in translator.model.named_parameters()}
    folder, run_folder, steps = tmp_path / "en-fr", tmp_path / "run", [0, 10, 100]
    run_folder.mkdir()
    for step, share in zip(steps, (0.0, 0.7, 1.0), strict=True):
        noise = {name: torch.randn_like(value) * value.std() if value.dim() > 1 else value for name, value in weights.items()}
        mixed = {name: (share * value + (1 - share) * noise[name]).contiguous() for name, value in weights.items()}
        save_file(mixed, run_folder / f"moment-{step}.safetensors")
    save_pretrained(folder, translator.model.config, weights, translator.tokenizer, {"training": {"steps": steps[-1]}})
    store(load_pretrained(folder, "cpu"), folder, run_folder, [("Two dogs are playing.", "Deux chiens jouent.")], "test")
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(folder), "--device", "cpu"])
    return steps


def test_the_training_slider_stands_over_every_view(with_timeline):
    """Off at first; on, it begins with random weights; every moment is a model of its own; the link brings the moment back."""
    app = run(text="The cat sat.")
    assert not app.select_slider
    trained = shown(app)
    app.toggle(key="timeline").set_value(True).run()
    assert not app.exception and "Random weights" in shown(app) and app.query_params["moment"] == "1"
    assert shown(app) != trained
    app.select_slider(key="timeline-moment").set_value(2).run()
    assert "Step 100 of 100" in shown(app) and app.query_params["moment"] == "3"
    for view in VIEWS:
        again = run(text="The cat sat.", view=view, moment="2")
        assert not again.exception and "Step 10 of 100" in shown(again), view
    app.toggle(key="timeline").set_value(False).run()
    assert "moment" not in app.query_params and not app.select_slider


def test_the_scripts_travel_until_the_browser_has_reported():
    """In a class each step runs everybody's whole page."""
    app = run()
    names = [part.proto.component_name for part in app.get("bidi_component")]
    assert names.count("headlight_scripts") == 1
    app.session_state[HEARD] = True
    again = [part.proto.component_name for part in app.run().get("bidi_component")]
    assert again == [name for name in names if name != "headlight_scripts"] and not app.exception
