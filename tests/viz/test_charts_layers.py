"""Charts of the inside of a layer: the numbers they draw."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tiny import SENTENCES

from model.analysis import written_norms
from model.analysis_layers import batch_normed, firing_shares, layer_normed, strongest_units, written_cosines
from model.trace import SIDES
from viz import charts
from viz.theme import DARK, LIGHT

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
EACH = pytest.mark.parametrize("side", SIDES)


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """A pair with markup in it."""
    return tiny_translator.trace(SENTENCES[0] + " <b> $x$", SENTENCES[1])


@BOTH
@EACH
def test_maps_over_tokens_hold_what_was_computed(trace, side, colours):
    """Cosines and shares of firing units, with one token framed."""
    cosines = charts.written_cosine_heatmap(trace, side, colours, token=1)
    assert np.array_equal(cosines.data[0].z, written_cosines(trace, side).numpy()) and len(cosines.layout.shapes) == 1
    assert np.allclose(np.array(cosines.data[0].customdata)[..., 0], written_norms(trace, side))
    firing = charts.firing_heatmap(trace, side, colours)
    assert np.allclose(firing.data[0].z, 100 * firing_shares(trace, side))
    assert "$x" not in cosines.to_json() + firing.to_json()


@BOTH
@EACH
def test_normalisation_is_drawn_step_by_step(tiny_translator, trace, side, colours):
    """Five strips of one token; four spreads a token."""
    normed = layer_normed(trace, tiny_translator.model, side, 1)
    strips = charts.norm_strips(normed, 2, colours)
    assert [np.array(part.z)[0].tolist() for part in strips.data] == [
        values.tolist() for values in (normed.before[2], normed.plain[2], normed.gain, normed.bias, normed.after[2])
    ]
    compared = charts.norm_comparison(normed, trace, side, colours, token=2)
    assert np.allclose(compared.data[2].x, batch_normed(normed.before, normed.eps).std(-1, correction=0))
    assert json.loads(compared.to_json())


@BOTH
def test_units_are_drawn_with_their_numbers(trace, colours):
    """Bars of a token's units, and of a unit's tokens."""
    values, ids = strongest_units(trace, "encoder", 1, 2, 5)
    bars = charts.unit_bars(values, ids, int(ids[1]), colours)
    assert list(bars.data[0].customdata) == ids.tolist() and np.allclose(bars.data[0].x, values)
    over = charts.unit_over_tokens(trace, "encoder", 1, int(ids[0]), colours)
    assert np.array_equal(over.data[0].y, trace.feed_forward["encoder"][1, :, ids[0]].numpy())
