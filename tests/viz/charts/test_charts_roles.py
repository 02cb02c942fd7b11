"""The map of what heads do: the numbers it draws, which heads are faint, and its words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.roles import ROLE, HeadMeasures, measure
from model.instrument.pretrained import checkpoint_folder
from model.measuring.roles import load_roles
from viz import charts
from viz.canvas import pack_figure, pack_grid
from viz.canvas.shared.packing import split, with_fields
from viz.theme import DARK, LIGHT

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


@pytest.fixture(scope="module")
def measures(tiny_translator) -> HeadMeasures:
    """One sentence of the tiny model."""
    return measure(tiny_translator.trace(SENTENCES[0] + " $x$ <b>", SENTENCES[1]))


@pytest.fixture(scope="module")
def stored(translator) -> HeadMeasures:
    """Many sentences of the shipped model."""
    return load_roles(checkpoint_folder("en-fr"), translator.about["weights_sha256"])


def values(figure, kind: str) -> np.ndarray:
    """All cells of a kind, faint and bright together."""
    layers = [np.array(part.z, dtype=float) for part in figure.data if part.name == kind]
    return np.nanmax(np.stack(layers), axis=0)


@BOTH
@pytest.mark.parametrize("label", ["", "distance", *ROLE])
@pytest.mark.parametrize("which", ["measures", "stored"])
def test_every_statistic_is_drawn_as_measured(request, which, label, colours):
    """To the last digit; where it is not defined the cells are there to be clicked, and the title says so."""
    measured = request.getfixturevalue(which)
    figure = charts.role_map(measured, label, colours, ("cross", 1, 2))
    assert len(figure.layout.shapes) == 1 and json.loads(figure.to_json())
    for kind, note in zip(ATTENTION_KINDS, figure.layout.annotations, strict=True):
        if label in ROLE:
            expected = measured.roles[kind][label].score if label in measured.roles[kind] else None
        else:
            expected = measured.statistics[kind].get(label or "share")
        assert ("not defined here" in note.text) == (expected is None)
        shape = tuple(measured.statistics[kind]["entropy"].shape)
        assert np.array_equal(values(figure, kind), (np.zeros(shape) if expected is None else expected.numpy()))


@pytest.mark.parametrize("label", list(ROLE))
def test_heads_without_the_role_are_faint(stored, label):
    """And only they."""
    figure = charts.role_map(stored, label)
    bright = set()
    for part in figure.data:
        if part.name in ATTENTION_KINDS and part.opacity == 1.0:
            rows, columns = np.nonzero(~np.isnan(np.array(part.z, dtype=float)))
            bright |= {(part.name, int(row), int(column)) for row, column in zip(rows, columns, strict=True)}
    assert bright == stored.having(label)


def test_cells_name_the_main_role_and_the_hover_every_score(stored):
    """What is written is what was measured; roles that a head has are bold."""
    figure = charts.role_map(stored)
    for kind in ATTENTION_KINDS:
        part = next(part for part in figure.data if part.name == kind)
        for layer, head in np.ndindex(np.array(part.z).shape):
            main, hover = stored.main(kind, layer, head), part.customdata[layer][head]
            assert (main is None and part.text[layer][head] == "") or f">{main.title}<" in part.text[layer][head]
            assert hover.count("shuffled") == len(stored.roles[kind]) and hover.count("±") == 2 * len(stored.roles[kind])
            assert hover.count("<b>") == 1 + sum(bool(got.has[layer, head]) for got in stored.roles[kind].values())
            assert "nats" in hover and ("positions" in hover) == (kind != "cross")


def test_an_unknown_label_is_an_error_in_words(measures):
    """It names the ones there are."""
    with pytest.raises(ValueError, match="previous"):
        charts.role_map(measures, "nothing")


def test_the_grid_takes_heads_to_dim_beside_what_is_cached(tiny_translator):
    """As a field of the header; the array stays."""
    packed = pack_grid(tiny_translator.trace(SENTENCES[0]))
    header, array = split(with_fields(packed, dim=[["cross", 0, 1]]))
    assert header["dim"] == [["cross", 0, 1]] and np.array_equal(array, split(packed)[1])


@BOTH
@pytest.mark.parametrize(("x", "y"), [("entropy", "end"), ("distance", "previous"), ("diagonal", "entropy"), ("next", "next")])
def test_heads_are_points_where_both_measures_are(stored, x, y, colours):
    """Every head of a kind that has both, at its two numbers, with its place for a click; the open one has a ring."""
    selected = ("cross", 2, 7)
    figure = charts.head_scatter(stored, x, y, colours, selected)
    drawn = {part.name: part for part in figure.data}
    for kind, statistics in stored.statistics.items():
        both = [statistics.get({"entropy": "share"}.get(name, name)) if name not in ROLE else
                getattr(stored.roles[kind].get(name), "score", None) for name in (x, y)]  # fmt: skip
        assert (kind in drawn) == all(values is not None for values in both)
        if kind in drawn:
            points = np.stack([drawn[kind].x, drawn[kind].y])
            assert np.array_equal(points, np.stack([values.flatten().numpy() for values in both]))
            assert list(drawn[kind].customdata) == list(range(points.shape[1]))
    heads = stored.statistics["cross"]["entropy"].shape[1]
    rings = [(name, at) for name, part in drawn.items() for at, width in enumerate(part.marker.line.width) if width == 2]
    assert rings == ([("cross", 2 * heads + 7)] if "cross" in drawn else [])
    assert all(part.marker.color == colours.kind(name) for name, part in drawn.items()) and pack_figure(figure)


def test_an_axis_must_be_a_measure(measures):
    """Said in words."""
    with pytest.raises(ValueError, match="entropy, distance.*not size"):
        charts.head_scatter(measures, "entropy", "size")
