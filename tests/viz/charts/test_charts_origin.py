"""Charts of where a word comes from: every bar is the score, every cell the correlation."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from support.tiny import SENTENCES

from model.analysis.origin import rank_agreement
from model.analysis.words import join_pieces
from viz import charts
from viz.theme import DARK, LIGHT


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_bars_are_the_scores(tokenizer, colours):
    """One panel a method over the same words; the strongest stands out, whatever its sign."""
    words = join_pieces(tokenizer.source(SENTENCES[0] + " <b>x</b> $y$"))
    scores = {"one": torch.rand(len(words)), "two": -torch.rand(len(words)), "three": torch.zeros(len(words))}
    figure = charts.origin_bars(words, scores, dict.fromkeys(scores, "nats"), colours)
    for part, (name, score) in zip(figure.data, scores.items(), strict=True):
        assert part.name == name and np.allclose(part.x, score)
        assert list(part.marker.opacity).count(1.0) == 1
    assert len({part.xaxis for part in figure.data}) == 3
    text = json.dumps(json.loads(figure.to_json()))
    assert "<b>x" not in text and "$y" not in text


def test_agreement_is_written_in_its_cells():
    """And what is not a number is left blank."""
    agreement = rank_agreement(torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0]]))
    figure = charts.agreement_heatmap(agreement, ["a", "b", "c"])
    assert figure.data[0].text[0][:2] == ("1.00", "−1.00") or list(figure.data[0].text[0][:2]) == ["1.00", "−1.00"]
    assert figure.data[0].text[2][2] == ""
    assert figure.to_json()
