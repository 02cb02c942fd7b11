"""Patch: what one value after another, taken over from a second sentence, does to what the first one predicts."""

from __future__ import annotations

import html
from dataclasses import replace
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.analysis.decoding import next_pieces
from model.analysis.patching import (
    Place,
    Recovery,
    every_head_everywhere,
    every_position,
    patch_each,
    patched_changes,
    recovery,
)
from model.trace.anatomy import FEED_FORWARD, Anatomy
from model.trace.patch import RESIDUAL, Site
from model.trace.trace import Trace
from viz.canvas import Click, plot_clicks
from viz.charts import patch_map
from viz.charts.patch import FLAT
from viz.page import engine, reruns, store
from viz.page.changes import site_words
from viz.page.chips import token_cell
from viz.page.choices import plain
from viz.page.params import choice
from viz.page.parts import partner
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, heading, plot
from viz.page.parts.couple import Couple, read_both
from viz.page.parts.pickers import pick_one
from viz.page.parts.sides import choose_side, side_titles
from viz.page.parts.tags import scroller, table
from viz.page.scene import Scene, View
from viz.page.store import tied
from viz.page.wording import translates
from viz.reading import part_words
from viz.takeaway.expressions import call
from viz.theme import language_code, number, quoted, small, token_label, word_label

PARTS = {
    "residual": "Residual stream", "self": "Self-attention", "across": "Cross-attention", "feed_forward": "Feed-forward", "self_heads": "Self-attention heads",
    "across_heads": "Cross-attention heads",
}  # fmt: skip
MOST_PIECES = 4  # of each pass in the table
HALF = 0.5
INVITATION = (
    "Type a second sentence that differs in one word from the one above, or take a pair. Then every value of its pass is taken over into "
    "the pass of the first, one at a time, and the map shows which of them carry the difference."
)
HOW = (
    "Each cell is a pass of its own: one value of the second sentence, read by the unchanged model, in the place of the first one's, and all behind "
    "it computed anew. Where the second sentence is the clean one this is denoising, where the first is, noising (Vig et al. 2020; Meng et al. "
    "2022). The measure is the logit difference of the two pieces (Wang et al. 2022; Zhang and Nanda 2024)."
)
FORCED = "Both sentences are read with the same {output} (teacher forcing), that of the first. "


def draw(scene: Scene) -> None:
    """The second sentence; the map of one part of all layers; a click takes one value over for good, or gives it back."""
    source = partner.field(scene, INVITATION)
    if not source:
        return
    try:
        tokens = scene.translator.source(source)
    except ValueError as error:
        st.info(f"The second sentence: {plain(str(error))}", icon=":material/info:")
        return
    couple, anatomy = read_both(scene, tokens), scene.trace.anatomy
    side = scene.settings.side if scene.settings.side in anatomy.stack_names else anatomy.default_stack
    if why := _unequal(scene, couple, side) or _agreement(couple):
        partner.note(why)
        if len(anatomy.stacks) > 1:
            choose_side(anatomy, "patch-side")
        return
    titles, row = _titles(anatomy, side), scene.settings.row
    part = scene.settings.patch_part if scene.settings.patch_part in titles else next(iter(titles))
    row = row if row in couple.differing else min(couple.differing)
    places = _places(couple.trace, side, part)
    with card("patch", _title(scene, couple, row), test="patch-title"):
        effects = _recovery(scene, couple, places, row)
        if effects is not None:
            plot(_figure(scene, couple, effects, side, part), f"patch-{side}-{part}")
        _choose(scene, couple, side, part, row)
        if effects is None:
            return
        st.html(f'<p class="head-sentence" data-testid="patch-verdict">{html.escape(_verdict(couple, places, effects))}</p>')
        caption_line(f"Click a cell to take its value over for good, and again to give it back. {_how(scene)}")
    with card("patch-pieces"):
        _pieces(scene, couple, row)

    def clicked(click: Click) -> None:
        site, now = places[click.row, click.column], store.state().change
        store.write(change=replace(now, patch=couple.patch(couple.sites_of(now) ^ {site})))

    plot_clicks(["card-patch"], key="plot-clicks", on_click=clicked)


