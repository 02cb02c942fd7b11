"""Knock-out: every head, layer or source word taken away in turn, and what that does to what the model says."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.analysis.knockout import Effects, KnockOut, compare, every_head, every_layer, every_word, knock_out
from model.analysis.words import join_pieces, word_groups
from model.trace.trace import Trace
from viz.canvas import Click, plot_clicks
from viz.charts import knockout_bars, knockout_map
from viz.charts.knockout import FLAT, WHOLE, head_words, layer_words
from viz.charts.parts.words import LONG, joined_labels
from viz.page import reruns, store
from viz.page.params import choice, place
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, figure_sheet, plot
from viz.page.parts.pickers import choose_part, pick_labels, pick_one
from viz.page.scene import Scene, View
from viz.page.shared import tokens
from viz.page.wording import translates
from viz.takeaway import Sheet
from viz.takeaway.expressions import call
from viz.theme import number, quoted

PART_TITLES = {"heads": "Heads", "layers": "Whole layers", "words": "Source words"}
PARAMS = (
    choice("knockout_part", tuple(PART_TITLES), "heads", "what is taken away in turn"),
    place("knockout_word", tokens, None, "the target word whose log-probability counts; at first the whole sentence"),
)
SENTENCE = -1  # the choice of the whole sentence
HOW = (
    "× marks what is off already, with what that has changed. "
    "log p is summed over pieces; {rows} The model reads {text} as it is (teacher forcing), "
    "however unlikely it becomes. One thing is taken away at a time, so heads that can stand in for each other look useless here."
)


@dataclass(frozen=True, eq=False)
class Part:
    """One sort of things to take away."""

    places: list  # (kind, layer, head), (kind, layer), or the place of a source word
    knock_outs: list[KnockOut]
    names: list[str]  # each in words: Without ...
    click: str  # what a click does


def draw(scene: Scene) -> None:
    """Choose what is taken away and which word counts; a click takes one away for good, or gives it back."""
    with st.container(horizontal=True, key="knockout-choice", vertical_alignment="center"):
        part_name = choose_part("Take away", PART_TITLES, "knockout_part", "knockout-part")
        rows, target = _choose(scene)
    part = _part(scene.trace, part_name)
    with card("knockout", _title(scene, part_name, target), test="knockout-title"):
        effects = _effects(scene, part, part_name)
        if effects is None:
            return
        build = partial(_figure, scene, part, part_name, effects, rows, target)
        figure = scene.picture("knockout", build, part_name, rows.start, rows.stop)
        plot(scene.noted(figure, _again(scene, part_name, rows, target)), f"knockout-{part_name}")
        st.html(
            f'<p class="head-sentence" data-testid="knockout-verdict">{html.escape(_verdict(effects, part, rows, target))}</p>'
        )
        caption_line(f"{part.click} {_how(scene)}")

    def clicked(click: Click) -> None:
        at = part.places.index((click.name, click.row, click.column)) if part_name == "heads" else click.value
        store.write(change=part.knock_outs[at].switched(store.state().change))

    plot_clicks(["card-knockout"], key="plot-clicks", on_click=clicked)


def _part(trace: Trace, name: str) -> Part:
    """Everything that is taken away in turn."""
    if name == "heads":
        heads = every_head(trace.anatomy)
        click = "Click a head to switch it off for good, and again to switch it on."
        return Part(list(heads), list(heads.values()), [head_words(*place) for place in heads], click)
    if name == "layers":
        layers = every_layer(trace.anatomy)
        click = "Click a bar to switch off all heads of its layer for good, and again to switch them on."
        return Part(list(layers), list(layers.values()), [f"all heads of {layer_words(*place)}" for place in layers], click)
    words = every_word(trace.anatomy, trace.source)
    names = [quoted(word) for word in joined_labels(join_pieces(trace.source))]
    click = "Click a bar to hide its word from everyone for good (all its links are cut), and again to show it."
    return Part(list(words), list(words.values()), names, click)


def _how(scene: Scene) -> str:
    """What the numbers are of."""
    if scene.trace.anatomy.predicting.predicts == "same":
        return HOW.format(rows="row t says the piece at its own place.", text="this text")
    one = len(scene.trace.anatomy.stacks) == 1
    rows = f"{'row' if one else 'decoder row'} t produces labels[t]."
    return HOW.format(rows=rows, text="this text" if one else f"this {scene.wording.output}")


def _title(scene: Scene, part_name: str, target: str) -> str:
    word = f"one {scene.wording.source} word" if translates(scene.trace.anatomy) else "one word"
    what = {"heads": "any one head", "layers": "all heads of one layer", "words": word}[part_name]
    return f"What happens to {target} without {what}"


def _choose(scene: Scene) -> tuple[range, str]:
    """The target word whose log p counts, or the whole sentence: its decoder rows, and what it is called."""
    labels, groups = scene.trace.labels, word_groups(scene.trace.labels)
    pieces, word = join_pieces(labels), scene.settings.knockout_word
    word = SENTENCE if word is None or word >= len(groups) else word
    names = {SENTENCE: WHOLE} | pick_labels(pieces)
    pick_one("log p of", names, word, "knockout-word", lambda at: {"knockout_word": None if at == SENTENCE else at}, most=LONG + 1,
             buttons_width="stretch", shows_label=False)  # fmt: skip
    if word == SENTENCE:
        return range(len(labels)), WHOLE
    return groups[word], quoted(joined_labels(pieces)[word])


def _effects(scene: Scene, part: Part, part_name: str) -> Effects | None:
    """What taking away each of the part does; None where that takes long and the reader has not asked for it."""
    changes = [one.switched(scene.trace.intervention) for one in part.knock_outs]
    switched = reruns.label_log_probabilities(scene, changes)
    return None if switched is None else compare(scene.trace, part.knock_outs, switched)


def _figure(scene: Scene, part: Part, part_name: str, effects: Effects, rows: range, target: str) -> go.Figure:
    if part_name == "heads":
        return knockout_map(effects, part.places, rows, target, scene.colours, scene.narrow)
    places = join_pieces(scene.trace.source) if part_name == "words" else part.places
    return knockout_bars(effects, places, rows, target, scene.colours, scene.narrow)


def _again(scene: Scene, part_name: str, rows: range, target: str) -> Callable:
    """The figure as it is made without the page."""
    trace = scene.trace
    if part_name == "words":
        everything = call(every_word, trace.anatomy, trace.source)
    else:
        everything = call(every_head if part_name == "heads" else every_layer, trace.anatomy)
    effects = call(knock_out, trace, scene.translator.passes, call(list, call(dict.values, everything)))
    chart = knockout_map if part_name == "heads" else knockout_bars
    places = call(join_pieces, trace.source) if part_name == "words" else call(list, everything)
    return partial(chart, effects, places, rows, target, scene.colours, scene.narrow)


def _verdict(effects: Effects, part: Part, rows: range, target: str) -> str:
    """Which of them hurts most when it is missing, and which helps most."""
    change = effects.change(rows)
    worst, best = int(change.argmin()), int(change.argmax())
    intact, without = effects.over(rows)

    def ends(at: int) -> str:
        return f"{number(abs(float(change[at])))} nats, from {number(float(intact[at]))} to {number(float(without[at]))}"

    if float(change[worst]) > -FLAT:
        text = f"Nothing here is needed: no single one, taken away, makes log p of {target} fall."
    else:
        text = f"log p of {target} falls most without {part.names[worst]}: by {ends(worst)}."
    if float(change[best]) < FLAT:
        return f"{text} Nothing makes it rise."
    return f"{text} It rises most without {part.names[best]}: by {ends(best)}."


def _on_paper(scene: Scene) -> Sheet:
    """The whole sentence without each layer's heads."""
    layers = every_layer(scene.trace.anatomy)
    effects = knock_out(scene.trace, scene.translator.passes, list(layers.values()))
    rows = range(len(scene.trace.labels))
    return figure_sheet(knockout_bars(effects, list(layers), rows, WHOLE, scene.colours))


VIEW = View(
    "knockout",
    "Knock-out",
    "Every head is switched off in turn; its colour is what that does to the log-probability of the translation. Look for the "
    "few heads that one word hangs on, and for the many that nobody misses.",
    draw,
    group="Experiment",
    part="heads",
    needs={"heads_off", "cut", "loss", "passes"},
    general="Every head is switched off in turn; its colour is what that does to the log-probability of what the model is to say. Look for "
    "the few heads that one word hangs on, and for the many that nobody misses.",
    paper=_on_paper,
    params=PARAMS,
    tokens=("knockout-word",),
    languages={"knockout-word": "fr"},
)
