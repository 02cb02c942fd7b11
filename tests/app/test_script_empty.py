"""The model's own translation may be empty: the page draws its one step like any other."""

from __future__ import annotations

import pytest
from support.page import captions, run, shown, words

from model import Intervention, Translator
from model.instrument.tokenizer import END, Tokens
from viz.page import caches, engine
from viz.views import VIEWS

SAYS_NOTHING = "!"
PARTS = [
    {"view": "output", "output_part": "loss"}, {"view": "output", "output_part": "lens"}, {"view": "layers", "layer_part": "norm"},
    {"view": "layers", "layer_part": "units"}, {"view": "positions", "position_part": "laboratory"},
    {"view": "positions", "position_part": "learned"}, {"view": "decoding", "decoding_part": "beam"},
    {"view": "knockout", "knockout_part": "layers"}, {"view": "knockout", "knockout_part": "words"},
    {"view": "roles", "held_out": "off"}, {"view": "embeddings", "space": "3d"}, {"view": "one-head", "paint": "layer"},
]  # fmt: skip
SWITCHES = [
    {}, {"words": "on"}, {"side": "decoder"}, {"sinks": "renormalise"}, {"kind": "decoder", "layer": "1", "head": "1"},
    {"target_positions": "none", "compare": "difference"}, {"scaled": "off", "forcing": "forced", "compare": "difference"},
]  # fmt: skip


pytestmark = pytest.mark.usefixtures("tiny_page")


@pytest.fixture(autouse=True, scope="module")
def silent():
    """The model ends at once where it reads SAYS_NOTHING, whatever its weights."""
    translate = Translator.translate_tokens

    def ends_at_once(self: Translator, source: Tokens, *more) -> Tokens:
        if source.text == SAYS_NOTHING:
            return self.tokenizer.with_end(self.tokenizer.decode([]))
        return translate(self, source, *more)

    caches.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Translator, "translate_tokens", ends_at_once)
        yield
    caches.clear()


@pytest.mark.parametrize("view", list(VIEWS))
def test_every_view_draws_an_empty_translation(view):
    """Under every switch: no exception, no refusal; the page says that the translation is empty."""
    for switch in SWITCHES:
        app = run(text=SAYS_NOTHING, view=view, **switch)
        assert not app.exception and not app.error and not app.warning, switch
        assert all("no token but special ones" in info.value for info in app.info), switch
        assert VIEWS[view].sentence[:30] in words(app)
        if "compare" not in switch:
            assert "+ 1 tokens" in shown(app) and any("its translation is empty" in caption for caption in captions(app))


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_every_part_draws_an_empty_translation(part):
    """The parts that do not stand open at first."""
    app = run(text=SAYS_NOTHING, **part)
    assert not app.exception and not app.error
    assert all("nothing to put into another order" in info.value for info in app.info)


def test_two_empty_translations_are_compared():
    """Two sentences: both are drawn, and the caption does not speak of French that is not there."""
    app = run(text=SAYS_NOTHING, view="pair", second=SAYS_NOTHING)
    assert not app.exception and any("Both translations are empty" in caption for caption in captions(app))
    app = run(text="Two dogs are playing in the snow.", view="pair", second=SAYS_NOTHING)
    assert not app.exception and not app.info


def test_a_what_if_may_end_at_once():
    """</s> chosen at the first step, and another piece chosen where the model says nothing."""
    app = run(text="Two dogs are playing in the snow.", view="decoding", forced=f"1.{END + 1}")
    assert not app.exception and not app.info and 'data-testid="tokens-what-if"' in shown(app)
    app = run(text=SAYS_NOTHING, view="decoding", forced="1.500")
    assert not app.exception and not app.info and 'data-testid="tokens-what-if"' in shown(app)


def test_a_head_is_suggested_where_the_model_says_nothing(tiny_translator, monkeypatch):
    """The mean over no word is not a number: the first head is suggested, not the place of a NaN."""
    silent = tiny_translator.trace("A dog.", Tokens("", [END], ["</s>"], [-1], [None]))
    monkeypatch.setattr(engine, "run", lambda *_: engine.Pass(silent, 0.0))
    try:
        assert engine.suggested_head(tiny_translator) == ("cross", 0, 0)
    finally:
        engine.suggested_head.clear()


def test_labels_end_in_one_end_mark(tiny_translator):
    """Labels without </s>, or with two, are refused in words; </s> alone is read."""
    labels = tiny_translator.target("Un chien.")
    for wrong in (labels.first(len(labels) - 1), labels.first(0), tiny_translator.tokenizer.with_end(labels)):
        with pytest.raises(ValueError, match="must end in </s>"):
            tiny_translator.trace("A dog.", wrong)
    alone = tiny_translator.tokenizer.with_end(tiny_translator.tokenizer.encode(""))
    trace = tiny_translator.trace("A dog.", alone, Intervention(causal=False))
    assert trace.labels.ids == [END] and trace.logits.size(0) == 1 and bool(trace.logits.isfinite().all())


def test_the_reader_cannot_type_an_empty_translation(tiny_translator):
    """Text that shows nothing is refused as before."""
    with pytest.raises(ValueError, match="nothing to read in this translation"):
        tiny_translator.target(" \u200b")
