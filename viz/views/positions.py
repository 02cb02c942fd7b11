"""Positions: what tells the model where a token stands; a laboratory of what follows; sinusoidal beside learned."""

from __future__ import annotations

import html
from functools import partial

import streamlit as st
from torch import Tensor

from model.analysis import attention as analysis
from model.analysis.permutation import Permuted, compare_orders, moved, next_order, reordered, shuffled_words, with_and_without
from model.analysis.reader import AnyReader
from model.analysis.words import word_groups
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.transformer.config import Config
from viz import reading
from viz.charts import (
    added_norms,
    dot_products,
    encoding_heatmap,
    encoding_waves,
    order_differences,
    position_similarity,
    spectrum_chart,
    wavelength_chart,
)
from viz.page import chips, engine, needs, store
from viz.page.caches import cached, picture
from viz.page.choices import plain
from viz.page.params import choice, count
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, figure_sheet, plot
from viz.page.parts.pickers import choose_part
from viz.page.parts.sides import choose_side
from viz.page.scene import Scene, View
from viz.page.shared import SCALES
from viz.page.store import tied
from viz.page.wording import translates
from viz.theme import small

FEWEST = 64  # positions in the charts of the encoding itself, however short the sentence
SPECTRUM = 128  # positions of the spectrum
PART_TITLES = {"encoding": "Encoding", "laboratory": "Laboratory", "learned": "Sinusoidal and learned"}
PARAMS = (
    choice("position_part", tuple(PART_TITLES), "encoding", "which part is open"),
    count("order", 1, 9999, 1, "which shuffled order of the words the bag-of-words experiment takes", is_walked=False),
)


def draw(scene: Scene) -> None:
    """The encoding itself, the laboratory, or two kinds of encoding side by side."""
    parts = [part for part in PART_TITLES if part != "learned" or _other(scene)]
    if scene.settings.position_part not in parts:
        scene.choose(position_part=parts[0])
    with st.container(horizontal=True, gap="medium"):
        choose_part("Part", {part: PART_TITLES[part] for part in parts}, "position_part", "positions-part")
        side = choose_side(scene.trace.anatomy, "positions-side")
    {"encoding": _encoding, "laboratory": _laboratory, "learned": _learned}[scene.settings.position_part](scene, side)


def _table(scene: Scene, side: str, least: int = FEWEST) -> Tensor:
    """The encoding of at least so many positions, as the model was trained with it."""
    length = min(max(least, len(scene.trace.positions[side])), scene.trace.anatomy.longest)
    return scene.value(scene.translator.weights.positions, side, length)


def _encoding(scene: Scene, side: str) -> None:
    """The encoding itself, and how long what it adds to this sentence is beside the tokens' own part."""
    encoding = _table(scene, side)
    left, right = st.columns(2, gap="medium")
    key = scene.translator, side, len(encoding), scene.colours.name  # the encoding knows no sentence
    for column, chart in ((left, encoding_heatmap), (left, position_similarity), (right, encoding_waves)):
        with column:
            build = partial(chart, encoding, colours=scene.colours)
            _chart(scene.noted(picture(chart.__name__, *key, build=build), build), chart.__name__)
    with right:
        _chart(scene.picture("added-norms", partial(added_norms, scene.trace, side, scene.colours), side), "added-norms")


def _chart(figure: object, name: str, title: str = "", caption: str = "") -> None:
    with card(name, title, caption):
        plot(figure, f"positions-{name}", tools=not title)


# -- the laboratory -------------------------------------------------------------------------------------------------------


