"""The page around the views: sentence, translation, switches, status, and the URL."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas  # noqa: F401  Streamlit loads it late, and Plotly in another session's thread would meet it half loaded
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model import Translator
from model.instrument.pretrained import CheckpointError, DeviceError
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from viz.page import address, chips, depth, drawer, engine, greeting, needs, rail, saved, screen, store, timeline, unmasked
from viz.page import laboratory as panel
from viz.page.announcements import announce
from viz.page.changes import outside
from viz.page.choices import plain
from viz.page.colours import colours_as_css
from viz.page.link import Link
from viz.page.params import Limits
from viz.page.scene import Scene, View
from viz.page.state import EXAMPLES
from viz.page.store import MOST_TYPED, tied
from viz.theme import Palette, palette

STYLE, EVERYONE, EMBEDDED = (Path(__file__).with_name(f"{of}.css").read_text("utf-8") for of in ("page", "everyone", "embedded"))
MODEL_TITLES = {
    "sinusoidal": "with sinusoidal positions", "learned": "with learned positions", "none": "without positions",
    "unmasked": "without the look-ahead mask",
}  # fmt: skip
MODELS_HELP = (
    "Taking positions away from a model that was trained with them is one thing; a model that never had any is another. They "
    "have the same shape; the model cards say what each read and hold their scores side by side."
)
NOTHING_SAID = "The model ends with `</s>` at once: its translation is empty. That one step is drawn like any other."


def show(views: Mapping[str, View], model: str, device: str | None) -> None:
    """Draw the whole page with these views, by their slugs; what goes wrong is said in words."""
    link, narrow = Link({slug: view.params for slug, view in views.items()}), screen.is_narrow()
    address.mount(link)
    colours = palette(st.context.theme.type)
    style = "".join([STYLE, *(view.style for view in views.values()), EVERYONE, EMBEDDED if st.context.is_embedded else ""])
    st.html(f"<style>{style}</style>{colours_as_css(colours)}")
    places = _lay_out()
    try:
        translator = trained = _open(link, places.picker, model, device)
    except (CheckpointError, DeviceError) as error:
        st.error(plain(str(error)))
        return
    for notice in engine.notices(translator):
        st.warning(plain(notice))
    greeting.begin(views, translator.anatomy)
    moments = timeline.switch(places.picker, translator, store.state())
    _sentence(places)
    if moments and store.state().moment is not None:
        with places.dock:
            timeline.slider(moments, store.state(), colours)
        translator = timeline.at_moment(translator, moments, store.state())
    offered, resting = _offer(views, translator.anatomy)
    lab = drawer.draw(offered[store.state().view], translator.anatomy)
    try:
        _show(places, lab, link, offered, translator, trained, colours, narrow)
    finally:
        store.note(link.typed_names + link.walked_names)
        with places.rail:
            rail.draw(offered, trained, translator.anatomy, colours)
            rail.rests(resting)


def _show(
    places: Places, lab: DeltaGenerator, link: Link, offered: Mapping[str, View], translator: Translator, trained: Translator,
    colours: Palette, narrow: bool,
) -> None:  # fmt: skip
    """Everything that follows from the pass; where the text cannot be read, why."""
    try:
        result = _pass(translator)
    except ValueError as error:
        places.translation.info(plain(str(error)))
        address.publish(link, translator.anatomy)
        return
    calculation = next((slug for slug, view in offered.items() if view.calculates), None)
    scene = Scene(store.state(), translator, result, colours, trained, calculation, narrow)
    places.status.html(_status(scene))
    original = engine.translate(translator, scene.source)
    with places.translation:
        _translation(scene, original)
        depth.note(scene)
        unmasked.note(scene)
    with places.dock:
        panel.draw_changes(scene, original)
    with lab:
        panel.draw(scene)
    _draw(link, scene, offered[scene.settings.view])


def _draw(link: Link, scene: Scene, view: View) -> None:
    """The view that is open, under its sentence; then the address, whatever the view does."""
    sentence = view.says(scene) if view.says else view.sentence
    st.html(f'<p class="sentence" tabindex="0" data-testid="view-sentence">{html.escape(sentence)}</p>')
    with st.container(key=f"view-{view.slug}"):
        try:
            view.draw(scene)
        finally:
            address.publish(link, scene.translator.anatomy)
    for caption in _captions(scene, view):
        st.caption(caption)
    saved.describe(scene, view)


def _captions(scene: Scene, view: View) -> Iterator[str]:
    """What a reader must know about how this view is drawn."""
    if scene.settings.words and "words" in view.shows:
        yield "Pictures of attention show words: weights are summed over the pieces looked at and averaged over those that look."
    if scene.compares and view.differs:
        yield "Pictures of attention show the change, after minus before; what is said of weights holds in each of the two passes."
    elif scene.compares:
        yield "This view has no picture of the difference: it shows the changed model. “Before” shows the model as it was trained."


@dataclass(frozen=True)
class Places:
    """Where on the page things are drawn, whenever in the run they are known."""

    rail: DeltaGenerator
    status: DeltaGenerator
    sentence: DeltaGenerator
    picker: DeltaGenerator
    own: DeltaGenerator  # the field for the reader's own translation
    translation: DeltaGenerator
    switch: DeltaGenerator  # ... and the switch that opens it
    dock: DeltaGenerator  # at the foot of the screen: what is changed, and the moment of the training


def _lay_out() -> Places:
    """The rail, one line on top, the French under it; what changes the picture at the foot of the screen."""
    with st.sidebar:
        bar, status = st.container(key="rail-place"), st.empty()
    with st.container(horizontal=True, key="header", vertical_alignment="center", gap="small"):
        st.html('<h1 class="name">Headlight</h1>', width="content")
        sentence = st.container(horizontal=True, key="sentence", gap="small", vertical_alignment="center")
        picker = st.container(key="picker", width="content")
    own = st.container(key="own-place")
    with st.container(horizontal=True, key="french", gap="small", vertical_alignment="center"):
        translation = st.container(key="translation")
        switch = st.container(key="own-switch", width="content")
    return Places(bar, status, sentence, picker, own, translation, switch, st.container(key="dock"))


def _open(link: Link, place: DeltaGenerator, model: str, device: str | None) -> Translator:
    """The translator that the reader or the address chose: first the model, then the rest of the address within its limits.

    A family of several offers its members. Where the files of one cannot be read, the first one is shown, and why is said.
    """
    first = engine.translator(model, device)
    members, query = engine.relatives(first), address.arrived()
    slug = store.state().model if query is None else query.get("model", "")
    translator, fault = engine.relative(first, slug if slug in members else first.name)
    limits = Limits(translator.model.config.anatomy(), translator.model.config.d_ff, link.views)
    if query is not None:
        state, notices = link.read(query, limits, {first.name, *members})
        address.follow(link, state)
        _say(notices)
    elif st.session_state.get("opened", translator.name) != translator.name:
        # another model may have fewer layers or a shorter memory
        state, notices = link.read(link.write(store.state()), limits)
        store.write(**{name: state.value(name) for name in link.params})
        _say(notices)
    if fault:
        st.warning(plain(fault))
        store.write(model="")
    st.session_state["opened"] = translator.name
    if len(members) > 1:
        place.selectbox(
            "Model", list(members), format_func=lambda member: MODEL_TITLES[members[member]], label_visibility="collapsed", help=MODELS_HELP,
            **tied(key="picked", value=translator.name, take=lambda member: {"model": "" if member == first.name else member}, options=True),
        )  # fmt: skip
    return translator


def _say(notices: list[str]) -> None:
    """Notices as text: they repeat what an address or a file says."""
    for notice in notices:
        st.warning(plain(notice))


def _leave_out(change: Intervention, notices: list[str]) -> None:
    """Go on with what is left of a change; the notices say what was taken from it. Without any nothing was."""
    _say(notices)
    if notices:
        store.write(change=change)


def _sentence(places: Places) -> None:
    """The text field, examples in a menu beside it, and the reader's own translation."""
    with places.sentence:
        st.text_input("English sentence", live=True, label_visibility="collapsed", placeholder="Type an English sentence", autocomplete="off",
                      max_chars=MOST_TYPED, **tied("text"))  # fmt: skip
        with st.popover("Examples", width="content"), st.container(key="examples", gap="small"):
            for index, example in enumerate(EXAMPLES):
                st.button(example, on_click=_take, args=(example,), key=f"example-{index}")
    own = places.switch.toggle(
        "your own translation", width="content",
        **tied(key="own", value=store.state().asks_target or bool(store.state().target),
               take=lambda on: {"asks_target": on} if on else {"asks_target": False, "target": ""}),
    )  # fmt: skip
    if own:
        places.own.text_input("Your own translation: how would the model read this one?", live=True, autocomplete="off", max_chars=MOST_TYPED,
                              placeholder="Type a French sentence; empty reads the model's own", label_visibility="collapsed",
                              **tied("target", take=lambda target: {"target": target, "asks_target": True}))  # fmt: skip