def _unequal(scene: Scene, couple: Couple, side: str) -> str:
    """Why the places of a stack do not line up, as a sentence; empty where they do."""
    anatomy, (first, second) = couple.trace.anatomy, (len(trace.source) for trace in (couple.trace, couple.donor))
    if first == second or (len(anatomy.stacks) > 1 and anatomy.stack(side).predicts == "next"):
        return ""
    why = f"The second sentence has {second} tokens and the first {first}, so a place in one is not the same place in the other. "
    if len(anatomy.stacks) == 1:
        return f"{why}Change a word for one of as many pieces."
    target = side_titles(anatomy)[anatomy.stacks[-1].name]
    return f"{why}Change a word for one of as many pieces, or look at “{target}”: both are read with the same {scene.wording.output}."


def _agreement(couple: Couple) -> str:
    """That both sentences predict the same everywhere, as a sentence; empty where they do not."""
    if couple.differing:
        return ""
    what = "With the translation of the first read beside both, they" if translates(couple.trace.anatomy) else "The two"
    return f"{what} lead to the same prediction in every place. Change a word that a prediction hangs on."


def _choose(scene: Scene, couple: Couple, side: str, part: str, row: int) -> None:
    """Buttons for the stack and the part of its layers that is taken over, and for the prediction that counts."""
    anatomy, piece = couple.trace.anatomy, scene.translator.tokenizer.piece
    labels = {at: f"{at + 1} · {' → '.join(word_label(piece(id_)) for id_ in pair)}" for at, pair in couple.differing.items()}
    titles = _titles(anatomy, side)
    with st.container(horizontal=True, key="patch-choice", gap="small", vertical_alignment="center"):
        if len(anatomy.stacks) > 1:
            choose_side(anatomy, "patch-side")
        st.segmented_control(
            "Part", list(titles), format_func=titles.__getitem__, required=True, label_visibility="collapsed",
            **tied(key=f"patch-part-{side}", value=part, take=lambda part: {"patch_part": part}, options=True),
        )  # fmt: skip
        pick_one("Prediction", labels, row, "patch-row", lambda at: {"row": at}, shows_label=False)


def _titles(anatomy: Anatomy, side: str) -> dict[str, str]:
    """The parts that a stack has."""
    kinds = {
        "self" if anatomy.kind(name).is_self else "across" for name in anatomy.stack(side).sublayers if name in anatomy.kind_names
    }
    return {
        part: title for part, title in PARTS.items() if part in ("residual", FEED_FORWARD) or part.removesuffix("_heads") in kinds
    }


def _name(anatomy: Anatomy, side: str, part: str) -> str:
    """A part as a site has it: the stream, the feed-forward sublayer or a kind of attention."""
    if part in ("residual", FEED_FORWARD):
        return {"residual": RESIDUAL}.get(part, part)
    own = part.removesuffix("_heads") == "self"
    return next(
        name for name in anatomy.stack(side).sublayers if name in anatomy.kind_names and anatomy.kind(name).is_self == own
    )


def _places(trace: Trace, side: str, part: str) -> dict[Place, Site]:
    """All that is taken over in turn."""
    return _places_call(trace, side, part)()


def _places_call(trace: Trace, side: str, part: str) -> partial[dict[Place, Site]]:
    name = _name(trace.anatomy, side, part)
    if part.endswith("_heads"):
        return partial(every_head_everywhere, trace.anatomy, name)
    return partial(every_position, trace.anatomy, side, name, len(trace.tokens(side)))


def _recovery(scene: Scene, couple: Couple, places: dict[Place, Site], row: int) -> Recovery | None:
    """What each does; None where that takes long and the reader has not asked for it."""
    trace, donor = couple.trace, couple.donor
    changes, pieces = patched_changes(trace, donor, list(places.values())), couple.differing[row]
    values = reruns.piece_log_probabilities(scene, trace, changes, row, pieces)
    return None if values is None else recovery(trace, donor, row, values)


def _figure(scene: Scene, couple: Couple, effects: Recovery, side: str, part: str) -> go.Figure | bytes:
    """The map, and the call that makes it without the page."""
    trace, donor = couple.trace, couple.donor
    marked, look = couple.sites_of(scene.settings.change), (scene.colours, scene.narrow)
    piece, places = scene.translator.tokenizer.piece, _places_call(trace, side, part)
    build = partial(patch_map, effects, places(), trace, piece, *look, marked)
    figure = scene.picture("patch", build, trace, donor, side, part, effects.row, marked)
    everything = call(places.func, scene.trace.anatomy, *places.args[1:])
    again = call(patch_each, trace, donor, scene.translator.passes, call(list, call(dict.values, everything)), effects.row)
    return scene.noted(figure, partial(patch_map, again, everything, trace, piece, *look, marked))


