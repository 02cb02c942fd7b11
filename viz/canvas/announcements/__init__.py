"""What a screen reader is told while the reader goes on: an unseen live region, one for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit

from viz.canvas.shared.files import drawn_by


@dataclass(frozen=True)
class Announcement:
    """One thing to say."""

    text: str
    language: str = "en"  # as in HTML's `lang`
    opening: str = ""  # English, said before the text


_mount = streamlit.components.v2.component("headlight_announcements", js=drawn_by("announcements/index.js"))


def live_region(announcements: Sequence[Announcement]) -> None:
    """Say, once nothing newer has come for a while, those of the announcements that were not there before.

    What the page opens with is read as the page is.
    """
    _mount(key="announcements", data={"parts": [asdict(each) for each in announcements]})
