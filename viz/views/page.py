"""The page around the views: sentence, translation, switches, status, and the URL."""

from __future__ import annotations

import html
from dataclasses import replace
from pathlib import Path

import pandas  # noqa: F401  Streamlit loads it late, and Plotly in another session's thread would meet it half loaded
import streamlit as st

from model import Translator
from model.intervention import POSITION_EDITS
from model.pretrained import CheckpointError, DeviceError
from viz.theme import palette
from viz.views import VIEWS, chips, engine
from viz.views.changes import changes
from viz.views.scene import Scene, remember
from viz.views.settings import EXAMPLES, Settings, from_query

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
EXAMPLE_LABELS = {EXAMPLES[0]: "it → animal"}


def show(model: str, device: str | None) -> None:
    """Draw the whole page; what goes wrong is said in words."""
    colours = palette(st.context.theme.type)
    st.html(f"<style>{STYLE}</style>{_colours_as_css(colours)}")
    status = _header()
    try:
        translator = engine.translator(model, device)
    except (CheckpointError, DeviceError) as error:
        st.error(str(error))
        return
    settings = _settings(translator)
    settings = _sentence(settings)
    below = st.container(key="translation")
    settings = _controls(settings)
    try:
        scene = Scene(
            settings, translator, engine.run(translator, settings.text, settings.target, settings.intervention), colours
        )
    except ValueError as error:
        below.info(str(error))
        st.session_state["settings"] = settings
        return
    status.html(_status(scene))
    with below:
        _translation(scene)
    view = VIEWS[scene.settings.view]
    st.html(f'<p class="sentence" data-testid="view-sentence">{html.escape(view.sentence)}</p>')
    if scene.settings.words:
        st.caption(
            "Pictures of attention show words: weights are summed over the pieces looked at and averaged over those that look."
        )
    with st.container(key=f"view-{view.slug}"):
        try:
            view.draw(scene)
        finally:
            _keep(scene.settings)


def _header() -> st.delta_generator.DeltaGenerator:
    """Name at the left; returns the place of the status line at the right."""
    with st.container(horizontal=True, key="header", vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.html('<h1 class="name">Headlight <span>what every attention head looks at</span></h1>', width="content")
        return st.empty()


def _settings(translator: Translator) -> Settings:
    """The settings of this session: from the URL at first, then as the reader changed them."""
    if "settings" not in st.session_state:
        settings, notices = from_query(st.query_params.to_dict(), translator.model.config, list(VIEWS))
        st.session_state["settings"] = settings
        st.session_state["notices"] = notices
    for notice in st.session_state.pop("notices", []):
        st.warning(notice)
    return st.session_state["settings"]


def _keep(settings: Settings) -> None:
    """Settings into the session and the URL."""
    st.session_state["settings"] = settings
    query = settings.to_query()
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def _sentence(settings: Settings) -> Settings:
    """The text field, examples one click away, and the reader's own translation."""
    with st.container(key="sentence"):
        text = st.text_input("English sentence", key=remember("text", settings.text), live=True, label_visibility="collapsed",
                             placeholder="Type an English sentence", autocomplete="off")  # fmt: skip
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
                               live=True, placeholder="Type a French sentence; empty reads the model's own", autocomplete="off")  # fmt: skip
    return replace(settings, text=text, target=target)


def _take(example: str) -> None:
    """Read an example, translated by the model."""
    st.session_state.update(text=example, target="", own=False)


def _controls(settings: Settings) -> Settings:
    """Which view, and the switches."""
    with st.container(key="controls"):
        remember("view", settings.view)
        titles = {slug: view.title for slug, view in VIEWS.items()}
        view = st.segmented_control(
            "View", list(titles), key="view", format_func=titles.get, required=True, label_visibility="collapsed"
        )
        with st.container(horizontal=True, key="switches", vertical_alignment="center"):
            words = st.toggle("Words instead of pieces", key=remember("words", settings.words), help=WORDS_HELP)
            causal = st.toggle("Look-ahead mask", key=remember("causal", settings.causal))
            source, target = (
                st.selectbox(label, POSITION_EDITS, key=remember(key, getattr(settings, key)), width=232)
                for label, key in (("Source positions", "source_positions"), ("Target positions", "target_positions"))
            )
            sinks = st.selectbox("Sinks", list(SINK_TITLES), key=remember("sinks", settings.sinks), format_func=SINK_TITLES.get,
                                 help=SINKS_HELP, width=232)  # fmt: skip
    return replace(settings, view=view, words=words, causal=causal, source_positions=source, target_positions=target, sinks=sinks)


def _translation(scene: Scene) -> None:
    """Source and target as chips; under a change, what changed and the original beside it."""
    settings, trace = scene.settings, scene.trace
    original = engine.translate(scene.translator, settings.text)
    own = bool(settings.target.strip())
    rows = [chips.row("source", "English", trace.source)]
    changed = changes(settings, trace)
    if changed and not own:
        rows += [
            chips.row("original", "French before", original),
            chips.row("target", "French now", trace.labels, chips.changed(original, trace.labels)),
        ]
    else:
        rows.append(chips.row("target", "Yours" if own else "French", trace.labels))
        if own:
            rows.append(chips.row("original", "Model's own", original))
    st.html(f'<div class="rows">{"".join(rows)}</div>')
    if own:
        mean = float(trace.loss.mean())
        st.caption(
            f"The model reads your translation (teacher forcing): {mean:.2f} nats per token on average; less is less surprising."
        )
    if changed:
        with st.container(horizontal=True, key="changes", vertical_alignment="center"):
            st.html(
                f'<span class="changed-note" data-testid="changed-note">{_verdict(scene, own, original.ids)}</span>',
                width="content",
            )
            st.button("Reset", on_click=_reset, key="reset")


def _verdict(scene: Scene, own: bool, original: list[int]) -> str:
    """What is changed, and what that does to the translation, in words."""
    said = "Changed: " + ", ".join(change.words for change in changes(scene.settings, scene.trace)) + ". "
    if own:
        return said + "The translation is yours, so only attention and probabilities change."
    same = scene.trace.labels.ids == original
    return said + ("The translation stays the same; look at the weights." if same else "The model now translates differently.")


def _reset() -> None:
    """All switches back to how the model was trained."""
    st.session_state.update(causal=True, source_positions="trained", target_positions="trained")


def _status(scene: Scene) -> str:
    """Model, size, device, tokens and time of the pass, in one quiet line."""
    trace, config = scene.trace, scene.trace.config
    parts = [
        scene.translator.name.replace("-", " → ", 1),
        f"{config.encoder_layers} + {config.decoder_layers} layers",
        f"{config.heads} heads",
        f"{scene.translator.model.parameter_count / 1e6:.1f} M parameters",
        str(scene.translator.model.device),
        f"{len(trace.source)} + {len(trace.target)} tokens",
        f"one pass in {1000 * scene.done.seconds:.0f} ms",
    ]
    return f'<div class="status" data-testid="status">{html.escape(" · ".join(parts))}</div>'


def _colours_as_css(colours: object) -> str:
    """The palette as CSS variables, so that the style sheet names no colour."""
    names = ("page", "card", "ink", "soft", "line", "chip", "encoder", "decoder", "cross")
    return "<style>:root{" + "".join(f"--{name}:{getattr(colours, name)};" for name in names) + "}</style>"
