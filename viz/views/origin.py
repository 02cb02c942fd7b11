"""Where does this word come from? Five methods side by side, honest about where they disagree."""

from __future__ import annotations

from collections import Counter
from functools import partial

import streamlit as st
import torch
from torch import Tensor

from model.analysis import origin as analysis_origin
from model.analysis.knockout import losses, occlusions
from model.analysis.reader import AnyReader
from model.analysis.words import join_pieces, word_groups
from model.trace.anatomy import Anatomy
from model.trace.trace import Trace
from viz.charts import agreement_heatmap, origin_bars
from viz.charts.parts.words import content, joined_labels
from viz.page import needs, reruns
from viz.page.chips import token_cell
from viz.page.choices import plain
from viz.page.params import choice
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, plot
from viz.page.parts.pickers import pick_labels, pick_one
from viz.page.parts.tags import scroller, table, tag
from viz.page.scene import Scene, View
from viz.page.store import tied
from viz.reading import cross_off
from viz.takeaway.expressions import call
from viz.theme import LONGEST_LABEL, cut, language_code, quoted

LONGEST_WORD = 24  # letters in the title: an untrained model writes words without an end
NOTHING = 1e-4  # shares or nats: below this a method found nothing, but rounding
ALONE = "Self-attention"  # in place of cross-attention, in a model of one stack
METHODS = {  # what the numbers of each method are
    "Cross-attention": "mean weight",
    ALONE: "mean weight",
    "Value-weighted": "share of |α v W_O|",
    "Rollout": "share through all layers",
    "Gradient × input": "nats, first order",
    "Occlusion": "nats lost without it",
}
NEEDS = {  # what each asks of a model beside its attention
    "Value-weighted": ("values", "parameters"), "Gradient × input": ("gradients",), "Occlusion": ("passes", "cut", "loss"),
}  # fmt: skip
SLUGS = dict(zip(("attention", "self", "value", "rollout", "gradient", "occlusion"), METHODS, strict=True))  # in the address
CAUTION = (
    "Attention is not explanation (Jain and Wallace 2019; Wiegreffe and Pinter 2019): a weight says where a head looked, not what the "
    "model did with it. The first three methods follow attention; the last two ask what changes the probability of the word. "
    "Occlusion alone really runs the model without the word, and a sentence with a hole is one that it was never trained on."
)


def draw(scene: Scene) -> None:
    """Choose a target word; bars for every method, their agreement, and where they disagree in words."""
    trace = scene.trace
    groups, words = word_groups(trace.labels), scene.value(join_pieces, trace.source)
    at = _choose(scene, groups)
    rows = groups[at]
    scores = scene.picture("origin-scores", partial(_attention_scores, trace, scene.translator, rows), at)
    for method, build in _calls(trace, scene.translator, rows).items():
        scene.noted(scores[method], build)
    scores["Occlusion"] = _occlusion(scene, rows)
    scores = {method: score for method, score in scores.items() if score is not None}
    label = joined_labels(join_pieces(trace.labels))[at]
    word = quoted(cut(label, LONGEST_LABEL if scene.narrow else LONGEST_WORD))
    panels = _one_method(scene, scores) if scene.narrow else scores
    with card("origin", f"Where does {word} come from?", test="origin-title"):
        caption_line("One row a source word, one panel a method, each with its own scale; its strongest word in full colour.")
        if trace.anatomy.across and (note := cross_off(trace)):
            caption_line(note)
        bars = scene.picture(
            "origin-bars", partial(origin_bars, words, panels, METHODS, scene.colours, scene.on_wall), at, tuple(panels)
        )
        plot(bars, "origin-bars")
    left, right = st.columns([1, 1.15], gap="medium")
    stack = scene.value(torch.stack, list(scores.values()))
    agreement = scene.noted(analysis_origin.rank_agreement(stack.cpu()), analysis_origin.rank_agreement, stack)
    with left, card("agreement", "How far they agree"):
        build = partial(agreement_heatmap, agreement, list(scores), scene.colours)
        figure = scene.picture("agreement", build, at, tuple(scores))
        plot(figure, "origin-agreement")
    with right, card("verdict", "What they say"):
        st.html(_verdict(scores, trace))
        caption_line(CAUTION if len(scores) == len(METHODS) - 1 else CAUTION.split(". ")[0] + ".")
        for method in METHODS:
            if why := lacking(trace.anatomy, method):
                caption_line(plain(f"{method} is not among them. {why}"))


def _one_method(scene: Scene, scores: dict[str, Tensor]) -> dict[str, Tensor]:
    """On a phone: the method that the reader chooses, alone."""
    names = {slug: name for slug, name in SLUGS.items() if name in scores}
    slug = scene.settings.origin_method if scene.settings.origin_method in names else next(iter(names))
    slug = st.pills(
        "Method", list(names), format_func=names.__getitem__, required=True, label_visibility="collapsed",
        **tied(key="origin-method", value=slug, take=lambda slug: {"origin_method": slug}, options=True),
    )  # fmt: skip
    return {names[slug]: scores[names[slug]]}


def _attention_scores(trace: Trace, translator: AnyReader, rows: range) -> dict[str, Tensor | None]:
    """All methods but occlusion, (source word,) each."""
    return {method: build() for method, build in _calls(trace, translator, rows).items()}


