"""Word by word: the translation as it is made, what if another word had been said, and beam search as a tree."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import partial

import streamlit as st
import torch

from model.analysis.decoding import BeamTree, Forced, WhatIf, beam_tree, continue_greedily, next_pieces
from model.analysis.reader import AnyReader
from model.analysis.words import join_words
from model.instrument.search import length_limits
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.canvas import decoding_numbers, decoding_steps, pack_decoding, step_weights
from viz.charts import hypotheses_tree
from viz.page import address, chips, engine, finished, needs, store
from viz.page.caches import cached, key_of
from viz.page.choices import plain
from viz.page.params import Limits, choice, count, numbers, rows
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, plot
from viz.page.parts.pickers import choose_part
from viz.page.parts.table import as_table
from viz.page.parts.tags import Html, scroller
from viz.page.parts.weights import number_tables
from viz.page.scene import Scene, View, style_beside
from viz.page.store import tied
from viz.takeaway.expressions import call
from viz.theme import number, quoted

PART_TITLES = {"steps": "Step by step", "beam": "Beam search"}
BEAMS = (2, 8)  # hypotheses
FEW = 6  # choices that are listed one by one
UNASKED = {True: 250, False: 80}  # source tokens up to which a beam is searched at once, with and without a cache between steps
FORMULA = (
    "Each step adds the log-probability of one piece, 0 at most, so a longer sentence collects a lower sum. To compare lengths, "
    "the sum is divided by ((5 + number of pieces) ÷ 6) to the power of 0.6, `</s>` counted (Wu et al. 2016). The highest wins."
)


def _choice(entry: str, limits: Limits) -> tuple[int, int]:
    """3.812: step and piece from 1."""
    step, piece = numbers(entry.split("."), (limits.tokens, limits.anatomy.vocabulary))
    return step, piece


PARAMS = (
    choice("decoding_part", tuple(PART_TITLES), "steps", "which part is open"),
    rows("forced", (), _choice, "what if: step.piece that replaces the model's own choice", is_sorted=False),
    count("beam", *BEAMS, 4, "hypotheses kept by beam search"),
)


@dataclass(frozen=True)
class Played:
    """The translation that is played."""

    trace: Trace
    own: Tokens  # what the model says by itself
    choices: Forced  # choices that replaced its own
    is_given: bool  # the translation is not the model's to change: the reader wrote it, or a changed model reads the original's


@cached
def _what_if(translator: AnyReader, source: Tokens, forced: Forced, change: Intervention) -> WhatIf:
    return continue_greedily(translator.model, source.ids, forced, change, translator.donors([change]))


@cached
def _tree(translator: AnyReader, source: Tokens, beam: int, change: Intervention) -> BeamTree:
    with st.spinner("Searching …"):
        return beam_tree(translator.model, source.ids, beam, change, translator.donors([change]))


@cached
def _packed(translator: AnyReader, trace: Trace, head: tuple[int, int], choices: Forced, is_given: bool, words: bool) -> bytes:
    limit = int(length_limits(torch.tensor([trace.source.ids]), translator.model))
    maps = join_words(trace) if words else None
    return pack_decoding(trace, translator.tokenizer.piece, *head, choices, is_given, limit, maps)


def draw(scene: Scene) -> None:
    """One part at a time."""
    part = choose_part("Part", PART_TITLES, "decoding_part", "decoding-part")
    {"steps": _steps, "beam": _beam}[part](scene)


def _played(scene: Scene) -> Played:
    """The translation that is played; what cannot be forced is dropped with a notice that names it."""
    translator, trace, settings = scene.translator, scene.trace, scene.settings
    change = trace.intervention
    own = engine.translate(translator, trace.source, change)
    is_given = bool(settings.target.strip()) or trace.labels.ids != own.ids
    if is_given or not settings.forced:
        return Played(trace, own, (), is_given)
    what_if = _what_if(translator, trace.source, settings.forced, change)
    if what_if.dropped:
        st.warning(plain(_dropped(scene, what_if)))
        scene.choose(forced=what_if.taken)
    labels = translator.tokenizer.with_end(translator.tokenizer.decode(what_if.ids))
    trace = engine.captured(translator, trace.source, labels, change).trace
    return Played(trace, own, what_if.taken, False)


def _dropped(scene: Scene, what_if: WhatIf) -> str:
    """Which choices were left out, and why, in words."""
    named = [f"{quoted(scene.translator.tokenizer.piece(piece))} at step {step + 1}" for step, piece in what_if.dropped[:FEW]]
    more = f" and {len(what_if.dropped) - FEW} more" if len(what_if.dropped) > FEW else ""
    why = f"The translation ends at step {len(what_if.ids) + 1}; a step takes one piece; <pad>, <unk> and <s> are never said."
    return f"Left out: {', '.join(named)}{more}. {why}"


def _steps(scene: Scene) -> None:
    """The player, and what it plays where that is not the model's own translation."""
    played = _played(scene)
    trace = played.trace
    if played.choices:
        _choices(scene, played)
    kind, layer, head = scene.open_head
    if kind != trace.anatomy.bridge().name:
        _, layer, head = scene.suggested_head
    last = len(trace.labels) - 1
    start = played.choices[-1][0] if played.choices else 0
    step = min(last, start if scene.settings.row is None else scene.settings.row)

    def stopped(step: int) -> None:
        store.write(row=step)

    def force(step: int, piece: int) -> None:
        forced = tuple(choice for choice in played.choices if choice[0] < step)
        own = trace.intervention.keeps_earlier_steps and int(next_pieces(trace.logits[step], 1)[1]) == piece
        forced += () if own else ((step, piece),)
        store.write(row=step, forced=forced)

    packed = _packed(scene.translator, trace, (layer, head), played.choices, played.is_given, scene.settings.words)
    limit = int(length_limits(torch.tensor([trace.source.ids]), scene.translator.model))
    maps = call(join_words, trace) if scene.settings.words else None
    piece = scene.translator.tokenizer.piece
    scene.noted(packed, pack_decoding, trace, piece, layer, head, played.choices, played.is_given, limit, maps)
    decoding_steps(packed, key="decoding-player", step=step, greets=address.bare(), on_step=stopped, on_pick=force)
    as_table("decoding", lambda: number_tables(decoding_numbers(packed, step_weights(trace, layer, head))))
    _notes(scene, played)


