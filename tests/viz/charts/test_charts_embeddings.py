"""Charts of the embedding space against the vectors they draw: places, labels, hover, ids for clicks, sizes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.random_trace import SIDES, layer, make_trace

from model.analysis.embedding import Vocabulary, paths
from model.trace.tokens import Tokens
from model.trace.trace import Axis
from viz import charts
from viz.charts.embeddings import CLOSEST, MOST_PATHS, MOST_POINTS
from viz.charts.parts.scatter import ONE_PLACE, placed
from viz.theme import DARK, LIGHT, markup, token_label

DIMENSIONS = pytest.mark.parametrize("dimensions", [2, 3])
NASTY = ["▁<script>", "<b>bold</b>", "$x$", "&amp;", "▁cat", "cat", "%{x}", "▁"]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """800 pieces that are hard to draw, with random vectors; the first 260 are special or bytes."""
    torch.manual_seed(5)
    apart = torch.arange(800) < 260
    pieces = ["<pad>", "<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    return Vocabulary(torch.randn(800, 16), pieces + [NASTY[at % len(NASTY)] + str(at) for at in range(540)], apart)


def every_chart(trace, vocabulary, dimensions=2, colours=LIGHT) -> list:
    """All charts of one trace, both sides, looking at a token and at a piece that is not in the sentence."""
    found = [charts.neighbours_bar(vocabulary, 700, colours), charts.neighbours_bar(vocabulary, 3, colours, "decoder")]
    for side in ("encoder", "decoder"):
        found += [charts.embedding_map(trace, side, vocabulary, chosen, dimensions, colours) for chosen in (300, 799, 3)]
        found += [charts.token_paths(trace, side, 0, dimensions, colours, directions) for directions in (False, True)]
        found.append(charts.outline_token(charts.added_to_sentence(trace, side, colours), 0, colours))
    return found


def points(figure) -> np.ndarray:
    """Places of all points of a figure, (n, 2 or 3)."""
    axes = "xyz" if figure.data[0].type == "scatter3d" else "xy"
    return np.stack([np.concatenate([np.array(part[axis]) for part in figure.data]) for axis in axes], axis=1)


def ids(figure) -> list[int]:
    """What the points of a figure report when they are clicked."""
    return [id_ for part in figure.data for id_ in part.customdata]


@DIMENSIONS
@pytest.mark.parametrize(
    ("sizes", "colours"), [((1, 1), LIGHT), ((2, 9), DARK), ((24, 20), LIGHT), ((70, 3), DARK), ((500, 500), LIGHT)]
)
def test_every_chart_of_every_size_is_small_json_without_nan(sizes, colours, dimensions, vocabulary):
    """Both schemes: what a chart does with a colour has nothing to do with its size. Text never becomes markup in what Plotly draws
    as SVG."""
    for figure in every_chart(make_trace(*sizes), vocabulary, dimensions, colours):
        text = figure.to_json()
        assert json.loads(text) and len(text) < 2.2e6 and "%{x}</" not in text
        svg = [figure.layout.title.text, *(part.hovertext for part in figure.data), *(part.name or "" for part in figure.data)]
        svg += [part.text for part in figure.data if part.type == "scatter"]
        assert not any(bad in str(svg) for bad in ("<script", "<b>bold", "$x$", "</s>"))


def test_the_outline_is_around_the_token_in_every_panel():
    """Rows count from 1 on the axis, tokens from 0."""
    figure = charts.outline_token(charts.added_to_sentence(make_trace(), "encoder"), 4)
    assert [(shape.xref, shape.y0, shape.y1) for shape in figure.layout.shapes] == [
        (f"{panel} domain", 4.5, 5.5) for panel in ("x", "x2", "x3")
    ]


@SIDES
def test_bars_are_the_cosines_of_the_neighbours(side, vocabulary):
    """Each bar's length is the cosine; a click on it reports the neighbour; the nearest is on top."""
    bars = charts.neighbours_bar(vocabulary, 400, kind=side).data[0]
    for id_, value in zip(bars.customdata, bars.x, strict=True):
        assert value == pytest.approx(
            float(torch.cosine_similarity(vocabulary.weight[400], vocabulary.weight[id_], dim=0)), abs=1e-6
        )
    assert len(bars.x) == CLOSEST and list(bars.x) == sorted(bars.x, reverse=True) and list(bars.y) == list(range(1, CLOSEST + 1))
    assert min(bars.customdata) >= 260 and 400 not in bars.customdata
    assert token_label(vocabulary.pieces[bars.customdata[0]])[1:3] in charts.neighbours_bar(vocabulary, 400).to_json()


@SIDES
@DIMENSIONS
def test_the_map_has_every_piece_once_where_it_is(side, dimensions, vocabulary):
    """Distances on the map never exceed those in the space, and the axes say what they keep."""
    trace = make_trace(24, 20)
    figure = charts.embedding_map(trace, side, vocabulary, 799, dimensions)
    drawn, places = ids(figure), points(figure)
    own = set((trace.source if side == "encoder" else trace.target).ids)
    assert len(drawn) == len(set(drawn)) == len(places) and own | {799} <= set(drawn)
    assert set(layer(figure, "in the sentence").customdata) == own
    real = torch.cdist(vocabulary.weight[drawn], vocabulary.weight[drawn]).numpy()
    assert (np.linalg.norm(places[:, None] - places[None], axis=-1) <= real + 1e-3).all()
    axes = (
        [figure.layout.xaxis, figure.layout.yaxis] if dimensions == 2 else [figure.layout.scene[f"{name}axis"] for name in "xyz"]
    )
    shares = [int(axis.title.text.split(": ")[1].split(" %")[0]) for axis in axes]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 100
    assert f"{dimensions} axes keep" in figure.layout.title.text