def _calls(trace: Trace, translator: AnyReader, rows: range) -> dict[str, partial[Tensor]]:
    """How each of them is computed, of those that the model can answer."""
    anatomy = trace.anatomy
    calls = {"Cross-attention" if anatomy.across else ALONE: partial(analysis_origin.raw_attention, trace, rows)}
    if not lacking(anatomy, "Value-weighted"):
        calls["Value-weighted"] = partial(analysis_origin.value_weighted_attention, trace, translator.weights, rows)
    if not lacking(anatomy, "Rollout"):
        calls["Rollout"] = partial(analysis_origin.rolled_attention, trace, rows)
    if not lacking(anatomy, "Gradient × input"):
        calls["Gradient × input"] = partial(analysis_origin.gradient_times_input, trace, translator.passes, rows)
    return calls


def lacking(anatomy: Anatomy, method: str) -> str:
    """Why a model cannot answer by a method, as a sentence; empty where it can."""
    if method == "Rollout" and anatomy.across:
        bridge = anatomy.bridge()
        both = anatomy.self_kind(bridge.asks) and anatomy.self_kind(bridge.answers)
        return "" if both else "Its tokens do not attend to tokens of their own sentence."
    return " ".join(filter(None, (needs.lacks(anatomy, need) for need in NEEDS.get(method, ()))))


def _occlusion(scene: Scene, rows: range) -> Tensor | None:
    """Loss of log-probability without each word, (source word,); None where that takes long and the reader has not asked for it."""
    if lacking(scene.trace.anatomy, "Occlusion"):
        return None
    without = reruns.label_log_probabilities(scene, occlusions(scene.trace))
    if without is None:
        return None
    trace = scene.trace
    scene.noted(without, scene.translator.passes.label_log_probabilities, trace, call(occlusions, trace))
    of_rows = scene.part(scene.value(losses, trace, without), slice(None), slice(rows.start, rows.stop))
    return scene.value(Tensor.sum, of_rows, dim=1)


def _choose(scene: Scene, groups: list[range]) -> int:
    """The target word, by clicking it; the row of its first piece goes into the URL. At first: the longest word."""
    labels = scene.trace.labels
    words = join_pieces(labels)
    row = scene.settings.row
    at = next((index for index, group in enumerate(groups) if row is not None and row in group), None)
    if at is None:
        contents, names = content(words), joined_labels(words)
        at = max(range(len(groups)), key=lambda index: (contents[index], len(names[index])))
    pick_one(
        f"{scene.wording.target} word" if _has_two_texts(scene) else "Word",
        pick_labels(words),
        at,
        "origin-word",
        lambda word: {"row": groups[word].start},
        shows_label=False,
    )
    return at


def _has_two_texts(scene: Scene) -> bool:
    """Whether the words that are chosen stand in another text than those that they come from."""
    return len(scene.trace.anatomy.stacks) > 1


def _none(score: Tensor) -> str:
    """What stands where a method names no word."""
    return "none: all are 0" if float(score.abs().max()) <= NOTHING else "none: all speak against it"


def _verdict(scores: dict[str, Tensor], trace: Trace) -> str:
    """Which source word speaks most for the target word by each method, and whether they agree. A number below 0 speaks against
    it and never comes first. All text is escaped."""
    words = joined_labels(join_pieces(trace.source))
    first = {method: int(score.argmax()) if float(score.max()) > NOTHING else None for method, score in scores.items()}
    rows = [
        (
            method,
            _none(scores[method]) if at is None else token_cell(words[at], lang=language_code(trace.anatomy.stacks[0].language)),
        )
        for method, at in first.items()
    ]
    silent = all(float(score.abs().max()) <= NOTHING for score in scores.values())
    counts = Counter(at for at in first.values() if at is not None).most_common()
    if silent:
        verdict = f"All {len(scores)} methods say the same: this word takes nothing from the source."
    elif not counts:
        verdict = "No method finds a word that speaks for this one."
    elif len(counts) == 1 and counts[0][1] == len(first):
        verdict = f"All {len(first)} methods put {quoted(words[counts[0][0]])} first."
    else:
        parts = [f"{quoted(words[at])} comes first for {count}" for at, count in counts]
        nothing = len(first) - sum(count for _, count in counts)
        parts += [f"no word speaks for it by {nothing}"] if nothing else []
        verdict = "They disagree: " + ", ".join(parts) + "."
    sentence = tag("p", verdict, class_="head-sentence", data_testid="origin-verdict")
    return sentence + scroller(
        "Strongest source word by method", table(("method", "strongest source word"), rows), class_="strongest"
    )


VIEW = View(
    "origin",
    "Where from",
    "Choose a French word to see which English words it comes from, by five methods that do not always agree. Look for words that "
    "get much attention but that the translation would not miss, and for the other way round.",
    draw,
    group="Say",
    rank=2,
    part="bridge",
    needs={"weights", "logits", "loss"},
    params=(choice("origin_method", tuple(SLUGS), "attention", "on a phone: the method whose bars are drawn"),),
    tokens=("origin-word",),
    languages={"origin-word": "fr"},
    general="Choose a word that the model is to say and see which words of the text it comes from, by methods that do not always agree. Look for "
    "words that get much attention but that would not be missed, and for the other way round.",
)
