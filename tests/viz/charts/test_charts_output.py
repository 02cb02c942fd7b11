"""Charts of the output: every number is the model's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.tiny import SENTENCES

from model.analysis.output import logit_lens, probabilities, top_pieces
from viz import charts
from viz.theme import DARK, LIGHT

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """A pair with markup in it."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1] + " <b> $x$")


@pytest.fixture(scope="module")
def pieces(tokenizer):
    """The vocabulary by id."""
    return [tokenizer.piece(id_) for id_ in range(tokenizer.vocabulary_size)]


@BOTH
def test_the_table_holds_the_best_pieces(trace, pieces, colours):
    """Probabilities by rank; the produced piece is underlined where it is among them."""
    figure = charts.top_pieces_table(trace, pieces, colours, row=1)
    values, ids = top_pieces(trace.logits, 8)
    assert np.allclose(figure.data[0].z, values)
    for line, best, label in zip(figure.data[0].text or [], ids.tolist(), trace.labels.ids, strict=False):
        assert [cell.startswith("<u>") for cell in line] == [id_ == label for id_ in best]
    assert "$x" not in figure.to_json()


@BOTH
@pytest.mark.parametrize("temperature", [0.3, 1.0])
def test_bars_are_probabilities_at_the_temperature(trace, pieces, colours, temperature):
    """And another temperature than 1 shows 1 beside it."""
    figure = charts.probability_bars(trace, 3, pieces, temperature, colours)
    values, ids = top_pieces(trace.logits[3], 12, temperature)
    assert np.allclose(figure.data[0].x, values)
    assert len(figure.data) == (1 if temperature == 1 else 2)
    if temperature != 1:
        assert np.allclose(figure.data[1].x, probabilities(trace.logits[3])[ids])


@BOTH
def test_loss_and_lens_draw_what_was_computed(tiny_translator, trace, pieces, colours):
    """One bar a label; one row a layer, and the embedding."""
    assert np.allclose(charts.loss_bars(trace, colours).data[0].y, trace.loss, atol=1e-5)
    lens = logit_lens(trace, tiny_translator.weights)
    figure = charts.lens_heatmap(trace, lens, pieces, colours, row=2)
    assert np.allclose(figure.data[0].z, lens.label_probability[[0, 3, 6, 9]])
    line = charts.lens_of_row(trace, lens, 2, colours)
    assert np.allclose(line.data[0].y, lens.label_probability[:, 2]) and list(line.data[1].y) == lens.label_rank[:, 2].tolist()
    assert json.loads(line.to_json())
