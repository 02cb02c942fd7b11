"""Beam search as a tree: which beginnings were kept, where they part, and which translation wins."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import plotly.graph_objects as go

from model.analysis.decoding import BeamTree, Hypothesis
from model.trace.byte_pieces import spelled_text
from model.trace.tokens import SENTENCEPIECE
from viz.charts.parts.matrix import GLYPH
from viz.theme import (
    LABEL_SIZE,
    LIGHT,
    MONO,
    Palette,
    byte_note,
    markup,
    mix,
    number,
    plotly_axis,
    plotly_layout,
    quoted,
    token_label,
)

LANE, GUTTER = 40, 26  # px: height of a lane, width of the slanted lines between two steps
SCORE = 74  # px: room for the score behind a hypothesis that ended
TOP, LEFT, BOTTOM = 34, 12, 12  # px around the tree
WIDEST = 12_000  # px: a tree that would be wider loses its texts, and the hover tells
NARROWEST = 6  # px: a step of the longest trees
LONGEST_HYPOTHESIS = 60  # characters of a hypothesis in the hover
ROLES = ("pruned", "finished", "winner")  # the later ones lie on top


@dataclass
class Run:
    """Hypotheses that follow each other without another one parting from them: one line with one text."""

    members: list[int]  # indices in the tree, in order
    parent: int  # index of the run that it parts from; -1 for one that starts the sentence
    role: str  # one of ROLES: finished if some continuation of it ended
    left: float = 0.0  # px
    right: float = 0.0
    lane: int = 0


@dataclass(frozen=True, eq=False)
class Columns:
    """Where the steps stand, px from the left."""

    edges: list[float]  # left edge of every step, and of the end
    texts: list[float]  # where the text of each step starts; behind room for slopes where some run starts
    readable: bool  # whether there is room for texts


def hypotheses_tree(tree: BeamTree, piece: Callable[[int], str], colours: Palette = LIGHT) -> go.Figure:
    """Every hypothesis that beam search kept, read from left to right: one column a step, one line a run without a branching.

    The winner runs along the top in full colour; those that ended carry their length-normalised score; those that better ones
    pushed out are soft. piece: names a piece by its id. Trees of more than some hundred steps have no texts; the hover has.
    """
    labels = [token_label(piece(one.piece)) for one in tree.hypotheses]
    runs = split_runs(tree)
    columns = _columns(tree, labels, runs)
    place_runs(tree, runs, columns)
    parts = [_lines(runs, columns, role, colours) for role in ROLES]
    parts += [_dots(tree, piece, labels, runs, columns, role, colours) for role in ROLES]
    if columns.readable:
        parts += [_texts(tree, labels, runs, columns, role, colours) for role in ROLES]
    parts.append(_scores(tree, runs, colours))
    return go.Figure(parts, _layout(runs, columns, colours))


def _columns(tree: BeamTree, labels: list[str], runs: list[Run]) -> Columns:
    """Each step as wide as its longest piece."""
    widest: dict[int, int] = defaultdict(int)
    for one, label in zip(tree.hypotheses, labels, strict=True):
        widest[one.step] = max(widest[one.step], len(label))
    parting = {tree.hypotheses[run.members[0]].step for run in runs}
    gutters: list[float] = [GUTTER if step in parting else 0 for step in range(len(widest))]
    sizes = [gutter + (widest[step] + 1) * GLYPH * LABEL_SIZE for step, gutter in enumerate(gutters)]
    readable = sum(sizes) <= WIDEST
    if not readable:
        sizes = [max(NARROWEST, WIDEST / len(sizes))] * len(sizes)
        gutters = [size / 2 for size in sizes]
    edges = list(accumulate(sizes, initial=0.0))
    return Columns(edges, [edge + gutter for edge, gutter in zip(edges, gutters, strict=False)], readable)


def split_runs(tree: BeamTree) -> list[Run]:
    """The hypotheses as runs; every one is in exactly one, and a run ends where several go on or none does."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for index, one in enumerate(tree.hypotheses):
        children[one.parent].append(index)
    reaching = {at for index in tree.ended for at in tree.path(index)}
    winning = set(tree.path(tree.winner))
    runs: list[Run] = []
    run_of: dict[int | None, int] = {}
    for index, one in enumerate(tree.hypotheses):
        if one.parent is not None and len(children[one.parent]) == 1:
            continue  # inside a run
        members = [index]
        while len(children[members[-1]]) == 1:
            members += children[members[-1]]
        role = "winner" if index in winning else "finished" if index in reaching else "pruned"
        run_of |= dict.fromkeys(members, len(runs))
        runs.append(Run(members, run_of.get(one.parent, -1), role))
    return runs


