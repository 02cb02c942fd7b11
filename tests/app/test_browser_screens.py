"""Every view on a phone, a tablet, a projector and a large screen, in one tab each: what is written can be read, and the picture comes first."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import settled
from support.sizes import PICTURES, faults, watch
from support.tabs import lead

from viz.views import VIEWS

expect.set_options(timeout=60_000)
TEXT = "text=Two+dogs+are+playing+in+the+snow.&second=Two+girls+are+playing+in+the+snow."
CHANGED = "source_positions=none&moment=1"
BESIDE = ("joined", "output", "lines", "pair")  # views with two cards side by side where there is room, or with rows of buttons
READY = "() => !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"


@pytest.mark.parametrize(
    ("width", "height", "most", "state", "views"),
    [(1280, 720, 200, "", tuple(VIEWS)), (1280, 720, 200, CHANGED, tuple(VIEWS)), (390, 844, 330, CHANGED, tuple(VIEWS)),
     (1920, 1080, 400, "", tuple(VIEWS)), (1280, 720, 260, f"{CHANGED}&lab=on", BESIDE), (900, 1200, 460, "", BESIDE)],
    ids=["projector", "projector, changed", "phone, changed", "large", "projector, drawer open", "tablet"],
)  # fmt: skip
def test_every_view_can_be_read_and_its_picture_comes_first(visit, width, height, most, state, views):
    """Also under a change and in training: what is changed stands at the foot of the screen."""
    page = visit(f"?view=tokens&{TEXT}&{state}", width=width, height=height)
    watch(page)
    met = {}
    for slug in views:
        lead(page, f"?view={slug}&{TEXT}&{state}")
        expect(page.locator(f".st-key-view-{slug}")).to_be_visible()
        expect(page.locator(f".st-key-view-{slug}").locator(PICTURES).first).to_be_visible()
        settled(page).wait_for_function(READY)
        met[slug] = faults(page, most)
    assert {slug: each for slug, each in met.items() if each} == {}
    if CHANGED in state:
        expect(page.locator(".st-key-changes")).to_be_in_viewport()
    assert not page.problems
