"""Charts of the inside of a layer: the numbers they draw."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.tiny import SENTENCES, SIDES

from model.analysis.attention import written_norms
from model.analysis.layers import (
    batch_normed,
    firing_shares,
    group_count,
    group_normed,
    layer_normed,
    strongest_units,
    written_cosines,
)
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
    normed = layer_normed(trace, tiny_translator.weights, side, 1)
    strips = charts.norm_strips(normed, 2, colours)
    assert [np.array(part.z)[0].tolist() for part in strips.data] == [
        values.tolist() for values in (normed.before[2], normed.plain[2], normed.gain, normed.bias, normed.after[2])
    ]
    assert f"variance {float(normed.variance[2]):.2f}" in strips.layout.annotations[0].text
    assert json.loads(strips.to_json())


@BOTH
@EACH
def test_other_norms_stand_beside_layer_norm_on_one_scale(tiny_translator, trace, side, colours):
    """Three strips of one token; mean and variance of every token under four names, which clicks report."""
    normed = layer_normed(trace, tiny_translator.weights, side, 1)
    kinds = (normed.plain, batch_normed(normed.before, normed.eps), group_normed(normed.before, normed.eps))
    strips = charts.other_norms(normed, 2, colours)
    assert [np.array(part.z)[0].tolist() for part in strips.data] == [values[2].tolist() for values in kinds]
    assert len({part.zmax for part in strips.data}) == 1 and len(strips.layout.shapes) == group_count(32) - 1
    compared = charts.norm_comparison(normed, trace, side, colours, token=2)
    for means, variances, values in zip(compared.data[::2], compared.data[1::2], (normed.before, *kinds), strict=True):
        assert np.allclose(means.x, values.mean(-1), atol=1e-6)
        assert np.allclose(variances.x, values.var(-1, correction=0), rtol=1e-5)
        assert list(means.customdata) == list(range(len(values)))
    assert any("over this sentence's tokens" in part.name for part in compared.data)
    assert json.loads(compared.to_json()) and "NaN" not in compared.to_json() and "$x" not in compared.to_json()


@BOTH
@EACH
def test_a_token_grows_by_what_is_written(trace, side, colours):
    """State, written, cosine: one bar a sublayer, in the order of the pass."""
    figure = charts.token_growth(trace, side, 2, colours)
    residual = trace.residual[side]
    norms = residual.states[:-1, 2].norm(dim=-1), residual.written[:, 2].norm(dim=-1)
    for part, expected in zip(figure.data, (*norms, written_cosines(trace, side)[:, 2]), strict=True):
        assert np.allclose(part.x, expected) and list(part.customdata) == residual.labels[1:]
    column = 0.32 * (352 - figure.layout.margin.l - figure.layout.margin.r)  # px, in a card beside another one on a projector
    for part, axis in zip(figure.data[:2], (figure.layout.xaxis, figure.layout.xaxis2), strict=True):
        ends = [column * value / axis.range[1] for value in part.x]
        assert all(
            end + 3 + 6.8 * len(text) <= column + 7 for end, text in zip(ends, part.text, strict=True)
        )  # a digit has 6.8 px
    assert json.loads(figure.to_json())
    with pytest.raises(ValueError, match="asked for 99"):
        charts.token_growth(trace, side, 99)


@BOTH
def test_units_are_drawn_with_their_numbers(trace, colours):
    """Bars of a token's units, and of a unit's tokens."""
    values, ids = strongest_units(trace, "encoder", 1, 2, 5)
    bars = charts.unit_bars(values, ids, int(ids[1]), colours)
    assert list(bars.data[0].customdata) == ids.tolist() and np.allclose(bars.data[0].x, values)
    over = charts.unit_over_tokens(trace, "encoder", 1, int(ids[0]), colours)
    assert np.array_equal(over.data[0].y, trace.feed_forward["encoder"][1, :, ids[0]].numpy())