def _laboratory(scene: Scene, side: str) -> None:
    """Wavelengths, dot products, a louder or quieter encoding, and the bag of words."""
    anatomy, tokens = scene.trace.anatomy, len(scene.trace.positions[side])
    encoding = _table(scene, side)
    left, right = st.columns(2, gap="medium")
    with left:
        if anatomy.positions == "sinusoidal":
            build = partial(wavelength_chart, anatomy.d_model, tokens, anatomy.longest, scene.colours)
            slow = int((analysis.wavelengths(anatomy.d_model) > tokens).sum())
            caption = (
                "Fast pairs tell neighbours apart, slow ones the beginning from the end. "
                f"Grey: less than one turn in this sentence ({slow} of {anatomy.d_model // 2} pairs)."
            )
            _chart(scene.picture("wavelengths", build, side), "wavelengths", "How fast each pair of dimensions turns", caption)
        elif anatomy.positions == "learned":
            build = partial(spectrum_chart, {"learned": _table(scene, side, SPECTRUM)}, scene.colours)
            caption = "A learned encoding has no formula; its Fourier transform says at which pace it changes."
            _chart(scene.picture("spectrum", build, side), "wavelengths", "At which pace the learned encoding changes", caption)
        else:
            st.info("This model was trained without positions: it adds nothing, so there is nothing to turn or to compare.")
        build = partial(added_norms, scene.trace, side, scene.colours)
        with card("louder", "How loud positions are beside the tokens"):
            above = " What the model now says stands above." if scene.translates else ""
            which = f"{scene.wording.source} and {scene.wording.target} token" if translates(anatomy) else "token"
            caption_line(f"A factor on what is added to every {which}.{above}")
            st.slider("Positions ×", *SCALES, step=0.25, **tied("position_scale", "positions-scale"))
            plot(scene.picture("added-norms", build, side), "positions-louder")
    with right:
        if anatomy.positions != "none":
            caption = (
                "If the lines lie on each other, the product depends on the distance alone: a head can learn “three to the left”."
            )
            caption += " For sinusoids it is Σ cos(k · 10000^(−2i/d))." if anatomy.positions == "sinusoidal" else ""
            build = partial(dot_products, encoding, scene.colours)
            _chart(scene.picture("dots", build, side), "dots", "Dot product of two positions by their distance", caption)
            build = partial(position_similarity, encoding, colours=scene.colours)
            _chart(scene.picture("alike", build, side), "alike", "How alike two positions are")
    if needs.obeyed(anatomy, "source_positions"):
        _bag_of_words(scene)


@cached
def _compared(translator: AnyReader, source: Tokens, order: list[int], change: Intervention) -> Permuted:
    return compare_orders(translator.passes, source, order, change)


@cached
def _translated(translator: AnyReader, source: Tokens, change: Intervention) -> Tokens:
    """What the decoder says to a reordered sentence."""
    return translator.written(source, change)


def _bag_of_words(scene: Scene) -> None:
    """The same words in another order: what the encoder makes of them with positions and without."""
    source = scene.trace.source
    words = [group for group in word_groups(source) if not source.special[group.start]]
    with card("bag", "A bag of words: the same words in another order"):
        if len({tuple(source.ids[group.start : group.stop]) for group in words}) < 2:
            st.info("There is nothing to put into another order here. Type a sentence of two different words or more.")
            return
        order = shuffled_words(source, scene.settings.order)
        other = reordered(source, order)
        row = partial(chips.row, lang=scene.wording.codes[0])
        st.html(chips.block([row("first-order", "As typed", source), row("other-order", "Another order", other)]))
        following = next_order(source, scene.settings.order)
        only = following == scene.settings.order
        st.button(
            "Another order", key="positions-order", on_click=store.write, kwargs={"order": following}, disabled=only,
            help="These words have only one other order." if only else None,
        )  # fmt: skip
        change = scene.settings.change
        call = partial(compare_orders, scene.translator.passes, source, order, change)
        states = scene.noted(_compared(scene.translator, source, order, change), call)
        build = partial(order_differences, states, source, scene.colours)
        plot(scene.picture("orders", build, scene.settings.order), "positions-orders")
        st.html(f'<p class="head-sentence" data-testid="bag-verdict">{html.escape(_verdict(scene, states, other, order))}</p>')
        caption_line(
            "Every token's last encoder state, compared with the state of the same token in the other order: the largest difference over "
            f"its dimensions. {reading.order_counts(scene.settings.change)}"
        )


