"""Charts of what is inside a head, on a real trace: the numbers they draw, and that they show themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.steps import contribution_shares, head_contributions, point_before
from model.analysis.words import join_words
from viz import charts
from viz.theme import DARK, LIGHT, number

KINDS = pytest.mark.parametrize("kind", ATTENTION_KINDS)
BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """A sentence pair with repeated tokens and words of several pieces."""
    return tiny_translator.trace(SENTENCES[0] + " $x$ <b>", SENTENCES[1])


def layer(figure, name: str):
    """One layer of cells by its name."""
    return next(part for part in figure.data if part.name == name)


def json_of(figure) -> str:
    """The figure as it travels; it also shows itself in a notebook."""
    assert figure._repr_mimebundle_ is not None
    return figure.to_json()


@KINDS
@BOTH
def test_query_key_and_value_are_drawn_to_the_last_digit_on_one_scale(trace, kind, colours):
    """Q as it is, K and V turned, scores where they meet; masked scores are not numbers."""
    figure = charts.query_key_value(trace, kind, 1, 2, colours, (1, 0))
    got, mask = trace.attention[kind], trace.attention[kind].mask[1, 0].numpy()
    for name, expected in (("query", got.queries[1, 2]), ("key", got.keys[1, 2].T), ("value", got.values[1, 2].T)):
        assert np.array_equal(layer(figure, name).z, expected.numpy())
    assert len({layer(figure, name).zmax for name in ("query", "key", "value")}) == 1
    scores = np.array(layer(figure, "score").z)
    assert np.array_equal(scores[mask], got.scores[1, 2].numpy()[mask]) and np.isnan(scores[~mask]).all()
    assert any(part.name == "masked" for part in figure.data) == (kind == "decoder")
    assert json.loads(json_of(figure))


@KINDS
def test_the_parts_of_a_score_add_up_to_it(trace, kind):
    """The product column sums to score x sqrt(d_head), and the words say so."""
    figure = charts.score_parts(trace, kind, 0, 1, (2, 1))
    products = np.array(layer(figure, "= product").z)[:, 0]
    score = float(trace.attention[kind].scores[0, 1, 2, 1])
    assert products.sum() == pytest.approx(score * trace.anatomy.kinds[0].d_head ** 0.5, abs=1e-4)
    assert f"score <b>{number(score)}</b>" in figure.layout.annotations[0].text
    assert json.loads(json_of(figure))


@KINDS
@BOTH
def test_contributions_are_drawn_as_their_length(tiny_translator, trace, kind, colours):
    """Rows are queries, columns heads."""
    contributions = head_contributions(trace, tiny_translator.weights, kind, 1)
    figure = charts.contribution_heatmap(trace, contributions, kind, colours, query=2)
    assert np.allclose(layer(figure, "norm").z, contributions.norm(dim=-1).T)
    assert len(figure.layout.shapes) == 1
    assert json.loads(json_of(figure))


@KINDS
@pytest.mark.parametrize("words", [False, True])
def test_heads_of_a_token_stand_beside_what_they_look_at(tiny_translator, trace, kind, words):
    """Bars are lengths, cells are raw weights, of pieces or of words."""
    contributions = head_contributions(trace, tiny_translator.weights, kind, 0)
    side = "encoder" if kind == "encoder" else "decoder"
    shares = contribution_shares(contributions, trace.residual[side].written[point_before(trace, kind, 0)])
    maps = join_words(trace) if words else trace
    figure = charts.heads_of_token(maps, contributions[:, 1].norm(dim=-1), shares[:, 1], kind, 0, 1)
    assert np.allclose(layer(figure, "writes").x, contributions[:, 1].norm(dim=-1))
    assert np.array_equal(layer(figure, "weights").z, maps.attention[kind].weights[0, :, 1].numpy())
    assert json.loads(json_of(figure))


def test_the_concatenation_is_the_captured_output(trace):
    """heads x d_head numbers."""
    outputs = trace.attention["cross"].outputs[1, :, 3]
    figure = charts.concat_heatmap(outputs)
    assert np.array_equal(layer(figure, "z").z, outputs.numpy())
    assert charts.concat_heatmap(torch.zeros_like(outputs)).to_json()


def test_heads_that_do_not_exist_are_named(trace):
    """In words."""
    with pytest.raises(ValueError, match="does not exist"):
        charts.query_key_value(trace, "cross", 7, 0)


def test_tokens_are_never_markup(trace):
    """A piece that looks like a tag or a formula is text."""
    drawn = [charts.query_key_value(trace, "encoder", 0, 0), charts.score_parts(trace, "encoder", 0, 0, (0, 1))]
    drawn += [charts.contribution_heatmap(trace, torch.ones(4, len(trace.source), 32), "encoder")]
    for figure in drawn:
        text = json.dumps(figure.to_plotly_json(), default=str)
        assert '<b>"' not in text.replace("</b>", "") or "&lt;" in text
        assert "$x" not in text