def _take(example: str) -> None:
    """Read an example, translated by the model."""
    store.write(text=example, target="", asks_target=False)


def _offer(views: Mapping[str, View], anatomy: Anatomy) -> tuple[dict[str, View], str]:
    """The views that a model can feed, and which of the others rest and why.

    Where the view that is asked for rests, the first one takes its place; a change that the model cannot follow is left out. Notices
    say both.
    """
    offered, reasons = needs.offered(views, anatomy)
    slug = store.state().view
    if slug in reasons:
        first = next(iter(offered))
        st.warning(plain(f"{views[slug].title} rests: {reasons[slug]} The page shows {views[first].title}."))
        store.write(view=first)
    _leave_out(*needs.followed(store.state().change, anatomy))
    return offered, needs.resting(views, reasons)


def _pass(translator: Translator) -> engine.Pass:
    """The pass that is asked for: what was typed becomes Tokens here, and travels as such. Raises ValueError in words for text that
    the model cannot read. Links to tokens that the sentence does not have are dropped with a notice."""
    state = store.state()
    source, own = translator.source(state.text), translator.target(state.target) if state.target.strip() else None
    while True:
        state = store.state()
        result = engine.run(translator, source, own, state.change, state.forcing == "forced")
        before = engine.run(translator, source, own, Intervention()) if state.change.cut else result
        anatomy = translator.anatomy
        lengths = {
            stack: max(len(trace.tokens(stack)) for trace in (result.trace, before.trace)) for stack in anatomy.stack_names
        }
        change, notices = outside(state.change, anatomy, lengths)
        _leave_out(change, notices)
        if not notices:
            return result


