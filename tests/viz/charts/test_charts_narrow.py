"""Charts on a phone: the same numbers as anywhere, in cells and labels that have room for what is written."""

from __future__ import annotations

import html
import re
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from support.tiny import SENTENCES

from model.analysis.knockout import Effects, every_head, knock_out
from model.analysis.output import logit_lens, top_pieces
from model.analysis.roles import measure
from model.analysis.steps import head_contributions
from model.instrument.pretrained import checkpoint_folder
from model.measuring.roles import load_roles
from viz import charts
from viz.charts.knockout import _brief as brief
from viz.charts.parts.narrow import LINE, TOUCH, WIDTH, fitted, wrapped
from viz.charts.roles import BRIEF
from viz.theme import LABEL_SIZE, LIGHT, plotly_colour_bar, plotly_title

LETTER = 0.43  # mean width of a letter or digit, in font sizes


@pytest.fixture(scope="module")
def trace(tiny_translator):
    """A pair with long words."""
    return tiny_translator.trace(SENTENCES[0], SENTENCES[1])


@pytest.fixture(scope="module")
def pieces(tokenizer):
    """The vocabulary by id."""
    return [tokenizer.piece(id_) for id_ in range(tokenizer.vocabulary_size)]


def cells_have_room(figure: go.Figure) -> bool:
    """Whether every text in a cell of a heatmap is narrower than its cell, at the width of the narrowest phone."""
    room = WIDTH - figure.layout.margin.l - figure.layout.margin.r
    for part in figure.data:
        if part.type == "heatmap" and part.text is not None:
            across = np.asarray(part.z).shape[1]
            lines = [line for row in part.text for text in row for line in text.split("<br>")]
            widest = max(len(html.unescape(re.sub("<[^>]*>", "", line))) for line in lines)
            if widest * LETTER * LABEL_SIZE > room / across:
                return False
    return True


def test_roles_fit_into_their_cells(translator):
    """With the shipped model's roles, in brief; on a wide screen they would not. Rows can be hit with a finger."""
    stored = load_roles(checkpoint_folder("en-fr"), translator.about["weights_sha256"])
    figure, wide = charts.role_map(stored, narrow=True), charts.role_map(stored)
    assert cells_have_room(fitted(figure)) and not cells_have_room(wide)
    assert figure.layout.height >= TOUCH * sum(len(table["share"]) for table in stored.statistics.values())
    written = {re.sub("<[^>]*>", "", text) for part in figure.data if part.type == "heatmap" for text in np.ravel(part.text)}
    assert written & set(BRIEF.values())


def test_every_map_of_the_narrow_page_has_the_numbers_of_the_wide_one(tiny_translator, trace, pieces):
    """Knock-outs below each other, next pieces by fewer ranks, the lens turned, heads with fewer digits."""
    heads = every_head(trace.anatomy)
    effects = knock_out(trace, tiny_translator.passes, list(heads.values()))
    narrow, wide = (charts.knockout_map(effects, list(heads), range(3), narrow=is_narrow) for is_narrow in (True, False))
    for one, other in zip(narrow.data, wide.data, strict=True):
        assert one.name == other.name and np.array_equal(one.z, other.z)
    ends = [narrow.layout[f"yaxis{end}"].domain for end in ("", "2", "3")]
    assert all(below[1] < above[0] for above, below in pairwise(ends)) and cells_have_room(narrow)
    values, _ = top_pieces(trace.logits, 3)
    table = charts.top_pieces_table(trace, pieces, narrow=True)
    assert np.allclose(table.data[0].z, values) and f"{float(values[0, 0]):.2f}" in table.data[0].text[0][0]
    lens = logit_lens(trace, tiny_translator.weights)
    turned, straight = (charts.lens_heatmap(trace, lens, pieces, row=1, narrow=is_narrow) for is_narrow in (True, False))
    assert np.array_equal(np.asarray(turned.data[0].z), np.asarray(straight.data[0].z).T)
    assert turned.data[0].customdata[2][1] == straight.data[0].customdata[1][2] and turned.layout.shapes[0].y0 == 1.5
    contributions = head_contributions(trace, tiny_translator.weights, "cross", 0)
    norms = charts.contribution_heatmap(trace, contributions, "cross", narrow=True)
    assert np.allclose(norms.data[0].z, contributions.norm(dim=-1).T) and cells_have_room(norms)


def test_bars_of_a_head_stand_above_its_matrices(trace):
    """Not in the corner, which is smaller than they are."""
    figure = charts.query_key_value(trace, "cross", 0, 0, narrow=True)
    bars = [part.colorbar for part in figure.data if part.type == "heatmap" and part.colorbar.len and part.showscale is not False]
    assert len({bar.ypad for bar in bars}) == 2 and all(
        bar.yref == "container" and bar.ypad < figure.layout.margin.t for bar in bars
    )


@pytest.mark.parametrize(
    ("change", "text"), [(0.001, "0"), (-0.19, "−.19"), (0.03, "+.03"), (-1.32, "−1.3"), (12.4, "+12"), (0.999, "+1.0")]
)
def test_a_change_in_a_small_cell(change, text):
    """Four characters at most."""
    assert brief(change) == text and len(text) <= 4


def test_an_effect_of_nothing_is_a_zero():
    """Also on a phone."""
    effects = Effects([True], torch.zeros(1, 3), torch.zeros(1, 3))
    assert "× 0" in charts.knockout_map(effects, [("encoder", 0, 0)], range(3), narrow=True).data[0].text[0][0]


def test_titles_are_wrapped_and_what_is_below_moves():
    """No line is wider than the figure; the figure grows by the lines; fingers scroll the page; letters are no smaller than labels."""
    bar = plotly_colour_bar(LIGHT)
    cells = go.Heatmap(z=[[0, 1]], colorbar=bar, text=[["a", "b"]], textfont={"size": 9})
    title = "a title that is <b>much</b> too long for a phone, &#36; and all, and goes on for another line and one more"
    plain = go.Figure(cells, {"title": plotly_title(LIGHT, title), "height": 300, "margin": {"t": 60}})
    figure = fitted(go.Figure(plain))
    lines = figure.layout.title.text.split("<br>")
    assert len(lines) > 1 and "".join(lines).replace(" ", "") == title.replace(" ", "")
    down = LINE * (len(lines) - 1)
    assert figure.layout.height == 300 + down and figure.layout.margin.t == 60 + down
    assert figure.data[0].colorbar.ypad == bar["ypad"] + down and figure.data[0].textfont.size == LABEL_SIZE
    assert figure.layout.dragmode is False and figure.layout.xaxis.fixedrange
    layout = {**plain.layout.to_plotly_json(), "coloraxis": {"colorbar": bar}}  # one bar for several heatmaps moves, too
    shared = fitted(go.Figure([go.Heatmap(z=[[0, 1]], coloraxis="coloraxis")] * 2, layout))
    assert shared.layout.coloraxis.colorbar.ypad == bar["ypad"] + down
    assert fitted("no figure") == "no figure" and wrapped("one<br>two") == "one<br>two"


def test_a_map_of_one_sentence_is_drawn_narrow(trace):
    """Whatever its label."""
    for label in ("", "distance", "previous"):
        assert charts.role_map(measure(trace), label, narrow=True).to_json()
