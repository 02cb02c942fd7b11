"""Pictures of the page, whoever draws them: what a saved one says about itself, and what a translation of the page leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit

from viz.canvas.shared.files import drawn_by
from viz.theme import SANS, Palette

_mount = streamlit.components.v2.component("headlight_pictures", js=drawn_by("pictures/index.js"))


def pictures(
    view: str, sentence: str, lines: Sequence[str], colours: Palette, *, tokens: Sequence[str], languages: Mapping[str, str]
) -> None:
    """From now on a saved PNG has the card's paper, twice the resolution, its title, and these lines above it.

    Its file is named after its title and the sentence. view: what is before the title of a card; lines: text, one line each.
    tokens: keys of widgets that offer tokens, which a browser must not translate; languages: key of a widget -> language of its
    text, as in HTML's `lang`.
    """
    text = {"view": view, "sentence": sentence, "lines": list(lines)}
    paper = {name: getattr(colours, name) for name in ("card", "ink", "soft")}
    _mount(
        key="pictures", data={"text": text, "colours": paper, "font": SANS, "tokens": list(tokens), "languages": dict(languages)}
    )
