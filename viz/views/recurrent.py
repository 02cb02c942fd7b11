"""Parallel or recurrent: a transformer beside the recurrent translator that attention was invented for, on the same sentence."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import partial
from typing import cast

import streamlit as st

from model import RecurrentTranslator, load_pretrained
from model.analysis.reader import AnyReader
from model.analysis.sequential import Chain, chain
from model.analysis.two_sentences import axis_counterparts
from model.analysis.words import join_words
from model.instrument.checkpoint import checkpoint_folder
from model.measuring.growth_record import GrowthRecord, load_growth
from model.trace.intervention import Intervention
from model.trace.trace import AttentionMaps, Trace
from viz.canvas import Matrix, attention_matrices, cell_states, pack_matrices
from viz.charts import chain_lines, head_sentence, score_lines, time_lines
from viz.charts.growth import longest, machine
from viz.charts.parts.words import head_title
from viz.page import chips, engine
from viz.page.choices import plain
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, plot
from viz.page.parts.table import as_table
from viz.page.parts.weights import matrix_tables
from viz.page.scene import Scene, View
from viz.takeaway.expressions import call
from viz.theme import number

TITLES = ("Transformer", "Recurrent")
ROWS = ("Parallel", "Recurrent")  # the same in the little room beside their translations


@dataclass(frozen=True, eq=False)
class Pair:
    """Both translators with their passes over the sentence: the transformer first."""

    models: tuple[AnyReader, AnyReader]
    traces: tuple[Trace, Trace]
    maps: tuple[AttentionMaps, AttentionMaps]
    head: tuple[int, int]  # (layer, head) of the transformer's cross-attention

    @property
    def chains(self) -> tuple[Chain, Chain]:
        """What of each pass must wait."""
        lengths = [(len(trace.source), len(trace.labels)) for trace in self.traces]
        return cast(
            tuple[Chain, Chain], tuple(chain(trace.anatomy, *sizes) for trace, sizes in zip(self.traces, lengths, strict=True))
        )


def draw(scene: Scene) -> None:
    """Both attentions and both translations; what waits for what; what that takes; and what long sentences become."""
    other, fault = engine.relative(scene.translator, engine.rival(scene.trained or scene.translator) or "")
    if fault or other is scene.translator:
        st.warning(plain(fault or "The other translator is not there."))
        return
    try:
        pair = _pair(scene, other)
    except ValueError as error:
        st.info(plain(f"{other.name}: {error}"), icon=":material/info:")
        return
    with card("recurrent", "The same sentence, looked at in parallel and one token after the other"):
        _matrices(scene, pair)
    _translations(scene, pair)
    trained = tuple(scene.trained if scene.trained and model is scene.translator else model for model in pair.models)
    record, notice = engine.growth(*trained)
    if notice:
        st.warning(plain(notice))
    if record:
        hashes = [model.about["weights_sha256"] for model in trained]
        scene.noted(record, load_growth, call(checkpoint_folder, pair.models[1].name), hashes)
    left, right = st.columns(2, gap="medium")
    with left:
        _waiting(scene, pair)
    with right:
        _times(scene, record)
    _long(scene, record)


def _pair(scene: Scene, other: AnyReader) -> Pair:
    """The model on screen as it is changed, the other one as it was trained; each reads its own translation. Raises ValueError for text
    that the other one cannot read."""
    source = other.source(scene.settings.text)
    labels = other.target(scene.settings.target) if scene.settings.target.strip() else None
    trace = engine.run(other, source, labels, Intervention()).trace
    scene.noted(other, load_pretrained, other.name)
    scene.noted(trace, other.trace, scene.settings.text, **({"target": scene.settings.target} if labels else {}))
    maps = scene.value(join_words, trace) if scene.settings.words else trace
    sides = [(scene.translator, scene.trace, scene.whole_maps), (other, trace, maps)]
    sides.sort(key=lambda side: isinstance(side[0], RecurrentTranslator))
    models, traces, both = zip(*sides, strict=True)
    return Pair(models, traces, both, _head(scene, models[0]))


def _head(scene: Scene, transformer: AnyReader) -> tuple[int, int]:
    """The head of cross-attention that is open; as long as the reader has opened none, the one that aligns words best is opened."""
    bridge = transformer.anatomy.bridge().name
    aligned = engine.alignment_head(transformer)
    layer, head = aligned[:2] if aligned else engine.suggested_head(transformer)[1:]
    if transformer is not scene.translator:
        return layer, head
    if scene.settings.layer is None:
        scene.choose(kind=bridge, layer=layer, head=head)
    return scene.open_head[1:] if scene.open_head[0] == bridge else (layer, head)


def both_matrices(first: AttentionMaps, second: AttentionMaps, layer: int, head: int, pieces: bool = True) -> list[Matrix]:
    """The head of the transformer in its pass, and the only head of the recurrent translator in its own; rows and columns are aligned."""
    kind = first.anatomy.bridge().name
    rows, columns = axis_counterparts(first, second, kind)
    sides = ((TITLES[0], first, layer, head, None, None), (TITLES[1], second, 0, 0, rows, columns))
    return [
        Matrix(
            title,
            maps,
            kind,
            maps.attention[kind].weights[at, one],
            cell_states(maps, kind, at, pieces),
            rows=down,
            columns=across,
        )
        for title, maps, at, one, down, across in sides
    ]


def _matrices(scene: Scene, pair: Pair) -> None:
    layer, head = pair.head
    caption_line(
        f"Left: {_words(pair, 0)}. Right: {_words(pair, 1)}. Point at a cell: its counterpart is framed in the other one."
    )
    build = partial(both_matrices, *pair.maps, layer, head, not scene.settings.words)
    packed = scene.picture("recurrent", lambda: pack_matrices(build()), pair.models[1], pair.models[0], layer, head)
    scene.noted(packed, pack_matrices, build)
    alt = f"Attention to the source. {TITLES[0]}: {_words(pair, 0)}. {TITLES[1]}: {_words(pair, 1)}."
    attention_matrices(packed, key="recurrent-matrices", alt=alt)
    as_table("recurrent-matrices", partial(matrix_tables, build, "Attention to the source"))


def _words(pair: Pair, at: int) -> str:
    """Which attention is shown, and its telling cell."""
    maps, (layer, head) = pair.maps[at], pair.head if at == 0 else (0, 0)
    kind = maps.anatomy.bridge()
    name = head_title(kind, layer, head) if at == 0 else "the one attention of the recurrent translator"
    return f"{name}: {head_sentence(maps, kind.name, layer, head)[2]}"


def _translations(scene: Scene, pair: Pair) -> None:
    """What both say, one under the other; what the other does not have is framed."""
    labels = [trace.labels for trace in pair.traces]
    rows = [
        chips.row(name, title, own, chips.changed(rival, own), in_words=scene.settings.words, lang=scene.wording.codes[1])
        for name, title, own, rival in zip(("rival-first", "rival-second"), ROWS, labels, labels[::-1], strict=True)
    ]
    st.html(chips.block(rows))
    losses = [float(trace.loss.mean()) for trace in pair.traces if trace.loss is not None]
    same = "Both say the same" if labels[0].ids == labels[1].ids else "Framed: what the other does not say"
    caption_line(f"{same}. Mean surprise of each at what it reads: {number(losses[0])} and {number(losses[1])} nats a token.")


def _waiting(scene: Scene, pair: Pair) -> None:
    one, other = pair.chains
    with card("recurrent-chain", "What has to wait"):
        build = partial(chain_lines, pair.traces, scene.colours)
        plot(scene.picture("recurrent-chain", build, longest(pair.traces), *pair.models), "recurrent-chain")
        text = (
            f"Reading this sentence, {one.reading} layers wait for each other in the transformer and {other.reading} steps in the "
            f"recurrent network; trained on the pair, {one.whole} and {other.whole}. Writing, both go token by token: {one.writing} and "
            f"{other.writing}."
        )
        st.html(f'<p class="head-sentence" data-testid="recurrent-verdict">{html.escape(text)}</p>')
        caption_line(
            "Dashed: writing; solid: trained on both sentences. Everything else can be done side by side. Vaswani et al. (2017), table 1: sequential operations."
        )


def _times(scene: Scene, record: GrowthRecord | None) -> None:
    with card("recurrent-times", "What that takes"):
        if record is None:
            caption_line("Not measured on these weights: the command model.growth does it.")
            return
        build = partial(time_lines, record, scene.colours)
        plot(scene.picture("recurrent-times", build, record.rows), "recurrent-times")
        last = record.rows[-1]
        factor = last.whole[1] / last.whole[0]
        than = f"{number(factor, 1)} times" if factor >= 1 else f"{number(100 * factor, 0)} % of"
        text = (
            f"A pass over two sentences of {last.tokens} tokens takes the recurrent network {than} the time of the transformer."
        )
        st.html(f'<p class="head-sentence" data-testid="recurrent-times">{html.escape(text)}</p>')
        caption_line(
            f"Measured on {machine(record)}, medians, in turns. A machine that does more side by side parts them further."
        )


def _long(scene: Scene, record: GrowthRecord | None) -> None:
    """BLEU of sentences that are read as one."""
    if record is None or not record.scores:
        return
    with card("recurrent-long", "What each makes of a long sentence"):
        build = partial(score_lines, record, scene.colours)
        plot(scene.picture("recurrent-long", build, *record.scores), "recurrent-long")
        caption_line("Held-out sentences (tatoeba.test) read one by one, two as one, and so on: none of them was trained on.")


VIEW = View(
    "recurrent",
    "Parallel or recurrent",
    "A transformer beside the recurrent network for which attention was invented, on your sentence. Look how alike the two attentions are, "
    "and at what has to wait: a recurrent state needs the one before it, a transformer reads all tokens at once.",
    draw,
    group="Experiment",
    part="head",
    shows={"words"},
    needs={"weights", "across", "generates", "rival"},
)
