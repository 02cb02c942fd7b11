"""The second sentence: its field, minimal pairs to take, and a partner of whatever the first one is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import streamlit as st

from viz.page import store
from viz.page.choices import plain
from viz.page.parts.field import text_field
from viz.page.parts.tags import Html, scroller
from viz.page.scene import Scene
from viz.page.state import EXAMPLES
from viz.page.wording import translates

PAIRS = (  # minimal pairs: (label, first, second)
    ("tired / wide", EXAMPLES[0], "The animal didn't cross the street because it was too wide."),
    ("you / they", EXAMPLES[1], "I think that they should go home now."),
    ("dogs / girls", EXAMPLES[2], "Two girls are playing in the snow."),
    ("man / woman", "The old man is tired.", "The old woman is tired."),
    ("brother … he / sister … she", "I gave the book to my brother because he asked for it.",
     "I gave the book to my sister because she asked for it."),
)  # fmt: skip
SWAPS = (  # words that take each other's place in a sentence that no pair has, the most telling first
    ("he", "she"), ("man", "woman"), ("men", "women"), ("boy", "girl"), ("boys", "girls"), ("brother", "sister"), ("father", "mother"),
    ("son", "daughter"), ("king", "queen"), ("cat", "dog"), ("cats", "dogs"), ("car", "train"), ("big", "small"), ("old", "young"),
    ("good", "bad"), ("black", "white"), ("always", "never"), ("today", "tomorrow"), ("I", "we"), ("is", "was"), ("are", "were"),
)  # fmt: skip
TOKENS, LANGUAGES = ("pair-examples",), {"second": "en"}  # of the View that has the field


def field(scene: Scene, invitation: str) -> str:
    """The field, minimal pairs one click away; returns its text. Blank where there is none: then the invitation stands below."""
    _offer(scene)
    language = f"{scene.wording.source} " if translates(scene.trace.anatomy) else ""
    with st.container(horizontal=True, key="pair-field", gap="small", vertical_alignment="bottom"):
        sentence = text_field("Second sentence", "second", f"Type a second {language}sentence, one word changed")
        with st.popover("Pairs", width="content"), st.container(key="pair-examples", gap="small"):
            for index, (label, _, other) in enumerate(PAIRS):
                st.button(label, on_click=_take, args=(index,), key=f"pair-{index}", help=plain(other))
            st.button("copy the sentence above", on_click=store.write, kwargs={"second": scene.settings.text}, key="pair-copy")
    if sentence.strip():
        return sentence
    note(invitation)
    body = "".join(f'<tr lang="en"><td>{html.escape(first)}</td><td>{html.escape(other)}</td></tr>' for _, first, other in PAIRS)
    pairs = Html(f'<table translate="no"><tr><th>First</th><th>Second</th></tr>{body}</table>')
    st.html(scroller("Pairs of sentences", pairs, class_="strongest pairs"))
    return ""


def note(sentence: str) -> None:
    """A sentence where a picture would be."""
    st.html(f'<p class="pair-invitation" data-testid="pair-invitation">{html.escape(sentence)}</p>')


def lines(scene: Scene) -> list[str]:
    """What saved pictures say of it."""
    sentence = (scene.settings.second or "").strip()
    return [f"Second sentence: {sentence}"] if sentence else []


def _offer(scene: Scene) -> None:
    """A partner of the sentence above, until there is a second one and where the model can read it: of as many tokens, if there is
    such a one. A field that was emptied stays so."""
    if scene.settings.second is not None:
        return
    offers = list(partners(scene.settings.text))
    lengths = [_length(scene, offer) for offer in offers]
    equal = next((offer for offer, length in zip(offers, lengths, strict=True) if length == len(scene.source)), "")
    scene.choose(second=equal or (offers[0] if lengths[0] else ""))


def _length(scene: Scene, sentence: str) -> int:
    """How many tokens the model reads in it; 0 where it cannot."""
    try:
        return len(scene.translator.source(sentence))
    except ValueError:
        return 0


def partners(sentence: str) -> Iterator[str]:
    """Sentences that differ from this one in one word: that of a pair, those with a word swapped; last its question or statement."""
    yield from (second for _, first, second in PAIRS if sentence == first)
    for one, other in (*SWAPS, *((other, one) for one, other in SWAPS)):
        if match := re.search(rf"\b{one}\b", sentence, re.IGNORECASE if one != "I" else 0):
            is_large = not match.start() or (match[0][0].isupper() and one != "I")
            word = other[0].upper() + other[1:] if is_large else other
            yield sentence[: match.start()] + word + sentence[match.end() :]
    yield sentence.rstrip(" .!?") + ("." if sentence.rstrip().endswith("?") else "?")


def _take(index: int) -> None:
    """Read both sentences of a pair, translated by the model."""
    _, first, second = PAIRS[index]
    store.write(text=first, target="", asks_target=False, second=second)