def _notes(scene: Scene, played: Played) -> None:
    """What the reader should know about this translation: whose it is, what a change does to the numbers."""
    if played.is_given:
        put_aside = " Your what-if choices are put aside meanwhile." if scene.settings.forced else ""
        caption_line(
            f"This translation is given, not chosen by the model: the bars say what it would have said instead.{put_aside}"
        )
    elif not played.choices:
        caption_line("Click another piece than the one that was said: the model says it and goes on from there. What if?")
    if scene.settings.words:
        caption_line("The model decodes pieces, whatever the pictures join: a word is said in as many steps as it has pieces.")
    finished.note(played.trace, not played.is_given and not played.choices and scene.translates)


def _choices(scene: Scene, played: Played) -> None:
    """The choices, each removable, and both translations."""
    rows = [
        chips.row("own", "Model's own", played.own, in_words=scene.settings.words),
        chips.row(
            "what-if",
            "What if",
            played.trace.labels,
            chips.changed(played.own, played.trace.labels),
            in_words=scene.settings.words,
        ),
    ]
    piece = scene.translator.tokenizer.piece
    with card("what-if"):
        with st.container(horizontal=True, key="decoding-choices", vertical_alignment="center"):
            st.html('<span class="changed-note" data-testid="what-if">What if:</span>', width="content")
            for step, id_ in played.choices[:FEW]:
                sentence = f"step {step + 1}: {quoted(piece(id_))}{_instead(played, step, id_, piece)}"
                st.button(
                    f"{plain(sentence)} ✕", key=f"decoding-without-{step}", on_click=_without, args=(step,), help="Take it back"
                )
            if len(played.choices) > 1:
                st.button(f"Take back all {len(played.choices)}", key="decoding-without-all", on_click=_without, args=(None,))
        st.html(chips.block(rows))
        if played.trace.intervention.keeps_earlier_steps:  # else the rows are not what was said step by step
            own, now = (-float(trace.loss.sum()) for trace in (scene.trace, played.trace))
            caption_line(
                f"Log-probability of the model's own translation {number(own)} nats, of this one {number(now)}: "
                "closer to 0 is more probable."
            )


def _instead(played: Played, step: int, id_: int, piece) -> str:
    """What the model would have said there, where the pass over the whole sentence can tell."""
    if not played.trace.intervention.keeps_earlier_steps:
        return ""
    own = int(next_pieces(played.trace.logits[step], 1)[1])
    return ", as the model would" if own == id_ else f" instead of {quoted(piece(own))}"


