"""The page around the views: sentence, translation, switches, status, and the URL."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas  # noqa: F401  Streamlit loads it late, and Plotly in another session's thread would meet it half loaded
import streamlit as st

from model import Translator
from model.instrument.pretrained import CheckpointError, DeviceError
from model.trace.intervention import POSITION_EDITS, Intervention
from viz.page import address, chips, depth, engine, saved, timeline
from viz.page import laboratory as panel
from viz.page.changes import outside
from viz.page.choices import plain
from viz.page.scene import Scene, remember
from viz.page.settings import EXAMPLES, Settings, from_query
from viz.page.widgets import MOST_TYPED, bound
from viz.theme import palette
from viz.views import VIEWS

STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
WORDS_HELP = (
    "Joins the pieces of each word in every picture of attention: weights are summed over the pieces looked at and averaged over "
    "the pieces that look. Calculations stay with the pieces, which is what the model works with."
)
SINK_TITLES = {"keep": "shown", "hide": "hidden", "renormalise": "hidden, rest to 100%"}
SINKS_HELP = (
    "Many heads put attention that they do not need on `</s>`, `<s>` and punctuation (Clark et al. 2019). Hides it in All heads, "
    "One head and Lines; the caption of the head says how much that was."
)
MODEL_TITLES = {
    "sinusoidal": "trained with sinusoidal positions", "learned": "trained with learned positions", "none": "trained without positions",
    "unmasked": "trained without the look-ahead mask",
}  # fmt: skip
MODELS_HELP = (
    "Taking positions away from a model that was trained with them is one thing; a model that never had any is another. They "
    "have the same shape; the model cards say what each read and hold their scores side by side."
)
LAB_HELP = "Windows, hidden words, single heads, temperature, the scale of positions and scores, and stories to start from."
NOTHING_SAID = "The model ends with `</s>` at once: its translation is empty. That one step is drawn like any other."
EXAMPLE_LABELS = {EXAMPLES[0]: "it → ?"}


def show(model: str, device: str | None) -> None:
    """Draw the whole page; what goes wrong is said in words."""
    address.mount()
    colours = palette(st.context.theme.type)
    st.html(f"<style>{STYLE}</style>{_colours_as_css(colours)}")
    picker, status = _header()
    try:
        translator = trained = _pick(picker, model, device)
    except (CheckpointError, DeviceError) as error:
        st.error(plain(str(error)))
        return
    for notice in engine.notices(translator):
        st.warning(plain(notice))
    moments = timeline.switch(picker, translator, st.session_state["settings"])
    settings = _sentence(st.session_state["settings"])
    below = st.container(key="translation")
    if moments and settings.moment is not None:
        timeline.slider(moments, settings, colours)
        translator = timeline.at_moment(translator, moments, settings)
    lab = _controls(settings)
    try:
        settings, done = _pass(translator, settings)
        scene = Scene(settings, translator, done, colours, trained)
    except ValueError as error:
        below.info(plain(str(error)))
        address.keep(settings)
        return
    status.html(_status(scene))
    with below:
        _translation(scene)
        depth.note(scene)
    if settings.lab:
        with lab:
            panel.draw(scene)
    view = VIEWS[settings.view]
    st.html(f'<p class="sentence" data-testid="view-sentence">{html.escape(view.says(scene) if view.says else view.sentence)}</p>')
    for said in _captions(scene):
        st.caption(said)
    with st.container(key=f"view-{view.slug}"):
        try:
            view.draw(scene)
        finally:
            address.keep(scene.settings)
    saved.describe(scene, view)


def _captions(scene: Scene) -> Iterator[str]:
    """What a reader must know about how this view is drawn."""
    if scene.settings.words:
        yield "Pictures of attention show words: weights are summed over the pieces looked at and averaged over those that look."
    if scene.compares and VIEWS[scene.settings.view].differs:
        yield "Pictures of attention show the change, after minus before; what is said of weights holds in each of the two passes."
    elif scene.compares:
        yield "This view has no picture of the difference: it shows the changed model. “Before” shows the model as it was trained."


def _header() -> tuple[st.delta_generator.DeltaGenerator, st.delta_generator.DeltaGenerator]:
    """Name at the left; returns the places of the picker and, at the right, of the status line."""
    with st.container(horizontal=True, key="header", vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.html('<h1 class="name">Headlight <span>what every attention head looks at</span></h1>', width="content")
        return st.container(key="picker", width="content"), st.empty()


def _pick(place: st.delta_generator.DeltaGenerator, model: str, device: str | None) -> Translator:
    """The translator that the settings name; a family of several offers its members. Everything else on the page stays."""
    first = engine.translator(model, device)
    members = engine.relatives(first)
    settings = _settings(first, members)
    if len(members) < 2:
        return first
    name = settings.model or first.name
    if name != first.name and (fault := engine.fault(first, name)):
        st.warning(plain(fault))
        name = first.name
        st.session_state["settings"] = replace(settings, model="")
    st.session_state["picked"] = name
    place.selectbox("Model", list(members), key="picked", format_func=lambda member: MODEL_TITLES[members[member]], on_change=_picked,
                    args=(first.name,), label_visibility="collapsed", width=250, help=MODELS_HELP)  # fmt: skip
    if name == first.name:
        return first
    chosen = engine.relative(first, name)
    settings, notices = from_query(settings.to_query(), chosen.model.config, list(VIEWS))
    st.session_state["settings"] = settings
    _say(notices)
    return chosen


def _picked(first: str) -> None:
    name = st.session_state["picked"]
    st.session_state["settings"] = replace(st.session_state["settings"], model="" if name == first else name)


def _settings(first: Translator, members: dict[str, str]) -> Settings:
    """The settings of this session: from the address at first and wherever back and forward lead, then as the reader changed them."""
    query = address.arrived()
    if query is not None:
        read = engine.relative(first, query["model"]) if query.get("model") in members else first
        settings, notices = from_query(query, read.model.config, list(VIEWS), {first.name, *members})
        address.follow(settings)
        st.session_state["notices"] = notices
    _say(st.session_state.pop("notices", []))
    return st.session_state["settings"]


def _say(notices: list[str]) -> None:
    """Notices as text: they repeat what an address or a file says."""
    for notice in notices:
        st.warning(plain(notice))


def _sentence(settings: Settings) -> Settings:
    """The text field, examples one click away, and the reader's own translation."""
    with st.container(key="sentence"):
        text = st.text_input("English sentence", key=remember("text", settings.text), live=True, label_visibility="collapsed",
                             placeholder="Type an English sentence", autocomplete="off", max_chars=MOST_TYPED)  # fmt: skip
    with st.container(horizontal=True, key="examples", gap="small", vertical_alignment="center"):
        st.html('<span class="quiet">Try</span>', width="content")
        for example in EXAMPLES:
            st.button(
                EXAMPLE_LABELS.get(example, example), on_click=_take, args=(example,), key=f"example-{EXAMPLES.index(example)}"
            )
        own = st.toggle("your own translation", key=remember("own", bool(settings.target)))
    target = ""
    if own:
        target = st.text_input("Your own translation: how would the model read this one?", key=remember("target", settings.target),
                               live=True, placeholder="Type a French sentence; empty reads the model's own", autocomplete="off", max_chars=MOST_TYPED)  # fmt: skip
    return replace(settings, text=text, target=target)


