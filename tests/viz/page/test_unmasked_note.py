"""A model that was trained without the look-ahead mask: what the page says of it, and what it does not offer."""

from __future__ import annotations

import re

import pytest
from support.page import run, shown
from support.tiny import tiny_model

from model.instrument.pretrained import save_pretrained
from viz.page import engine
from viz.page.unmasked import COPIES


@pytest.fixture
def unmasked_page(translator, tmp_path, monkeypatch) -> None:
    """The page is started with an untrained model without the mask."""
    model = tiny_model(translator.tokenizer, masked=False)
    about = {"languages": {"source": "English", "target": "French"}, "training": {"steps": 0}}
    save_pretrained(tmp_path / "tiny", model.config, dict(model.named_parameters()), translator.tokenizer, about)
    monkeypatch.setattr("sys.argv", ["app.py", "--model", str(tmp_path / "tiny"), "--device", "cpu"])


def test_without_a_mask_there_is_nothing_to_switch(unmasked_page):
    """No switch, no story of it; the note stands under the translation, with the loss on what was read."""
    app = run(text="The cat sat.", lab="on")
    assert not app.exception and not {"causal"} & {toggle.key for toggle in app.toggle}
    assert "story-cheat" not in {button.key for button in app.button}
    assert COPIES[:40] in shown(app) and "Loss of what it wrote itself" in shown(app)
    assert "Loss of your translation" in shown(run(text="The cat sat.", target="Le chat dort."))


def test_with_a_mask_the_story_says_where_it_was_learned(shipped_page, monkeypatch):
    """Where the family has such a member, and only there; the note is of that one alone."""
    for relatives, offered in (({"a": "sinusoidal", "b": "unmasked"}, True), ({"a": "sinusoidal"}, False)):
        monkeypatch.setattr(engine, "relatives", lambda _, there=relatives: there)
        app = run(text="Two dogs.", lab="on", causal="off")
        told = re.search(r'data-testid="story">(.*?)</p>', shown(app)).group(1)
        assert ("choose “without the look-ahead mask”" in told) == offered and COPIES[:40] not in shown(app)