def _translation(scene: Scene, original: Tokens) -> None:
    """Source and target as chips; under a change the original beside it. original: the unchanged model's translation."""
    settings, trace = scene.settings, scene.result.trace
    own = bool(settings.target.strip())
    rows = [chips.row("source", "English", trace.source)]
    if not settings.change.changes_nothing and not own and settings.forcing == "free":
        now = trace.labels
        rows += [
            chips.row("original", "French before", original, struck=chips.lost(original, now)),
            chips.row("target", "French now", now, chips.changed(original, now)),
        ]
    elif not settings.change.changes_nothing and not own:
        rows.append(chips.row("target", "French, kept", trace.labels))
    else:
        rows.append(chips.row("target", "Yours" if own else "French", trace.labels))
        if own:
            rows.append(chips.row("original", "Model's own", original))
    st.html(f'<div class="rows">{"".join(rows)}</div>')
    if len(trace.labels) == 1:
        st.caption(NOTHING_SAID)
    if own:
        mean = float(trace.loss.mean())
        st.caption(
            f"The model reads your translation (teacher forcing): {mean:.2f} nats per token on average; less is less surprising."
        )
    announce(scene, original)


def _status(scene: Scene) -> str:
    """Model (where no picker names it), size, device, tokens and time of the pass, in one quiet line."""
    trace, config = scene.trace, scene.translator.model.config
    parts = [] if len(engine.relatives(scene.translator)) > 1 else [scene.translator.name.replace("-", " → ", 1)]
    parts += [
        f"{config.encoder_layers} + {config.decoder_layers} layers",
        f"{config.heads} heads",
        f"{scene.translator.model.parameter_count / 1e6:.1f} M parameters",
        str(scene.translator.model.device),
        f"{len(trace.source)} + {len(trace.target)} tokens",
        f"pass: {1000 * scene.result.seconds:.0f} ms",
    ]
    return f'<div class="status" data-testid="status">{html.escape(" · ".join(parts))}</div>'
