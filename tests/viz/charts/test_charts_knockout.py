"""Charts of knock-outs: every cell and bar is the change, on one scale with zero in the middle."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from support.tiny import SENTENCES

from model.analysis.knockout import Effects, every_head, every_layer, every_word, knock_out
from model.analysis.words import join_pieces
from model.trace.intervention import Intervention
from viz import charts
from viz.charts.knockout import sentences
from viz.theme import DARK, LIGHT

OFF = ("cross", 2, 1)
ROWS = range(2, 5)


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """A pair with one head off and markup in its text."""
    return tiny_translator.trace(SENTENCES[0] + " <b>x</b> $y$", SENTENCES[1], Intervention(heads_off=frozenset({OFF})))


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_cell_is_the_change(tiny_translator, trace, colours):
    """Layers down, heads across, numbered from 1; the scale is symmetric; what is off is marked and nothing else."""
    heads = every_head(trace.anatomy)
    effects = knock_out(trace, tiny_translator.passes, list(heads.values()))
    figure, change = charts.knockout_map(effects, list(heads), ROWS, "“<b>x”", colours), effects.change(ROWS)
    cells = {part.name: part for part in figure.data}
    for (kind, layer, head), value in zip(heads, change.tolist(), strict=True):
        part = cells[kind]
        assert part.z[layer][head] == pytest.approx(value)
        assert f"head {head + 1} of" in part.customdata[layer][head] and f"layer {layer + 1}," in part.customdata[layer][head]
        assert ("×" in part.text[layer][head]) == ((kind, layer, head) == OFF)
    assert {(part.zmin, part.zmax) for part in figure.data} == {(-float(change.abs().max()), float(change.abs().max()))}
    (frame,) = figure.layout.shapes
    assert (frame.xref, frame.x0, frame.y0) == ("x3", OFF[2] + 0.5, OFF[1] + 0.5)
    assert "<b>x”" not in json.dumps(json.loads(figure.to_json()), ensure_ascii=False)


def test_bars_are_the_changes(tiny_translator, trace):
    """One a word or layer, which a click tells by its index; tokens are text, not markup."""
    hidden = knock_out(trace, tiny_translator.passes, list(every_word(trace.anatomy, trace.source).values()))
    layers = every_layer(trace.anatomy)
    whole = knock_out(trace, tiny_translator.passes, list(layers.values()))
    for effects, places in ((hidden, join_pieces(trace.source)), (whole, list(layers))):
        (bars,) = charts.knockout_bars(effects, places, ROWS).data
        assert np.allclose(bars.x, effects.change(ROWS)) and list(bars.customdata) == list(range(len(effects.off)))
        assert all((colour == LIGHT.negative) == (value < 0) for colour, value in zip(bars.marker.color, bars.x, strict=True))
    text = charts.knockout_bars(hidden, join_pieces(trace.source), ROWS).to_json()
    assert "<b>x" not in text and "$y" not in text


def test_no_change_is_drawn_without_trouble():
    """All zero, or a single bar."""
    nothing = torch.zeros(1, 3)
    effects = Effects([False], nothing, nothing)
    cells = charts.knockout_map(effects, [("encoder", 0, 0)], range(3)).data[0]
    assert cells.zmin < 0 < cells.zmax and "0.00" in cells.text[0][0]
    (bars,) = charts.knockout_bars(effects, [("encoder", 0)], range(3)).data
    assert list(bars.x) == [0]


def test_an_effect_in_words():
    """Falls and rises, by how much, from what to what."""
    effects = Effects([False, True], torch.tensor([[-0.25, -0.25], [-2.0, 0.0]]), torch.tensor([[-1.0, -1.0], [-0.5, 0.0]]))
    worse, better = sentences(effects, ["<this>", "that"], range(2), "“chat”")
    assert (
        worse
        == "Without &lt;this&gt;, log p of “chat”<br>falls by <b>1.50</b> nats, from −0.50 to −2.00<br>(p from 0.61 to 0.14)"
    )
    assert "rises by <b>1.50</b> nats, from −2.00 to −0.50" in better and better.endswith("a click gives it back.")
