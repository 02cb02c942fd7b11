"""Output: from logits to the next piece, what it costs, and when in the layers the model knows it."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from model.analysis.attention import entropy
from model.analysis.change import same_tokens
from model.analysis.output import Lens, cross_entropy, label_ids, logit_lens, perplexity, probabilities, ranks
from model.analysis.reader import AnyReader
from model.instrument.tokenizer import Tokenizer
from model.trace.trace import Trace
from viz import reading
from viz.canvas import Click, plot_clicks
from viz.charts import lens_heatmap, lens_of_row, loss_bars, prediction_change_bars, probability_bars, top_pieces_table
from viz.page import finished, needs, params, store
from viz.page.caches import loaded
from viz.page.chips import token_cell
from viz.page.choices import plain
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, figure_sheet, plot
from viz.page.parts.pickers import choose_part
from viz.page.parts.tags import scroller, table
from viz.page.scene import Scene, View
from viz.page.store import tied
from viz.page.wording import translates
from viz.theme import language_code, number, piece_name, quoted, signed, small, token_label

PART_TITLES = {"pieces": "Next pieces", "loss": "Loss", "lens": "Logit lens", "change": "Before and after"}
TEMPERATURES = (0.1, 5.0)  # range of the slider
PARAMS = (
    params.choice("output_part", tuple(PART_TITLES), "pieces", "which part is open"),
    params.number("output_temperature", *TEMPERATURES, 1.0, "what logits are divided by before the softmax"),
)


@loaded(max_entries=4)
def _pieces(translator: AnyReader) -> list[str]:
    """The vocabulary by id."""
    return vocabulary_pieces(translator.tokenizer)


def vocabulary_pieces(tokenizer: Tokenizer) -> list[str]:
    """What every id of a vocabulary stands for."""
    return [tokenizer.piece(id_) for id_ in range(tokenizer.vocabulary_size)]


def draw(scene: Scene) -> None:
    """One part at a time; a click chooses the decoder row."""
    absence = " ".join(filter(None, (needs.lacks(scene.trace.anatomy, need) for need in ("residual", "unembed"))))
    titles = {name: title for name, title in PART_TITLES.items() if name != "lens" or not absence}
    if scene.settings.output_part not in titles:
        caption_line(plain(f"{PART_TITLES['lens']} rests: {absence}"))
        scene.choose(output_part="pieces")
    part = choose_part("Part", titles, "output_part", "output-part")
    pieces = scene.noted(_pieces(scene.translator), partial(vocabulary_pieces, scene.translator.tokenizer))
    if scene.compares and part != "change":
        caption_line("This part shows the changed model; “Before and after” shows the difference.")
    {"pieces": _next_pieces, "loss": _loss, "lens": _lens, "change": _change}[part](scene, pieces, _row(scene))


def _row(scene: Scene) -> int:
    """The row that is looked at; before any choice the one that was least certain."""
    row = scene.settings.row
    if row is not None and row < len(scene.trace.labels):
        return row
    if scene.trace.anatomy.predicting.predicts == "same":
        pairs = zip(scene.trace.target.ids, scene.trace.labels.ids, strict=True)
        if masks := [at for at, (read, product) in enumerate(pairs) if read != product]:
            return masks[0]
    return int(scene.trace.loss.argmax())


def _next(trace: Trace) -> str:
    """Before "piece": whether rows say the one that comes next."""
    return "" if trace.anatomy.predicting.predicts == "same" else "next "


def _listen(card: str, across: bool) -> None:
    """A click on a row (or, where positions run across, a column) chooses it."""

    def clicked(click: Click) -> None:
        store.write(row=click.column if across else click.row)

    plot_clicks([card], key="plot-clicks", on_click=clicked)


def _next_pieces(scene: Scene, pieces: list[str], row: int) -> None:
    trace = scene.trace
    table, bars = st.columns([1.5, 1], gap="medium")
    with table, card("pieces", f"The best {_next(trace)}pieces at every position", test="output-title"):
        caption_line(f"{reading.row_reads(trace.intervention, trace.anatomy)} Click a row.")
        finished.note(trace, scene.translates)
        build = partial(top_pieces_table, trace, pieces, scene.colours, row, scene.narrow)
        plot(scene.picture("pieces", build, row), "output-pieces", tools=True)
        _listen("card-pieces", across=False)
    with bars, card("bars", _row_title(trace, row), test="output-row"):
        temperature = st.slider("Output temperature", *TEMPERATURES, step=0.1, **tied("output_temperature", "output-temperature"))
        build = partial(probability_bars, trace, row, pieces, temperature, scene.colours, narrow=scene.narrow)
        plot(scene.picture("bars", build, row, temperature), "output-bars")
        chances = probabilities(trace.logits[row], temperature)
        rank, size = int(ranks(trace.logits, label_ids(trace))[row]), trace.anatomy.vocabulary
        caption_line(
            f"The logits are a tensor of B × T × V = 1 × {len(trace.target)} × {size:,} numbers; this row is {size:,} of them, and softmax "
            f"makes them add up to 1. Entropy {float(entropy(chances)):.2f} nats (0 is certain, ln V = {math.log(size):.2f} knows nothing). "
            f"{plain(quoted(trace.labels.shown[row], trace.labels.notation))} has rank {rank:,} and probability {number(float(chances[trace.labels.ids[row]]), 4)}."
        )


def _loss(scene: Scene, pieces: list[str], row: int) -> None:
    trace = scene.trace
    loss = cross_entropy(trace)
    with card("loss", "How surprised the model is by every piece", test="output-title"):
        plot(scene.picture("loss", partial(loss_bars, trace, scene.colours)), "output-loss")
        difference = float((loss - trace.loss).abs().max())
        st.html(
            f'<p class="head-sentence" data-testid="output-loss">Mean cross-entropy {float(loss.mean()):.3f} nats, perplexity '
            f"e^{float(loss.mean()):.3f} = {perplexity(loss):.2f}: on average the model hesitates as if between {perplexity(loss):.1f} equally "
            "likely pieces.</p>"
        )
        caption_line(
            f"Recomputed from the logits: differs from the captured loss by at most {small(difference)}. Training lowers this number."
        )
        finished.note(trace, scene.translates)


def _lens(scene: Scene, pieces: list[str], row: int) -> None:
    trace = scene.trace
    lens: Lens = scene.picture("lens", partial(logit_lens, trace, scene.translator.ending))
    is_ours = not needs.lacks(trace.anatomy, "parameters")
    behind = "the last LayerNorm and the output matrix" if is_ours else "all that comes behind the last layer"
    with card("lens", f"What the {trace.anatomy.predicting.title.lower()} would say after every layer", test="output-title"):
        caption_line(
            f"Each state goes straight through {behind}, as if no layer followed. Click a {'row' if scene.narrow else 'column'}."
        )
        finished.note(trace, scene.translates)
        build = partial(lens_heatmap, trace, lens, pieces, scene.colours, row, scene.narrow)
        plot(scene.picture("lens-map", build, row), "output-lens", tools=True)
        _listen("card-lens", across=not scene.narrow)
    with card("lens-row", _row_title(trace, row), test="output-row"):
        figure = scene.picture("lens-row", partial(lens_of_row, trace, lens, row, scene.colours), row)
        plot(figure, "output-lens-row")


def _change(scene: Scene, pieces: list[str], row: int) -> None:
    before, after = scene.before, scene.result.trace
    if scene.settings.change.changes_nothing:
        st.info("Nothing is changed, so there is nothing to compare. Open “Change the model” and flip a switch, or take a story.")
        return
    row = min(row, len(after.labels) - 1)
    with card("change", "What the change did to every prediction", test="output-title"):
        caption_line(
            "Above: how much more or less likely the piece became that stands there. Below: how far the whole distribution moved, "
            f"KL(before ‖ after). {_compared(scene)} Click a bar."
        )
        build = partial(prediction_change_bars, before, after, scene.colours, row)
        plot(scene.picture("change", build, row, *scene.pass_key), "output-change")
        _listen("card-change", across=True)
    with card("best", _row_title(after, row), test="output-row"):
        st.html(best_before_and_after(before, after, row, pieces))


def _compared(scene: Scene) -> str:
    if scene.settings.forcing == "forced" or scene.settings.target.strip():
        return f"Teacher-forced: both models read the same {scene.wording.output}."
    if len(scene.trace.anatomy.stacks) == 1:
        return "Both read the same text; rows whose label is another one now are not compared."
    if not translates(scene.trace.anatomy):
        return (
            "Free-running: each model reads what it writes itself, and only pieces that both say in the same order are compared."
        )
    return "Free-running: each model reads its own translation, and only pieces that both say in the same order are compared."


def best_before_and_after(before: Trace, after: Trace, row: int, pieces: list[str], count: int = 5) -> str:
    """HTML table: the pieces that are among the best of either model at one decoder row of `after`. All text is escaped."""
    partner = same_tokens(before.labels, after.labels)[row]
    if partner is None:
        return '<p class="quiet">The model did not say this piece before the change, so there is no row to compare with.</p>'
    then, now = probabilities(before.logits[partner]).cpu(), probabilities(after.logits[row]).cpu()
    language = language_code(after.anatomy.predicting.language)
    best = dict.fromkeys([*now.topk(count).indices.tolist(), *then.topk(count).indices.tolist()])
    rows = [
        (
            token_cell(token_label(pieces[id_]), piece_name(pieces[id_]), language),
            number(float(then[id_]), 3), number(float(now[id_]), 3), signed(float(now[id_] - then[id_]), 3),
        )
        for id_ in sorted(best, key=lambda id_: -float(now[id_]))
    ]  # fmt: skip
    return scroller("Best pieces before and after", table(("piece", "before", "after", "difference"), rows), class_="strongest")


def _row_title(trace: Trace, row: int) -> str:
    read, product = (quoted(tokens.shown[row], tokens.notation) for tokens in (trace.target, trace.labels))
    return f"Reading {read}, {'saying' if trace.anatomy.predicting.predicts == 'same' else 'producing'} {product}"


VIEW = View(
    "output",
    "Output",
    "At every position the decoder gives each piece of the vocabulary a number; softmax makes them probabilities. Look for positions "
    "where several pieces compete, and for the layer at which the model knows what it will say.",
    draw,
    group="Say",
    rank=1,
    part="output",
    differs=True,
    picture="card-bars",
    needs={"logits", "loss"},
    general="At every position the model gives each piece of the vocabulary a number; softmax makes them probabilities. Look for positions "
    "where several pieces compete, and for pieces that it finds more likely than the one that stands there.",
    params=PARAMS,
    paper=lambda scene: figure_sheet(loss_bars(scene.trace, scene.colours)),
)