def _without(step: int | None) -> None:
    """Take one choice back, or all."""
    now = store.state()
    forced = tuple(choice for choice in now.forced if step is not None and choice[0] != step)
    store.write(forced=forced, row=now.row if step is None else step)


def _beam(scene: Scene) -> None:
    """The tree, and the hypotheses that ended."""
    beam = st.slider("Hypotheses kept at every step", *BEAMS, width=320, **tied("beam", "decoding-beam"))
    tree, piece = _searched(scene, beam), scene.translator.tokenizer.piece
    if tree is None:
        return
    change = scene.trace.intervention
    more = {} if change.patch is None else {"donors": call(scene.translator.donors, [change])}
    scene.noted(tree, beam_tree, scene.translator.model, scene.trace.source.ids, beam, change, **more)
    with card("beam", "Which beginnings were kept, and where they part"):
        caption_line(
            f"From left to right, one column a step. At every step only the {beam} most probable beginnings go on. The winner "
            "runs along the top; behind those that ended stands their log-probability, normalised by length, nats."
        )
        with st.container(key="decoding-tree"):
            figure = scene.picture("beam", partial(hypotheses_tree, tree, piece, scene.colours), beam)
            plot(figure, "decoding-beam-tree", width="content")
    with card("ended", "Those that ended"):
        own = engine.translate(scene.translator, scene.source, scene.trace.intervention)
        st.html(_ended(scene, tree, own.ids))
        caption_line(
            FORMULA + (" What-if choices and a translation of your own do not steer this search." if _steered(scene) else "")
        )


def _searched(scene: Scene, beam: int) -> BeamTree | None:
    """The tree; for a long sentence only once the reader asks, since every step reads for all hypotheses."""
    change, tokens = scene.trace.intervention, len(scene.trace.source)
    search = key_of((scene.translator, scene.trace.source, beam, change))
    if tokens > UNASKED[change.keeps_earlier_steps] and st.session_state.get("decoding-asked") != search:
        long = "a while" if change.keeps_earlier_steps else "minutes"
        st.button(
            f"Search {tokens} tokens with {beam} hypotheses: this can take {long}",
            key="decoding-ask", on_click=lambda: st.session_state.update({"decoding-asked": search}),
        )  # fmt: skip
        return None
    return _tree(scene.translator, scene.trace.source, beam, change)


def _steered(scene: Scene) -> bool:
    return bool(scene.settings.forced or scene.settings.target.strip())


def _ended(scene: Scene, tree: BeamTree, greedy: list[int]) -> str:
    """HTML table of the hypotheses that ended, the best first. All text is escaped."""
    rows = []
    for index in tree.ended:
        ids, one = tree.ids(index), tree.hypotheses[index]
        marks = ["wins"] * (index == tree.winner) + ["what greedy decoding says"] * (ids == greedy)
        text = scene.translator.tokenizer.decode(ids[:-1]).text
        numbers = (len(ids), number(one.log_probability, 3), number(one.normalised, 3), ", ".join(marks))
        cells = "".join(f"<td>{cell}</td>" for cell in numbers)
        look = ' class="wins"' if index == tree.winner else ""
        rows.append(f'<tr{look}><td class="said" dir="auto" lang="fr">{html.escape(text) or "(nothing)"}</td>{cells}</tr>')
    titles = ("translation", "pieces, with &lt;/s&gt;", "log-probability (nats)", "normalised by length", "remark")
    head = f"<tr>{''.join(f'<th>{title}</th>' for title in titles)}</tr>"
    missing = ""
    if all(tree.ids(index) != greedy for index in tree.ended):
        missing = "<p>Greedy decoding, which keeps one beginning only, ends in a sentence that is not among these.</p>"
    return scroller(
        "Hypotheses that ended",
        Html(f'<table translate="no">{head}{"".join(rows)}</table>{missing}'),
        class_="beam-ended",
        data_testid="beam-ended",
    )


VIEW = View(
    "decoding",
    "Word by word",
    "The translation is made one piece at a time: each step reads what has been said, looks at the English and gives every piece "
    "a probability. Play it, then click another piece and see how the sentence goes on; look for steps where two compete.",
    draw,
    group="Say",
    part="words",
    shows={"words"},
    needs={"generates", needs.ACROSS, "logits", "search"},
    params=PARAMS,
    style=style_beside(__file__),
    greeting={"words": True},
    tokens=("decoding-choices",),
)