def test_the_map_keeps_its_axes_whatever_is_chosen(vocabulary):
    """Looking something up does not move the sentence."""
    trace = make_trace(9, 7)
    places = []
    for chosen in (300, 301, 799):
        figure = charts.embedding_map(trace, "encoder", vocabulary, chosen)
        places.append(dict(zip(ids(figure), points(figure).tolist(), strict=True)))
    assert all(places[0][id_] == places[1][id_] == places[2][id_] for id_ in trace.source.ids)


def test_a_piece_that_occurs_often_is_one_point_with_all_its_positions(vocabulary):
    """dog dog dog: one point, three positions in the hover."""
    trace = make_trace(4, 4)
    again = Tokens("", [300, 300, 300, 3], ["▁dog"] * 3 + ["</s>"], [0, 1, 2, -1], [None] * 4)
    figure = charts.embedding_map(replace(trace, axes={**trace.axes, "encoder": Axis(again)}), "encoder", vocabulary, 300)
    (hover,) = figure.data[-1].hovertext
    assert ids(figure).count(300) == 1 and "tokens 1, 2, 3" in hover and markup(token_label(vocabulary.pieces[300])) in hover


def test_a_long_sentence_leaves_room_on_the_map(vocabulary):
    """Fewer neighbours each, about MOST_POINTS in all; the chosen piece keeps its label."""
    figure = charts.embedding_map(make_trace(150, 7), "encoder", vocabulary, 310)
    assert len(ids(figure)) <= MOST_POINTS + CLOSEST
    assert figure.data[-1].text[0] == markup(token_label(vocabulary.pieces[310]))


@SIDES
@DIMENSIONS
@pytest.mark.parametrize("directions", [False, True])
def test_paths_are_the_projected_states(side, dimensions, directions):
    """Line, ring and dot of every token are where the analysis says, and report their token."""
    trace = make_trace(9, 7)
    places = paths(trace, side, dimensions, directions)[0].numpy().astype(np.float32)
    figure = charts.token_paths(trace, side, 2, dimensions, directions=directions)
    start, end, line = layer(figure, "embedding"), layer(figure, "last layer"), layer(figure, "chosen token")
    axes = "xyz"[:dimensions]
    assert start.customdata == end.customdata and sorted(start.customdata) == list(range(places.shape[1]))
    assert start.customdata[-1] == 2  # on top of the others
    for part, point in ((start, 0), (end, -1)):
        assert np.allclose(np.stack([part[axis] for axis in axes], axis=1), places[point, list(part.customdata)])
    assert np.allclose(np.stack([line[axis] for axis in axes], axis=1)[:-1], places[:, 2])
    assert set(line.customdata) == {2} and "point 3" in line.hovertext[3] and "token 3" in line.hovertext[3]
    assert len(layer(figure, "other tokens").x) == (places.shape[1] - 1) * (places.shape[0] + 1)


def test_of_a_long_sentence_some_paths_are_drawn_and_it_says_which():
    """The chosen one and the special ones are among them."""
    figure = charts.token_paths(make_trace(500, 500), "encoder", 123)
    drawn = layer(figure, "last layer").customdata
    assert len(drawn) == len(set(drawn)) <= MOST_PATHS + 1 and drawn[-1] == 123 and 499 in drawn
    assert f"{len(drawn)} of 500 tokens" in figure.layout.title.text
    with pytest.raises(ValueError, match="0 to 499"):
        charts.token_paths(make_trace(500, 500), "encoder", 500)


@DIMENSIONS
def test_no_spread_is_said_in_words(dimensions, vocabulary):
    """All states alike, or all vectors alike: a sentence, no NaN."""
    trace = make_trace(3, 3)
    still = replace(trace.residual["encoder"], states=torch.ones(5, 3, 16))
    flat = replace(vocabulary, weight=torch.ones(800, 16))
    for figure in (
        charts.token_paths(replace(trace, residual={**trace.residual, "encoder": still}), "encoder", 0, dimensions),
        charts.embedding_map(trace, "encoder", flat, 300, dimensions),
    ):
        assert figure.layout.annotations[0].text == ONE_PLACE and "axes keep" not in figure.layout.title.text
        assert "NaN" not in figure.to_json()


@given(seed=st.integers(0, 999), count=st.integers(1, 60), firm=st.integers(1, 5))
def test_labels_never_lie_on_each_other(seed, count, firm):
    """Boxes rebuilt from the sides that were chosen do not overlap; the most important point is always named."""
    torch.manual_seed(seed)
    spots = torch.rand(count, 2).numpy() * (500, 380)
    spots[0], spots[-1] = (0, 0), (500, 380) if count > 1 else (0, 0)  # the frame: one unit is one px
    texts = ["label"] * count
    sides = placed(spots, texts, list(range(count)), firm, (500, 380))
    wide, high, away = 5 * 0.61 * 13, 1.2 * 13, 6
    corner = {
        "top center": (-wide / 2, away), "bottom center": (-wide / 2, -away - high),
        "middle right": (away, -high / 2), "middle left": (-away - wide, -high / 2),
    }  # fmt: skip
    boxes = [(x + corner[side][0], y + corner[side][1]) for (x, y), side in zip(spots, sides, strict=True) if side]
    assert sides[0]
    for at, (x, y) in enumerate(boxes):
        for left, low in boxes[:at]:
            assert abs(x - left) >= wide - 1e-6 or abs(y - low) >= high - 1e-6
