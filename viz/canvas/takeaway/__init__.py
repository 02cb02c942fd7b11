"""Buttons for what the browser itself hands over: the picture on the page as a file, and the link to what the page shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit

from viz.canvas.shared.files import drawn_by, style
from viz.theme import SANS, Palette

_mount = streamlit.components.v2.component(
    "headlight_takeaway", js=drawn_by("takeaway/index.js"), css=style("takeaway/style.css")
)


def take_away(
    key: str, buttons: Sequence[str], colours: Palette, *, picture: tuple[str, str] = ("", ""), title: str = "", sentence: str = "",
    lines: Sequence[str] = (), address: str = "",
) -> None:  # fmt: skip
    """Mount some of the buttons "svg", "png", "page" and "link".

    picture: (key of its element, what draws it: a folder of viz/canvas, "plotly" or "vega"). title, lines and address stand around
    a saved picture; its file is named after title and sentence.
    """
    words = {"title": title, "sentence": sentence, "lines": list(lines), "address": address}
    paper = {name: getattr(colours, name) for name in ("page", "card", "ink", "soft", "line")}
    place = {"key": re.sub(r"[^a-zA-Z0-9_-]", "-", picture[0].strip()), "component": picture[1]}
    data = {"buttons": list(buttons), "picture": place, "words": words, "look": {"colours": paper, "font": SANS}}
    _mount(key=key, data=data, width="content")
