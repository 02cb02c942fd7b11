"""What a model of one stack says, in the line under the text: words to hide and what it fills in, what comes next, classes, tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from model.analysis.reader import AnyReader
from model.instrument.own_model import Guess
from model.trace.intervention import Intervention
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.charts.parts.words import LONG
from viz.page import chips, engine, store
from viz.page.choices import plain
from viz.page.parts.captions import caption_line
from viz.page.parts.tags import Html, scroller, tag
from viz.page.room import seats
from viz.page.scene import Scene
from viz.theme import number

HIDE = "Click words to hide them: the model fills in what it holds for likeliest. A second click takes that into the text."
WRITE_HELP = "Takes what the model would say next into the text, piece after piece, each the likeliest"
ENDED_HELP = "The model holds the end for the likeliest next piece. Take the last sign away, or type on, and it has something to say again."
MOST_CLASSES = 8  # that are named
UNTAGGED = ("O", "LABEL_0")  # names of the label of a word that is nothing


def draw(scene: Scene, original: Tokens | None) -> int:
    """What is read and what is said of it; under a change what was said before beside it. original: the unchanged model's labels.
    Returns how many rows that takes."""
    trace, model = scene.result.trace, scene.translator
    fills, writes = model.mask is not None, trace.anatomy.predicting is not None and model.mask is None
    rows = [] if fills else [_row(scene, "source", scene.wording.source, trace.source)]
    rows += [*_lines(scene, original), *_labelled(scene)]
    if fills:
        with st.container(horizontal=True, key="hide", gap="small", vertical_alignment="center"):
            st.html('<span class="tokens-label">Hide</span>', width="content")
            _hide(model, trace)
    with st.container(horizontal=True, key="said", gap="small", vertical_alignment="center"):
        if rows:
            st.html(chips.block(rows), width="content" if writes else "stretch")
        if writes:
            _write_on(model, trace)
    if trace.anatomy.predicting is None and not (_classes(scene) or _tags(scene)):
        caption_line(plain(trace.anatomy.why("logits") or "This model says nothing: it makes a vector of every token."))
    return len(rows)


def _row(scene: Scene, name: str, label: str, tokens: Tokens, **marks: set[int]) -> str:
    return chips.row(name, label, tokens, in_words=scene.settings.words, lang=scene.wording.codes[name != "source"], **marks)


def _lines(scene: Scene, original: Tokens | None) -> list[str]:
    """What is filled in, or the piece that comes next; nothing where nothing is to fill in."""
    trace, model = scene.result.trace, scene.translator
    if original is None:
        return []
    now, label = trace.labels, scene.wording.target
    if model.mask is None:
        before, now = (tokens.taken([len(tokens) - 1]) for tokens in (original, now))
    elif not masks(model, trace.source):
        return []
    else:
        before = original
    if scene.settings.change.changes_nothing:
        filled = chips.changed(trace.source, now) if model.mask is not None else set()
        return [_row(scene, "target", label, now, marked=filled)]
    lost, new = chips.lost(before, now), chips.changed(before, now)
    return [
        _row(scene, "original", f"{label} before", before, struck=lost),
        _row(scene, "target", f"{label} now", now, marked=new),
    ]


# A masked model -------------------------------------------------------------------------------------------------------


def masks(model: AnyReader, source: Tokens) -> list[int]:
    """Which words of a text are hidden, by their place among its words."""
    return [at for at, (start, end) in enumerate(word_spans(source)) if source.text[start:end] == model.mask]


def word_spans(source: Tokens) -> list[tuple[int, int]]:
    """[start, end) of every word in the text."""
    groups = [[source.spans[at] for at in group] for group in source.groups if source.words[group.start] >= 0]
    return [(min(start for start, _ in spans), max(end for _, end in spans)) for spans in groups]


def rewritten(source: Tokens, words: Mapping[int, str]) -> str:
    """The text with other words at some places."""
    text, spans = source.text, word_spans(source)
    for at in sorted(words, reverse=True):
        text = text[: spans[at][0]] + words[at] + text[spans[at][1] :]
    return text


def _hide(model: AnyReader, trace: Trace) -> None:
    """Every word as a button: one that is clicked is hidden, and a hidden one becomes what the model fills in."""
    source, hidden = trace.source, masks(model, trace.source)
    guesses = {at: trace.labels.text[slice(*trace.labels.spans[place])] for at, place in _places(source, hidden).items()}
    titles = [plain(source.text[start:end]) for start, end in word_spans(source)]

    def take(marked_words: list[int]) -> dict[str, object]:
        new = {at: model.mask for at in marked_words if at not in hidden}
        return {"text": rewritten(source, new | {at: guesses[at] for at in hidden if at not in marked_words})}

    look: dict[str, Any] = {"label_visibility": "collapsed", "disabled": seats.is_pinned(), "help": HIDE}
    look |= store.tied(key="mask-words", value=hidden, take=take, options=True)
    if len(titles) > LONG:
        st.multiselect("Hide words", range(len(titles)), format_func=titles.__getitem__, placeholder="Hide words", **look)
    else:
        st.pills("Hide words", range(len(titles)), format_func=titles.__getitem__, selection_mode="multi", wrap=True, **look)


def _places(source: Tokens, words: list[int]) -> dict[int, int]:
    """The first token of some words."""
    firsts = [group.start for group in source.groups if source.words[group.start] >= 0]
    return {at: firsts[at] for at in words}


# A model that writes on -----------------------------------------------------------------------------------------------


def _write_on(model: AnyReader, trace: Trace) -> None:
    """A button that takes what the model would write into the text; it rests where the model would end it."""
    ends = trace.labels.special[-1]
    label, words = ("The text ends here", ENDED_HELP) if ends else ("Write on", WRITE_HELP)
    st.button(
        label, key="write-on", icon=":material/edit_note:", help=words, disabled=ends or seats.is_pinned(), on_click=_continue,
        args=(model, trace.source, trace.intervention),
    )  # fmt: skip


def _continue(model: AnyReader, source: Tokens, change: Intervention) -> None:
    whole = engine.writing(model, source, change)
    store.write(text=whole.text.rstrip("\N{REPLACEMENT CHARACTER}"))  # of bytes, the last letter may be half


# Classes and tags -----------------------------------------------------------------------------------------------------


def _classes(scene: Scene) -> list[Guess]:
    return engine.classes(scene.translator, scene.source, scene.result.trace.intervention)


def _tags(scene: Scene) -> list[Guess]:
    return engine.tags(scene.translator, scene.source, scene.result.trace.intervention)


def _labelled(scene: Scene) -> list[str]:
    """The classes of the text with their probabilities; its words with the tags that they have."""
    rows = []
    if classes := sorted(_classes(scene), key=lambda guess: -guess.probability):
        spans = (tag("span", f"{one.name} {number(one.probability)}", class_="chip begins") for one in classes[:MOST_CLASSES])
        rows.append(_line("classes", "Class", Html(" ".join(spans))))
    if guesses := _tags(scene):
        rows.append(_line("tags", "Tags", Html(" ".join(_tagged(scene.source, guesses)))))
    return rows


def _tagged(source: Tokens, guesses: list[Guess]) -> list[Html]:
    """Words, the tagged ones coloured with their tag behind them."""
    names = {name: at for at, name in enumerate(sorted({guess.name.split("-")[-1] for guess in guesses} - set(UNTAGGED)))}
    parts = []
    for (start, end), guess in zip(word_spans(source), guesses, strict=True):
        word, name = source.text[start:end], guess.name.split("-")[-1]
        if name not in names:
            parts.append(tag("span", word, class_="chip begins"))
            continue
        title = f"{guess.name}: {number(guess.probability)}"
        parts.append(tag("span", f"{word} ", tag("small", name), class_=f"chip begins tag tag-{names[name] % 3}", title=title))
    return parts


def _line(name: str, label: str, inside: Html) -> str:
    return scroller(
        label, tag("span", label, class_="tokens-label"), tag("span", inside, class_="chips", translate="no"), class_="tokens",
        data_testid=f"tokens-{name}",
    )  # fmt: skip
