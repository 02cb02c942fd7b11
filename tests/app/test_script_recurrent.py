"""A transformer and a recurrent translator that lie beside each other: the view that holds them against each other, and the picker."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.page import choose, offered, run, words
from support.relatives import KINDS, relative
from support.tiny import tiny_model

from model.instrument.pretrained import load_pretrained, save_pretrained
from model.measuring.growth_record import FILE, GrowthRecord, Times, save_growth
from viz.page import caches, engine
from viz.views import VIEWS

TEXT = "The cat sat on the mat."
TITLE = VIEWS["recurrent"].title


@pytest.fixture(scope="module")
def both(tokenizer, tmp_path_factory) -> tuple[Path, Path]:
    """The folders of a transformer and of a recurrent translator, with what was measured of both."""
    base, about = tmp_path_factory.mktemp("both"), KINDS["gru"][1]
    models = {"attention": tiny_model(tokenizer), "rnn": relative("gru", tokenizer.vocabulary_size, hooks=False)}
    for name, model in models.items():
        save_pretrained(base / name, model.config, dict(model.named_parameters()), tokenizer, about)
    hashes = [load_pretrained(base / name, "cpu").about["weights_sha256"] for name in models]
    rows = tuple(Times(tokens, (0.01, 0.002 * tokens), (0.02, 0.004 * tokens)) for tokens in (2, 16))
    save_growth(base / "rnn", GrowthRecord("cpu", 2, rows, ((1, 40.0, 30.0), (2, 30.0, 10.0))), hashes)
    return base / "attention", base / "rnn"


@pytest.fixture
def page(both, monkeypatch):
    """page(at): the page with one of the two."""

    def start(at: int, **query: str):
        monkeypatch.setattr("sys.argv", ["app.py", "--model", str(both[at]), "--device", "cpu"])
        app = run(text=TEXT, **query)
        assert not app.exception and not app.error and not app.warning
        return app

    yield start
    engine.suggested_head.clear()


@pytest.mark.parametrize("at", [0, 1], ids=["from the transformer", "from the recurrent one"])
def test_both_stand_beside_each_other_whichever_is_open(at, page, both):
    """The numbers of what waits are those of both passes, and of the record; with words and under a change, too."""
    app = page(at, view="recurrent")
    first, second = (load_pretrained(folder, "cpu").trace(TEXT) for folder in both)
    source, said = len(first.source), [len(trace.labels) for trace in (first, second)]
    layers = [stack.layers for stack in first.anatomy.stacks]
    text = words(app)
    assert f"{layers[0]} layers wait for each other in the transformer and {source} steps in the recurrent network" in text
    assert f"Writing, both go token by token: {layers[0] + layers[1] * said[0]} and {source + said[1]}." in text
    assert "A pass over two sentences of 16 tokens takes the recurrent network 3.2 times the time of the transformer." in text
    app = choose(app, words=True, temperature=0.5)
    assert not app.exception and not app.warning and f"{source} steps in the recurrent network" in words(app)


def test_the_picker_offers_both_and_a_reader_stays_in_the_view(page):
    """By what each is; the view stays open when the model changes, and a record of other weights is none."""
    app = page(0, view="recurrent")
    picker = app.selectbox[0]
    assert picker.options == ["with sinusoidal positions", "recurrent, with the first attention"] and "Bahdanau" in picker.help
    app = picker.select_index(1).run()
    assert not app.exception and not app.warning and app.session_state["state"].view == "recurrent"
    assert "Embeddings" not in offered(app) and TITLE in offered(app)


def test_without_a_measurement_the_rest_is_there(page, both):
    """The card says which command measures."""
    measured = (both[1] / FILE).read_text()
    (both[1] / FILE).unlink()
    caches.clear()
    try:
        app = page(0, view="recurrent")
        assert any("model.growth" in caption.value for caption in app.caption)
    finally:
        (both[1] / FILE).write_text(measured)
        caches.clear()


def test_a_translator_alone_has_nothing_to_be_held_against(folder):
    """The view rests, and says why; the link opens another one."""
    app = run(text=TEXT, view="recurrent")
    assert not app.exception and "No model that is built the other way" in app.warning[0].value and TITLE not in offered(app)
