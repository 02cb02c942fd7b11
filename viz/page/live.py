"""What follows from the State: sentence, translation, changes, picture and rail. It runs alone when something in it is typed or chosen.

It is one fragment of Streamlit's: what stands still around it (viz/page/shell.py) is neither run nor drawn again with it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.analysis.reader import AnyReader
from model.measuring.timeline import Moment
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from viz.canvas import Announcement, Screen, collecting
from viz.page import (
    address,
    chips,
    depth,
    donor,
    drawer,
    engine,
    needs,
    notices,
    outputs,
    present,
    rail,
    saved,
    speaker,
    stage,
    status,
    store,
    takeaway,
    timeline,
    unmasked,
)
from viz.page import laboratory as panel
from viz.page.announcements import announce
from viz.page.changes import outside
from viz.page.choices import plain
from viz.page.link import Link
from viz.page.parts.captions import caption_line
from viz.page.parts.field import text_field
from viz.page.room import seats
from viz.page.scene import Scene, View
from viz.page.sentences import sentence_html
from viz.page.state import NOTES, State
from viz.page.wording import translates, wording
from viz.theme import Palette

ONE_LINE = 44  # letters that the text field shows in a line on a low screen
NOTHING_SAID = "The model ends with `</s>` at once: its {output} is empty. That one step is drawn like any other."


@dataclass(frozen=True)
class Places:
    """Where on the page things are drawn, whenever in the run they are known. What a fragment did not write into when the whole page ran, it
    cannot write into later: every run writes into each but `own` and `keys`, before whose first use the whole page runs (`frame`)."""

    rail: DeltaGenerator
    sentence: DeltaGenerator
    own: DeltaGenerator  # the field for the reader's own translation
    translation: DeltaGenerator
    dock: DeltaGenerator  # at the foot of the screen: what is changed, and the moment of the training
    drawer: DeltaGenerator
    stage: DeltaGenerator  # the view
    keys: DeltaGenerator  # what listens to the keys of Present


@dataclass(frozen=True)
class Page:
    """What stands still while something is typed or chosen."""

    views: Mapping[str, View]
    link: Link
    places: Places
    trained: AnyReader
    moments: list[Moment]  # of its training
    colours: Palette
    screen: Screen
    menu: DeltaGenerator | None  # of what can be taken away, while it is open


def frame(state: State) -> tuple[object, ...]:
    """What of the State is drawn outside of the fragment: with another the whole page must run."""
    return state.model, state.moment is None, state.lesson is None, state.has_own_field, state.present, state.room


@st.fragment(key="live")
def draw(page: Page) -> None:
    """Everything that follows from the State. The whole page runs instead where the reader went to another address or model."""
    if address.waits() or frame(store.state()) != st.session_state["frame"]:
        st.rerun()
    with page.places.stage, store.drawing():
        _draw(page)
    engine.tidy()


def _draw(page: Page) -> None:
    """The fields, and what the model makes of them; then the rail, whatever happens."""
    places, translator = page.places, page.trained
    notices.say_what_was_handed_on()
    _sentence(places, translator.anatomy)
    with places.dock:
        if page.moments and store.state().moment is not None:
            timeline.slider(page.moments, store.state(), page.colours)
            translator = timeline.at_moment(page.trained, page.moments, store.state())
        else:
            st.empty()
    offered, resting = _offer(page.views, translator.anatomy, engine.rival(page.trained) is not None)
    with places.drawer:
        lab = drawer.draw(offered[store.state().view], translator.anatomy)
    line = ""
    try:
        line = _picture(page, translator, offered, lab)
    finally:
        store.note(page.link.typed_names + page.link.walked_names)
        seats.hold()
        if store.state().present:
            with places.keys:
                present.mount(offered)
        with places.rail:
            rail.draw(offered, page.trained, translator.anatomy, page.colours)
            st.html(f'<div class="status" data-testid="status">{html.escape(line)}</div>')
            rail.rests(resting)


def _picture(page: Page, translator: AnyReader, offered: Mapping[str, View], lab: DeltaGenerator) -> str:
    """Everything that follows from the pass, and where the text cannot be read, why. Returns the status of the pass."""
    places = page.places
    try:
        result = _pass(translator)
    except ValueError as error:
        places.translation.info(plain(str(error)))
        present.excuse(str(error)) if store.state().present else st.empty()
        _publish(page.link, translator.anatomy)
        return ""
    calculation = next((slug for slug, view in offered.items() if view.calculates), None)
    scene = Scene(store.state(), translator, result, page.colours, page.trained, calculation, page.screen)
    stand = stage.take(scene)
    if stand and not scene.settings.present:
        stage.draw(scene, stand)
    original = engine.translate(translator, scene.source)
    with places.translation:
        lines = _translation(scene, original, *present.announcements(scene, offered, stand))
        depth.note(scene)
        unmasked.note(scene)
    with places.dock:
        panel.draw_changes(scene, original)
    with lab:
        panel.draw(scene)
    if scene.settings.present == NOTES:
        speaker.draw(scene, offered, stand)
        address.publish(page.link, translator.anatomy)
    else:
        _view(page, scene, offered[scene.settings.view], stand, (lines > 2) + (len(scene.settings.text) > ONE_LINE))
    return status.of_pass(scene)


def _view(page: Page, scene: Scene, view: View, stand: stage.Stand | None, lines: int) -> None:
    """The view that is open, under its sentence; then the address, whatever the view does, and the menu of what can be taken away.

    lines: lines that other rows take on a low screen, where the sentence has two.
    """
    if scene.settings.present:
        present.sentence(scene, view, stand)
    else:
        st.html(
            f'<p class="sentence {("", "brief", "brief heard")[lines]}" tabindex="0" data-testid="view-sentence">{sentence_html(view.about(scene))}</p>'
        )
    with st.container(key=f"view-{view.slug}"), collecting() as pictures:
        try:
            view.draw(scene)
        finally:
            _publish(page.link, scene.translator.anatomy)
    takeaway.draw(page.menu, scene, view, pictures.pictures, page.views)
    for caption in () if scene.settings.present else _captions(scene, view):
        caption_line(caption)
    saved.describe(scene, view)


def _publish(link: Link, anatomy: Anatomy) -> None:
    """What the page shows stands in its address, and the class goes there."""
    address.publish(link, anatomy)
    seats.hand_over()


def _captions(scene: Scene, view: View) -> Iterator[str]:
    """What a reader must know about how this view is drawn."""
    if scene.settings.words and "words" in view.shows:
        yield "Pictures of attention show words: weights are summed over the pieces looked at and averaged over those that look."
    if scene.compares and view.differs:
        yield "Pictures of attention show the change, after minus before; what is said of weights holds in each of the two passes."
    elif scene.compares:
        yield "This view has no picture of the difference: it shows the changed model. “Before” shows the model as it was trained."


def _sentence(places: Places, anatomy: Anatomy) -> None:
    """The text fields: the sentence, and the reader's own translation where it is asked for."""
    language = anatomy.stacks[0].language if translates(anatomy) else ""
    text_field(
        f"{language} sentence".strip().capitalize(), "text", f"Type an {language} sentence" if language == "English" else "Type a sentence",
        place=places.sentence, disabled=seats.is_pinned(),
    )  # fmt: skip
    if store.state().has_own_field:
        names = wording(anatomy)
        what = f"{names.target} sentence" if translates(anatomy) else "sentence"
        text_field(
            f"Your own {names.output}: how would the model read this one?", "target", f"Type a {what}; empty reads the model's own",
            place=places.own, disabled=seats.is_pinned(), take=lambda target: {"target": target, "asks_target": True},
        )  # fmt: skip