def _verdict(scene: Scene, states: Permuted, other: Tokens, order: list[int]) -> str:
    """The largest differences, what is changed in the model, and whether the decoder notices."""
    change = scene.settings.change
    on, off = with_and_without(change)
    sentence = (
        f"Without positions the states of the two orders differ by at most {small(float(states.without_positions.max()))}; "
    )
    largest, size = float(states.with_positions.max()), float(states.scale.median())
    if scene.trace.anatomy.positions == "none":
        sentence += f"this model was trained without them, so “with positions” is the same ({small(largest)}). "
    elif on.position_scale == 0:
        sentence += f"positions × 0 add nothing, so “with positions” is the same ({small(largest)}). "
    else:
        edit = "" if on.source_positions == "trained" else f" ({on.source_positions})"
        edit += "" if on.position_scale == 1 else f" × {on.position_scale:g}"
        sentence += f"with positions{edit} by up to {small(largest)}, in states whose largest numbers are around {small(size)}. "
    if change.window is not None:
        sentence += f"Attention within ±{change.window} depends on who stands near whom, so order counts even without positions. "
    if not translates(scene.trace.anatomy):
        return sentence.strip()
    first = engine.translate(scene.translator, scene.source, off)
    second = _translated(scene.translator, other, moved(off, scene.trace.anatomy, order))
    if first.ids == second.ids:
        return sentence + f"Read without positions, both orders get the same translation: {_text(second)}."
    return sentence + f"Read without positions, they get different translations: {_text(first)} and {_text(second)}."


def _text(labels: Tokens) -> str:
    """A translation in a sentence; one that ends at once says so."""
    return f"“{labels.text}”" if len(labels) > 1 else "nothing but </s>"


# -- sinusoidal and learned -----------------------------------------------------------------------------------------------


def _other(scene: Scene) -> str | None:
    """A checkpoint of the family with the other kind of encoding; None for a model without positions, or with no such relative."""
    other = {"sinusoidal": "learned", "learned": "sinusoidal"}.get(scene.trace.anatomy.positions)
    return next((name for name, positions in engine.relatives(scene.translator).items() if positions == other), None)


def _learned(scene: Scene, side: str) -> None:
    """The formula at the left, what training found at the right: tables, similarity, spectrum."""
    other, fault = engine.relative(scene.translator, _other(scene))
    if fault:
        st.warning(plain(fault))
        return
    tables = {}
    for translator in (scene.translator, other):
        tables[translator.model.config.positions] = translator.weights.positions(side, SPECTRUM)
    key = scene.translator, other, side, scene.colours.name
    for column, name in zip(st.columns(2, gap="medium"), ("sinusoidal", "learned"), strict=True):
        with column:
            for chart in (encoding_heatmap, position_similarity):
                build = partial(chart, tables[name], colours=scene.colours)
                title = f"{name.capitalize()}: {'the encoding' if chart is encoding_heatmap else 'how alike two positions are'}"
                _chart(picture(chart.__name__, *key, name, build=build), f"{chart.__name__}-{name}", title)
    build = partial(spectrum_chart, {name: tables[name] for name in ("sinusoidal", "learned")}, scene.colours)
    caption = (
        f"Fourier transform over the first {SPECTRUM} positions, mean over dimensions. Sentences in training had hardly more than 40 tokens, "
        "so learned positions beyond are what chance gave them; look where the learned table turns to noise."
    )
    _chart(picture("spectrum", *key, build=build), "spectrum", "At which pace they change", caption)


VIEW = View(
    "positions",
    "Positions",
    reading.positions_view(Config().anatomy()),
    draw,
    group="Read",
    part="positions",
    says=lambda scene: reading.positions_view(scene.trace.anatomy),
    needs={"positions", "parameters", "passes"},
    paper=lambda scene: figure_sheet(encoding_heatmap(_table(scene, scene.settings.side), colours=scene.colours)),
    params=PARAMS,
)