def _title(scene: Scene, couple: Couple, row: int) -> str:
    first, second = (quoted(scene.translator.tokenizer.piece(id_)) for id_ in couple.differing[row])
    return f"Which value of the second sentence turns {first} into {second}?"


def _verdict(couple: Couple, places: dict[Place, Site], effects: Recovery) -> str:
    """The site that moves the prediction most by itself; of the stream, where that is at its beginning and at its end."""
    shares, sites = effects.shares.tolist(), list(places.values())
    if max(shares) < FLAT:
        return "None of them moves the prediction towards that of the second sentence by itself."
    last = max(row for row, _ in places)
    rows = [{0}, {last}] if sites[-1][1] == RESIDUAL else [set(range(last + 1))]

    def most(rows: set[int]) -> str:
        best = max((at for at, (row, _) in enumerate(places) if row in rows), key=shares.__getitem__)
        if shares[best] < FLAT:
            return f"nothing of the {part_words(sites[best], couple.trace.anatomy)}"
        return f"{site_words(sites[best], couple.trace.anatomy, couple.trace)}: {number(shares[best])} of the way"

    count = sum(share > HALF for share in shares)
    far = f"Of {len(sites)} values {count or 'none'} {'goes' if count == 1 else 'go'} more than half of the way."
    return f"What moves the prediction most by itself: {'; '.join(map(most, rows))}. {far}"


def _how(scene: Scene) -> str:
    """What the numbers are of."""
    return (FORCED.format(output=scene.wording.output) if len(scene.trace.anatomy.stacks) > 1 else "") + HOW


def _pieces(scene: Scene, couple: Couple, row: int) -> None:
    """The likeliest pieces of the row in both passes, and with what is taken over between them."""
    change = scene.result.trace.intervention
    columns = {"first sentence": couple.trace}
    if change.patch is not None:
        columns["patched"] = engine.run(scene.translator, scene.source, couple.trace.labels, change).trace
    columns["second sentence"] = couple.donor
    chances = {name: trace.part("logits")[row].softmax(-1) for name, trace in columns.items()}
    ids = dict.fromkeys(
        id_ for trace in columns.values() for id_ in next_pieces(trace.part("logits")[row], MOST_PIECES)[1].tolist()
    )
    language = language_code(couple.trace.anatomy.stacks[-1].language)
    rows = [
        (
            token_cell(token_label(scene.translator.tokenizer.piece(id_)), lang=language),
            *(small(float(each[id_])) for each in chances.values()),
        )
        for id_ in sorted(ids, key=lambda id_: -max(float(each[id_]) for each in chances.values()))
    ]
    heading("What is predicted there")
    cells = scroller(
        "Probabilities of the likeliest pieces", table(("piece", *columns), rows), class_="strongest", data_testid="patch-pieces"
    )
    st.html(cells)
    if change.patch is None:
        caption_line("Probabilities. A click on a cell of the map adds a column: the same pass with that value taken over.")
    elif couple.sites_of(change):
        together = "the value" if len(change.patch.sites) == 1 else f"all {len(change.patch.sites)} values together"
        caption_line(
            f"Probabilities; “patched” is the first sentence with {together} that {'is' if len(change.patch.sites) == 1 else 'are'} outlined or listed below."
        )
    else:
        caption_line(
            plain(
                f"Probabilities; “patched” is the first sentence with what is taken over from another one: “{change.patch.source}”."
            )
        )


VIEW = View(
    "patch",
    "Patch",
    "Activation patching: values of a second sentence, one at a time, in the pass of the first. Look for where the changed word is carried.",
    draw,
    group="Experiment",
    part="stream",
    needs={"patch", "passes", "logits", "residual"},
    params=(choice("patch_part", tuple(PARTS), "residual", "which part of every layer is taken over"),),
    tokens=(*partner.TOKENS, "patch-row"),
    languages={**partner.LANGUAGES, "patch-row": "fr"},
    lines=partner.lines,
)