def _offer(views: Mapping[str, View], anatomy: Anatomy, has_rival: bool) -> tuple[dict[str, View], str]:
    """The views that a model can feed, and which of the others rest and why.

    Where the view that is asked for rests, the first one takes its place; a change that the model cannot follow is left out. Notices
    say both.
    """
    offered, reasons = needs.offered(views, anatomy, has_rival)
    slug = store.state().view
    if slug in reasons:
        first = next(iter(offered))
        st.warning(plain(f"{views[slug].title} rests: {reasons[slug]} The page shows {views[first].title}."))
        store.write(view=first)
    _leave_out(*needs.followed(store.state().change, anatomy))
    if store.state().target.strip() and len(anatomy.stacks) == 1:
        notices.say(["This model reads one text, so the other one that was given beside it was left out."])
        store.write(target="", asks_target=False)
    return offered, needs.resting(views, reasons)


def _leave_out(change: Intervention, what_is_wrong: list[str]) -> None:
    """Go on with what is left of a change; the notices say what was taken from it. Without any nothing was."""
    notices.say(what_is_wrong)
    if what_is_wrong:
        store.write(change=change)


def _pass(translator: AnyReader) -> engine.Pass:
    """The pass that is asked for: what was typed becomes Tokens here, and travels as such. Raises ValueError in words for text that
    the model cannot read. Links to tokens that the sentence does not have, and a patch that does not fit it, are dropped with a notice."""
    state = store.state()
    source, own = translator.source(state.text), translator.target(state.target) if state.target.strip() else None
    _leave_out(*donor.fitting(translator, source, state.change))
    while True:
        state = store.state()
        result = engine.run(translator, source, own, state.change, state.forcing == "forced")
        names_tokens = state.change.cut or state.change.patch
        before = engine.run(translator, source, own, Intervention()) if names_tokens else result
        anatomy = translator.anatomy
        lengths = {
            stack: max(len(trace.tokens(stack)) for trace in (result.trace, before.trace)) for stack in anatomy.stack_names
        }
        change, what_is_wrong = outside(state.change, anatomy, lengths)
        _leave_out(change, what_is_wrong)
        if not what_is_wrong:
            return result


def _translation(scene: Scene, original: Tokens | None, *news: Announcement) -> int:
    """Source and target as chips; under a change the original beside it. original: the unchanged model's translation. Returns how
    many rows that takes."""
    settings, trace, names = scene.settings, scene.result.trace, scene.wording
    if len(trace.anatomy.stacks) == 1:
        lines = outputs.draw(scene, original)
        announce(scene, original, *news)
        return lines
    row = partial(chips.row, in_words=settings.words, lang=names.codes[1])
    own = bool(settings.target.strip())
    rows = [row("source", names.source, trace.source, lang=names.codes[0])]
    if not settings.change.changes_nothing and not own and settings.forcing == "free":
        now = trace.labels
        rows += [
            row("original", f"{names.target} before", original, struck=chips.lost(original, now)),
            row("target", f"{names.target} now", now, chips.changed(original, now)),
        ]
    elif not settings.change.changes_nothing and not own:
        rows.append(row("target", f"{names.target}, kept", trace.labels))
    else:
        rows.append(row("target", "Yours" if own else names.target, trace.labels))
        if own:
            rows.append(row("original", "Model's own", original))
    st.html(chips.block(rows))
    if len(trace.labels) == 1:
        caption_line(NOTHING_SAID.format(output=names.output))
    if own:
        mean = float(trace.loss.mean())
        caption_line(
            f"The model reads your {names.output} (teacher forcing): {mean:.2f} nats per token on average; less is less surprising."
        )
    announce(scene, original, *news)
    return len(rows)
