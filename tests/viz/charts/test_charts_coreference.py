"""The map of what decides the pronoun: the numbers it draws, its words, and what is not defined."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.tiny import ATTENTION_KINDS

from model.analysis.coreference import LINKS
from model.instrument.project import ROOT
from model.measuring.coreference import measure_inside
from model.measuring.coreference_pairs import minimal_pairs, read_lexicon
from model.measuring.coreference_record import ALL, Coreference, Counts
from viz import charts
from viz.charts.coreference import WHOLE
from viz.theme import DARK, LIGHT

LEXICON = ROOT / "tests" / "data" / "coreference.tsv"
BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


@pytest.fixture(scope="module")
def found(tiny_translator) -> Coreference:
    """Three pairs in the tiny model: two encoder and three decoder layers."""
    return measure_inside(tiny_translator, minimal_pairs(read_lexicon(LEXICON))[:3], {ALL: Counts(3, 3, 3, 3)})


def rows_of(figure, found: Coreference, kind: str) -> tuple:
    """The cells of a kind with what each row stands for."""
    part = next(part for part in figure.data if part.name == kind)
    effects = [*(found.links[link] for link in LINKS if link[0] == kind), found.layers[kind]]
    return part, np.array(part.z, dtype=float), effects


@BOTH
def test_every_effect_is_drawn_as_measured(found, colours):
    """Layers at their number, all layers in the last column; a whole layer has no such column; nothing else is filled."""
    figure = charts.decision_map(found, colours)
    assert json.loads(figure.to_json())
    for kind in ATTENTION_KINDS:
        part, values, effects = rows_of(figure, found, kind)
        assert values.shape == (len(effects), 4)  # three decoder layers and all
        for row, effect in enumerate(effects):
            lost, last = effect.lost.tolist(), row == len(effects) - 1
            layers = lost if last else lost[:-1]
            expected = [*layers, *[np.nan] * (3 - len(layers)), np.nan if last else lost[-1]]
            np.testing.assert_allclose(values[row], expected, atol=1e-6)
            said = [text for text in part.text[row] if text]
            assert len(said) == np.isfinite(values[row]).sum()
            assert all(f">{lost[at]:.0%}"[:-1] + "<" in text for at, text in enumerate(part.text[row][: len(layers)]))


def test_rows_and_hovers_say_what_is_cut(found):
    """In the order of the kinds, short at the side and in words in the hover."""
    figure = charts.decision_map(found)
    titles = [note.text for note in figure.layout.annotations]
    assert ["Encoder" in titles[0], "Decoder" in titles[1], "Cross" in titles[2]] == [True] * 3
    assert figure.layout.yaxis3.ticktext[-1] == WHOLE and "pronoun → adjective" in figure.layout.yaxis3.ticktext
    part, _, _ = rows_of(figure, found, "cross")
    row = list(figure.layout.yaxis3.ticktext).index("pronoun → adjective")
    hover, change = part.customdata[row][0], float(found.links["cross", "pronoun", "adjective"].change[0])
    assert "the row that says the pronoun → the adjective, layer 1" in hover and f"{abs(change):.2f} nats" in hover
    assert "all layers" in part.customdata[row][-1]


def test_what_is_not_defined_is_empty_and_says_so(found):
    """No right pronoun that could be lost: a dash in the hover, no number in the cell."""
    link = ("encoder", "it", "antecedent")
    nothing = replace(found.links[link], lost=torch.full((3,), float("nan")))
    figure = charts.decision_map(replace(found, links={**found.links, link: nothing}))
    part, values, _ = rows_of(figure, found, "encoder")
    assert np.isnan(values[0]).all() and not any(part.text[0]) and "lost in —" in part.customdata[0][0]


def test_the_scale_is_fixed(found):
    """0 to 1 whatever was measured, so that checkpoints can be compared."""
    assert {(part.zmin, part.zmax) for part in charts.decision_map(found).data} == {(0, 1)}
