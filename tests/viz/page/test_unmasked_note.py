"""The member of the family that was trained without the look-ahead mask: what the page says of it is true of its weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.page import run, shown
from support.tiny import tiny_model

from model.instrument.checkpoint import FOLDER
from model.instrument.pretrained import load_pretrained, save_pretrained
from viz.page.unmasked import COPIES

UNMASKED = "en-fr-unmasked"
ALIGNED = Path(__file__).resolve().parents[2] / "data/alignments.tsv"
CLOSE_TO_NOTHING = 0.1  # nats per token


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


def test_with_a_mask_the_story_says_where_it_was_learned(shipped_page):
    """Where the family has such a member; the note is of that one alone."""
    app = run(text="Two dogs.", lab="on", causal="off")
    told = re.search(r'data-testid="story">(.*?)</p>', shown(app)).group(1)
    assert "trained without the look-ahead mask" in told and COPIES[:40] not in shown(app)


def test_the_shipped_one_copies_and_cannot_write(translator):
    """Reading references its loss is next to nothing, where the model with a mask pays for every word; its own French is none."""
    cheat = load_pretrained(FOLDER / UNMASKED, "cpu")
    lines = [line for line in ALIGNED.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [line.split("\t")[:2] for line in lines[:12]]
    assert not cheat.anatomy.masked and len(pairs) == 12
    for english, french in pairs:
        assert float(cheat.trace(english, french).loss.mean()) < CLOSE_TO_NOTHING, english
    losses = [float(translator.trace(english, french).loss.mean()) for english, french in pairs]
    assert sum(losses) / len(losses) > 5 * CLOSE_TO_NOTHING
    assert sum(cheat.translate(english) == translator.translate(english) for english, _ in pairs) == 0
