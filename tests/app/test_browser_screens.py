"""Every view on a phone, a tablet, a projector and a large screen, in one tab each: what is written can be read, and the picture comes first."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import settled
from support.sizes import PICTURES, faults, watch
from support.tabs import lead

from viz.views import VIEWS

expect.set_options(timeout=60_000)
SHORT = "Two dogs are playing in the snow."
LONG = "The engineers who had built the old bridge were not surprised that it was still standing."
CHANGED = "source_positions=none&moment=1"
BESIDE = ("joined", "output", "lines", "pair")  # views with two cards side by side where there is room, or with rows of buttons
READY = "() => !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"


@pytest.mark.parametrize(
    ("width", "height", "most", "text", "state", "views"),
    [(1280, 720, 200, SHORT, "", tuple(VIEWS)), (1280, 720, 200, LONG, CHANGED, tuple(VIEWS)), (390, 844, 330, LONG, CHANGED, tuple(VIEWS)),
     (1920, 1080, 400, SHORT, "", tuple(VIEWS)), (1280, 720, 260, SHORT, f"{CHANGED}&lab=on", BESIDE), (900, 1200, 460, SHORT, "", BESIDE)],
    ids=["projector", "projector, changed", "phone, changed", "large", "projector, drawer open", "tablet"],
)  # fmt: skip
def test_every_view_can_be_read_and_its_picture_comes_first(visit, width, height, most, text, state, views):
    """Also of a long sentence, under a change and in training: what is changed stands at the foot of the screen."""
    state = urlencode({"text": text, "second": text.replace("dogs", "girls").replace("old", "new")}) + f"&{state}"
    page = visit(f"?view=tokens&{state}", width=width, height=height)
    watch(page)
    met = {}
    for slug in views:
        lead(page, f"?view={slug}&{state}")
        expect(page.locator(f".st-key-view-{slug}")).to_be_visible()
        expect(page.locator(f".st-key-view-{slug}").locator(PICTURES).first).to_be_visible()
        settled(page).wait_for_function(READY)
        met[slug] = faults(page, most)
    assert {slug: each for slug, each in met.items() if each} == {}
    if CHANGED in state:
        expect(page.locator(".st-key-changes")).to_be_in_viewport()
    assert not page.problems
