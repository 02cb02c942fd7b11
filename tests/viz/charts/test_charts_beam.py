"""The tree of beam search as a picture: everything is in it once, nothing lies on anything else."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.decoding import BeamTree, Hypothesis, beam_tree
from model.instrument.tokenizer import END
from viz import charts
from viz.charts.beam import LANE, WIDEST, describe, split_runs
from viz.theme import DARK, LIGHT


def name(id_: int) -> str:
    """Pieces with markup in them."""
    return "</s>" if id_ == END else f"▁<b>{id_}$x$"


@st.composite
def trees(draw) -> BeamTree:
    """Any tree in which every step keeps a few continuations, some end, and the last ones all do."""
    found: list[Hypothesis] = []
    last: list[int | None] = [None]
    for step in range(draw(st.integers(1, 12))):
        going = []
        for parent in last:
            for _ in range(draw(st.integers(0, 2))):
                score = (0.0 if parent is None else found[parent].log_probability) - draw(st.floats(0.1, 3))
                ends = draw(st.booleans())
                found.append(Hypothesis(parent, END if ends else 10 + len(found), step, score, score / 2 if ends else None))
                if not ends:
                    going.append(len(found) - 1)
        last = going[:5]
        if not last:
            break
    if not any(one.normalised is not None for one in found):
        parent, step = (len(found) - 1, found[-1].step + 1) if found else (None, 0)
        found.append(Hypothesis(parent, END, step, -99.0, -50.0))
    tree = BeamTree(4, tuple(found), 0)
    return BeamTree(4, tree.hypotheses, tree.ended[0])


@given(trees())
def test_every_hypothesis_is_in_one_run(tree):
    """Runs are chains that nothing else parts from; they hang together as the hypotheses do."""
    runs = split_runs(tree)
    members = [index for run in runs for index in run.members]
    assert sorted(members) == list(range(len(tree.hypotheses)))
    children = [sum(one.parent == index for one in tree.hypotheses) for index in range(len(tree.hypotheses))]
    for run in runs:
        assert all(tree.hypotheses[after].parent == before for before, after in itertools.pairwise(run.members))
        assert all(children[index] == 1 for index in run.members[:-1]) and children[run.members[-1]] != 1
        parent = tree.hypotheses[run.members[0]].parent
        assert (parent is None) == (run.parent < 0) and (parent is None or runs[run.parent].members[-1] == parent)
    winning = [index for run in runs if run.role == "winner" for index in run.members]
    assert sorted(winning) == tree.path(tree.winner)


@given(trees())
def test_no_two_dots_share_a_place(tree):
    """Every hypothesis has its dot; the winner's are in the first lane, and only those."""
    figure = charts.hypotheses_tree(tree, name)
    dots = [trace for trace in figure.data if trace.name in ("pruned", "finished", "winner")]
    at = {index: (x, y) for trace in dots for index, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)}
    assert sorted(at) == list(range(len(tree.hypotheses)))
    lanes = [(tree.hypotheses[index].step, y) for index, (_, y) in at.items()]
    assert len(set(lanes)) == len(lanes)
    assert {index for index, (_, y) in at.items() if y == 0} == set(tree.path(tree.winner))
    assert figure.layout.height >= max(y for _, y in at.values()) + LANE
    assert max(x for x, _ in at.values()) <= figure.layout.xaxis.range[1]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("beam", [2, 5, 8])
def test_a_real_search_is_drawn(tiny_translator, colours, beam):
    """Scores stand behind those that ended, the winner's with a mark; pieces are text, never markup."""
    tree = beam_tree(tiny_translator.model, tiny_translator.source("Two dogs are playing.").ids, beam)
    figure = charts.hypotheses_tree(tree, name, colours)
    scores = next(trace for trace in figure.data if trace.name == "scores")
    assert len(scores.text) == len(tree.ended) and sum("✓" in text for text in scores.text) == 1
    assert f"{abs(tree.hypotheses[tree.winner].normalised):.2f}" in next(text for text in scores.text if "✓" in text)
    texts = [text for trace in figure.data if trace.name.endswith(" texts") for text in trace.text]
    assert len(texts) == len(tree.hypotheses)
    written = json.dumps(figure.to_plotly_json(), default=str, ensure_ascii=False)
    assert "$x" not in written and "▁" not in written and "&lt;b&gt;" in written


def test_the_hover_says_what_became_of_it(tiny_translator):
    """Log-probability of all, a score where one ended, and why the others stopped."""
    tree = beam_tree(tiny_translator.model, tiny_translator.source("Two dogs are playing.").ids, 3)
    for index, one in enumerate(tree.hypotheses):
        said = describe(tree, name, index)
        assert f"{abs(one.log_probability):.2f}" in said
        assert ("normalised by length" in said) == (one.normalised is not None)
        assert ("it wins" in said) == (index == tree.winner)
        stopped = "better hypotheses" in said or "when the search stopped" in said
        assert stopped == (one.normalised is None and index not in tree.continued)


def test_the_longest_search_is_thinned_out():
    """500 steps: no texts, still as wide as a browser can scroll, every dot there."""
    found = [Hypothesis(None if step == 0 else step - 1, 10, step, -0.1 * (step + 1), None) for step in range(499)]
    found.append(Hypothesis(498, END, 499, -50.0, -4.0))
    tree = BeamTree(1, tuple(found), 499)
    short = charts.hypotheses_tree(BeamTree(1, (*found[:9], Hypothesis(8, END, 9, -1.0, -0.5)), 9), name)
    long = charts.hypotheses_tree(tree, name)
    assert any(trace.name == "winner texts" for trace in short.data)
    assert not any(trace.name == "winner texts" for trace in long.data)
    assert long.layout.width < 1.1 * WIDEST and len(long.layout.xaxis.tickvals) <= 130
    assert sum(len(trace.x) for trace in long.data if trace.name == "winner") == 500
