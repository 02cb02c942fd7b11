"""Take away: one menu for the picture on screen. Files are made when their button is pressed, and not before.

The button stands still with the page around the picture; only an open menu is drawn again with what it takes away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from viz.canvas import Mounted, take_away
from viz.page.choices import plain
from viz.page.lesson import Lesson
from viz.page.paper import Reading, printable
from viz.page.parts.captions import caption_line
from viz.page.recipes import code_of, recipe_of, trace_of
from viz.page.saved import picture_lines
from viz.page.scene import Scene, View
from viz.page.shared import TAKE_MENU
from viz.takeaway import Parcel, Picture
from viz.takeaway.arrays import mebibytes, size
from viz.takeaway.formats import FORMATS, Format
from viz.takeaway.naming import file_name

BROWSER = {"Picture": ("svg", "png"), "Make it again": ("link",)}  # what the browser itself hands over, by row


def button(place: DeltaGenerator) -> DeltaGenerator | None:
    """The button, in a run of the whole page, which opening and closing it causes; returns its menu while that is open."""
    menu = place.popover("Take away", icon=":material/download:", key=TAKE_MENU, on_change="rerun", width="content")
    return menu if menu.open else None


def draw(menu: DeltaGenerator | None, scene: Scene, view: View, pictures: Sequence[Mounted], views: Mapping[str, View]) -> None:
    """What is in the menu, where it is open."""
    if menu is None:
        return
    with menu, st.container(key="take-menu", gap="small"):
        mounted = _choose(view, pictures)
        parcel = _parcel(scene, view, mounted)
        for row, formats in groupby(FORMATS.values(), key=lambda one: one.row):
            _row(scene, parcel, row, list(formats))
        if lessons := st.session_state["lessons"]:
            _handouts(scene, views, parcel, lessons)


def _choose(view: View, pictures: Sequence[Mounted]) -> Mounted | None:
    """Which of the pictures on screen."""
    if not pictures:
        caption_line(f"{view.title} has no picture here, but words and tables; the pass behind them can be taken away.")
        return None
    if len(pictures) == 1:
        return pictures[0]
    titles = dict(zip(range(len(pictures)), _titles(view, pictures), strict=True))
    at = st.selectbox(
        "Picture",
        list(titles),
        format_func=titles.__getitem__,
        key=f"take-picture-{view.slug}-{len(pictures)}",
        label_visibility="collapsed",
    )
    return pictures[at]


def _titles(view: View, pictures: Sequence[Mounted]) -> list[str]:
    """What each is called: the heading above it; several under one heading are numbered."""
    titles = [one.title or view.title for one in pictures]
    counts = [titles[: at + 1].count(title) for at, title in enumerate(titles)]
    return [f"{title} ({count})" if titles.count(title) > 1 else title for title, count in zip(titles, counts, strict=True)]


def _parcel(scene: Scene, view: View, mounted: Mounted | None) -> Parcel:
    parcel = Parcel(
        view.title, picture_lines(scene, view), _address(), recipe_of(scene), trace_of(scene), theme=scene.colours.name
    )
    if mounted is None:
        return parcel
    title = f"{view.title}: {mounted.title}" if mounted.title and mounted.title != view.title else view.title
    data = mounted.data.to_json() if mounted.component == "plotly" else mounted.data
    picture = Picture(mounted.key, title, mounted.component, data, mounted.tables, code_of(scene, mounted), mounted.cells)
    return replace(parcel, picture=picture)


def _address() -> str:
    """Where this state of the page is."""
    return f"{(st.context.url or '').split('?')[0].rstrip('/')}/?{urlencode(st.session_state.get('address', {}))}"


def _row(scene: Scene, parcel: Parcel, row: str, formats: list[Format]) -> None:
    """What there is of one sort, each a button; what there is not, in words."""
    if row in ("Picture", "Numbers") and parcel.picture is None:
        return
    lacks = {format_.slug: format_.lacks(parcel) for format_ in formats}
    title = f"{row} · {mebibytes(size(scene.trace))}" if row == "The pass" else row
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"take-{row.split()[0].lower()}"):
        st.html(f'<span class="take-row">{title}</span>', width="content")
        if row in BROWSER:
            _browser_buttons(scene, parcel, row, has_page=not lacks.get("html"))
        for format_ in formats:
            if not lacks[format_.slug]:
                st.download_button(
                    format_.title, partial(format_.make, parcel), file_name(parcel, format_.ending), format_.mime,
                    key=f"take-{format_.slug}", help=format_.hint, on_click="ignore",
                )  # fmt: skip
    for reason in dict.fromkeys(reason for slug, reason in lacks.items() if reason and slug != "html"):
        caption_line(plain(reason))
    if row == "Make it again" and parcel.picture and parcel.picture.code is None:
        caption_line("The code makes the pass again; this picture needs more than a pass, and only the page draws it.")


def _handouts(scene: Scene, views: Mapping[str, View], parcel: Parcel, lessons: Sequence[Lesson]) -> None:
    """Lessons on paper: the one that is open, and all of them."""
    number = scene.settings.lesson
    offers = {"course": ("All lessons", range(1, len(lessons) + 1))}
    if number is not None:
        offers = {"lesson": (f"Lesson {number}", range(number, number + 1)), **offers}
    reading = Reading(scene.settings, scene.trained or scene.translator, scene.source, scene.own)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="take-handout"):
        st.html('<span class="take-row">Hand-out</span>', width="content")
        for slug, (title, numbers) in offers.items():
            st.download_button(
                title, partial(printable, reading, lessons, views, numbers, parcel.lines, parcel.address), f"headlight_{slug}.html",
                "text/html", key=f"take-{slug}", on_click="ignore", help="To print: questions with this sentence, room for answers, and the answers behind",
            )  # fmt: skip


def _browser_buttons(scene: Scene, parcel: Parcel, row: str, has_page: bool) -> None:
    picture = parcel.picture
    buttons = [*BROWSER[row], *(["page"] if row == "Picture" and not has_page else [])]
    take_away(
        f"take-{row.split()[0].lower()}-browser", buttons, scene.colours,
        picture=(picture.key, picture.component) if picture else ("", ""), title=picture.title if picture else parcel.title,
        sentence=parcel.recipe.text, lines=parcel.lines, address=parcel.address,
    )  # fmt: skip