def _take(example: str) -> None:
    """Read an example, translated by the model."""
    st.session_state.update(text=example, target="", own=False)


def _controls(settings: Settings) -> st.delta_generator.DeltaGenerator:
    """Which view, and the switches; returns the place of the panel of changes."""
    with st.container(key="controls"):
        titles = {slug: view.title for slug, view in VIEWS.items()}
        st.segmented_control(
            "View", list(titles), format_func=titles.get, required=True, label_visibility="collapsed", **bound("view", settings)
        )
        with st.container(horizontal=True, key="switches", vertical_alignment="center"):
            st.toggle("Words instead of pieces", help=WORDS_HELP, **bound("words", settings))
            st.toggle("Look-ahead mask", **bound("causal", settings))
            for label, name in (("Source positions", "source_positions"), ("Target positions", "target_positions")):
                st.selectbox(label, POSITION_EDITS, width=210, **bound(name, settings))
            st.selectbox(
                "Sinks", list(SINK_TITLES), format_func=SINK_TITLES.get, help=SINKS_HELP, width=165, **bound("sinks", settings)
            )
            st.toggle("More changes", help=LAB_HELP, **bound("lab", settings))
        return st.container(key="panel")


def _pass(translator: Translator, settings: Settings) -> tuple[Settings, engine.Pass]:
    """The pass that the settings ask for. Links to tokens that the sentence does not have are dropped with a notice."""
    source = len(translator.source(settings.text))
    while True:
        done = engine.run(translator, settings.text, settings.target, settings.intervention, settings.forcing == "forced")
        before = engine.run(translator, settings.text, settings.target, Intervention()) if settings.cut else done
        settings, notices = outside(settings, source, max(len(done.trace.target), len(before.trace.target)))
        _say(notices)
        if not notices:
            return settings, done


def _translation(scene: Scene) -> None:
    """Source and target as chips; under a change, what changed and the original beside it."""
    settings, trace = scene.settings, scene.done.trace
    original = engine.translate(scene.translator, settings.text)
    own = bool(settings.target.strip())
    rows = [chips.row("source", "English", trace.source)]
    if not settings.intervention.changes_nothing and not own and settings.forcing == "free":
        now = trace.labels
        rows += [
            chips.row("original", "French before", original, struck=chips.lost(original, now)),
            chips.row("target", "French now", now, chips.changed(original, now)),
        ]
    elif not settings.intervention.changes_nothing and not own:
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
    panel.draw_changes(scene, original)


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
        f"pass: {1000 * scene.done.seconds:.0f} ms",
    ]
    return f'<div class="status" data-testid="status">{html.escape(" · ".join(parts))}</div>'


def _colours_as_css(colours: object) -> str:
    """The palette as CSS variables, so that the style sheet names no colour."""
    names = ("page", "card", "ink", "soft", "line", "chip", "encoder", "decoder", "cross")
    return "<style>:root{" + "".join(f"--{name}:{getattr(colours, name)};" for name in names) + "}</style>"