def place_runs(tree: BeamTree, runs: list[Run], columns: Columns) -> None:
    """Give the runs their places: the winner lane 0; every other a free lane, as near as can be to what it parts from."""
    free = [math.inf]  # px from which on each lane is free; the first one is the winner's

    def first(run: Run) -> Hypothesis:
        return tree.hypotheses[run.members[0]]

    for run in sorted(runs, key=lambda run: (first(run).step, -first(run).log_probability)):
        last = tree.hypotheses[run.members[-1]]
        run.left, run.right = columns.edges[first(run).step], columns.edges[last.step + 1]
        if run.role == "winner":
            continue
        parent_lane = runs[run.parent].lane if run.parent >= 0 else 0
        lanes = [lane for lane, since in enumerate(free) if since <= run.left] + [len(free)]
        run.lane = min(lanes, key=lambda lane: abs(lane - parent_lane))
        if run.lane == len(free):
            free.append(0.0)
        free[run.lane] = run.right + (SCORE if last.normalised is not None else 0)


def _lines(runs: list[Run], columns: Columns, role: str, colours: Palette) -> go.Scatter:
    """The line of every run, and the slope to where it parts from another, or from <s>."""
    text_of = dict(zip(columns.edges, columns.texts, strict=False))
    xs: list[float | None] = []
    ys: list[float | None] = []
    for run in runs:
        if run.role != role:
            continue
        start, end, gutter = runs[run.parent].lane if run.parent >= 0 else 0, run.lane, text_of[run.left] - run.left
        for share in (0, 0.15, 0.3, 0.5, 0.7, 0.85, 1):
            xs.append(run.left + gutter * share)
            ys.append((start + (end - start) * share * share * (3 - 2 * share)) * LANE)
        xs += [run.right, None]
        ys += [end * LANE, None]
    style = {
        "pruned": (mix(colours.card, colours.soft, 0.4), 1.5),
        "finished": (colours.soft, 2),
        "winner": (colours.decoder, 3.5),
    }
    colour, width = style[role]
    return go.Scatter(x=xs, y=ys, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip", name=f"{role} lines")


def _dots(
    tree: BeamTree, piece: Callable[[int], str], labels: list[str], runs: list[Run], columns: Columns, role: str, colours: Palette
) -> go.Scatter:
    """One dot a hypothesis under the middle of its piece, with everything about it in the hover."""
    placed = [(index, run.lane * LANE) for run in runs if run.role == role for index in run.members]
    colour = {"pruned": mix(colours.card, colours.soft, 0.6), "finished": colours.soft, "winner": colours.decoder}[role]
    half = GLYPH * LABEL_SIZE / 2 if columns.readable else 0
    return go.Scatter(
        x=[columns.texts[tree.hypotheses[index].step] + half * len(labels[index]) for index, _ in placed],
        y=[y for _, y in placed],
        mode="markers",
        name=role,
        customdata=[index for index, _ in placed],
        marker={"size": 8 if role == "winner" else 6, "color": colour},
        hovertext=[describe(tree, piece, index) for index, _ in placed],
        hoverinfo="text",
    )


def describe(tree: BeamTree, piece: Callable[[int], str], index: int) -> str:
    """One hypothesis in words, marked up for Plotly: its text, the last piece, log-probability, and what became of it."""
    one = tree.hypotheses[index]
    before = 0.0 if one.parent is None else tree.hypotheses[one.parent].log_probability
    ids = tree.ids(index)
    text = SENTENCEPIECE.text(spelled_text(ids, [piece(id_) for id_ in ids])).strip()
    text = text if len(text) <= LONGEST_HYPOTHESIS else f"… {text[-LONGEST_HYPOTHESIS:]}"
    chance = number(math.exp(one.log_probability - before), 3)
    lines = [
        markup(f"“{text}”"),
        f"step {one.step + 1}: {markup(quoted(piece(one.piece)) + byte_note(piece(one.piece)))} with probability {chance}",
        f"log-probability so far <b>{number(one.log_probability)}</b> nats",
    ]
    if one.normalised is not None:
        wins = ", the best: it wins" if index == tree.winner else ""
        lines.append(f"ended with {len(ids)} pieces: {number(one.normalised)} normalised by length{wins}")
    elif index not in tree.continued:
        at_end = one.step >= tree.hypotheses[-1].step - 1
        lines.append("still open when the search stopped" if at_end else "left here: better hypotheses filled the beam")
    return "<br>".join(lines)


def _texts(tree: BeamTree, labels: list[str], runs: list[Run], columns: Columns, role: str, colours: Palette) -> go.Scatter:
    """The pieces above their lines."""
    placed = [(index, run.lane * LANE) for run in runs if run.role == role for index in run.members]
    colour = {"pruned": colours.soft, "finished": colours.ink, "winner": colours.decoder}[role]
    text = [markup(labels[index]) for index, _ in placed]
    return go.Scatter(
        x=[columns.texts[tree.hypotheses[index].step] - 3 for index, _ in placed],
        y=[y - 4 for _, y in placed],
        mode="text",
        text=[f"<b>{label}</b>" for label in text] if role == "winner" else text,
        textposition="top right",
        cliponaxis=False,
        textfont={"family": MONO, "size": LABEL_SIZE, "color": colour},
        hoverinfo="skip",
        name=f"{role} texts",
    )


def _scores(tree: BeamTree, runs: list[Run], colours: Palette) -> go.Scatter:
    """The normalised scores behind the hypotheses that ended."""
    scores = [(run, tree.hypotheses[run.members[-1]].normalised) for run in runs]
    ended = [(run, score) for run, score in scores if score is not None]
    texts = [f"<b>{number(score)} ✓</b>" if run.role == "winner" else number(score) for run, score in ended]
    return go.Scatter(
        x=[run.right + 6 for run, _ in ended],
        y=[run.lane * LANE for run, _ in ended],
        mode="text",
        text=texts,
        name="scores",
        textposition="middle right",
        hoverinfo="skip",
        cliponaxis=False,
        textfont={"size": LABEL_SIZE, "color": [colours.decoder if run.role == "winner" else colours.ink for run, _ in ended]},
    )


def _layout(runs: list[Run], columns: Columns, colours: Palette) -> dict:
    """Pixels as coordinates, so that texts fit; steps are numbered along the top."""
    wide, lanes, count = columns.edges[-1] + SCORE, 1 + max(run.lane for run in runs), len(columns.texts)
    step = 1 if columns.readable else max(1, count // 100)
    names = [str(at) for at in range(step, count + 1, step)]
    return plotly_layout(
        colours, width=round(wide + LEFT + 8), height=lanes * LANE + TOP + BOTTOM, hovermode="closest",
        margin={"l": LEFT, "r": 8, "t": TOP, "b": BOTTOM},
        xaxis=plotly_axis(colours, range=[0, wide], side="top", tickvals=columns.texts[step - 1 :: step], ticktext=names,
                          fixedrange=True, tickfont={"size": LABEL_SIZE, "color": colours.soft}, automargin=False),
        yaxis=plotly_axis(colours, range=[(lanes - 0.5) * LANE, -0.5 * LANE], showticklabels=False, fixedrange=True,
                          automargin=False),
    )  # fmt: skip
