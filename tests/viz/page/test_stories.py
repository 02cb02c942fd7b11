"""What the stories of the laboratory claim, against the shipped weights."""

from __future__ import annotations

import re

import pytest
from support.page import run, shown

from model.trace.intervention import Intervention

TEXT = "Two dogs are playing in the snow."
STORIES = {"cheat": ({"causal": "off"}, Intervention(causal=False)), "scale": ({"scaled": "off"}, Intervention(scaled=False))}


def told(app) -> str:
    """The story that is told."""
    return re.search(r'data-testid="story">(.*?)</p>', shown(app)).group(1)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("more", [{}, {"forcing": "forced"}, {"compare": "before"}, {"target": "Deux chats dorment."}], ids=str)
def test_both_losses_are_given(translator, name, more):
    """Of one translation, teacher-forced, as trained and under the change, to two digits; whichever pass is drawn."""
    query, change = STORIES[name]
    target = more.get("target")
    before = translator.trace(TEXT, target)
    after = translator.trace(TEXT, before.labels, change)
    then, now = float(before.loss.mean()), float(after.loss.mean())
    said = told(run(text=TEXT, lab="on", **query, **more))
    assert f"{then:.2f} nats per token before, {now:.2f} after" in said
    assert ("it rises" in said) == (now - then >= 0.005) and ("it falls" in said) == (then - now >= 0.005)
    assert ("your translation" in said) == bool(target)


def test_other_stories_give_no_losses():
    """Those that tell of something else."""
    assert "nats per token" not in told(run(text=TEXT, lab="on", window="2"))


def test_the_models_here_were_never_allowed_to_cheat(translator):
    """Trained with the mask, they are worse off without it: what the story's losses show."""
    before = translator.trace(TEXT)
    assert float(translator.trace(TEXT, before.labels, Intervention(causal=False)).loss.mean()) > float(before.loss.mean())
