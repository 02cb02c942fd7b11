"""Present in real Chromium: everything can be read from the back row and fits, keys and a clicker walk, the notes follow."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import segno

pytest.importorskip("playwright")
from PIL import Image
from playwright.sync_api import Error, expect
from support.chromium import settled
from support.sizes import small, watch
from support.tabs import lead

from viz.lessons import LESSONS, tokens
from viz.page.present import order
from viz.views import VIEWS

expect.set_options(timeout=60_000)
AXE = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js").read_text(encoding="utf-8")
LOOK = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html.slice(0, 200), failureSummary]));
}"""
TEXT = "text=Two+dogs+are+playing+in+the+snow.&second=Two+girls+are+playing+in+the+snow."
READY = "() => !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"
FITS = "() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollHeight <= main.clientHeight + 1; }"
FAR = 24  # px: the least type at 1280 x 720 that a back row reads
STEPS = [(number, part) for number, lesson in enumerate(LESSONS, 1) for part in range(len(lesson.steps))]


def faults(page, least: float) -> list[str]:
    """What is too small or does not fit, once the page is still."""
    settled(page).wait_for_function(READY)
    try:
        page.wait_for_function(FITS, timeout=10_000)  # drawings take their new room one after the other
    except Error:
        return ["it does not fit on the screen"]
    return small(page, least)


def stands(page, at: int, mode: str = "1"):
    """The page once its walk is at a stop, and hears keys as the mode has them."""
    expect(page.get_by_test_id("presenting")).to_have_attribute("data-mode", mode)
    expect(page.get_by_test_id("presenting")).to_have_attribute("data-at", str(at))
    return page


def test_every_view_can_be_read_from_the_back_row(visit):
    """A clicker walks through all of them; on a larger screen they grow."""
    slugs = order(VIEWS)
    page = visit(f"?view={slugs[0]}&present=1&{TEXT}", width=1280, height=720)
    watch(page)
    met = {}
    for at, slug in enumerate(slugs):
        if at:
            page.keyboard.press("PageDown")
        stands(page, at)
        expect(page.locator(f".st-key-view-{slug}")).to_be_visible()
        met[slug] = faults(page, FAR)
    page.keyboard.press("PageDown")
    page.set_viewport_size({"width": 1920, "height": 1080})
    faults(page, FAR)  # what was drawn on the way to the new size
    for slug in ("one-head", "tokens", "layers"):
        lead(page, f"?view={slug}&present=1&{TEXT}")
        expect(page.locator(f".st-key-view-{slug}")).to_be_visible()
        met[f"{slug}, large"] = faults(page, 1.5 * FAR)
    assert {slug: each for slug, each in met.items() if each} == {} and not page.problems


def test_quick_keys_never_lose_the_page(visit):
    """A clicker that is pressed again while the page works: it lands where it should, connected and without an error."""
    slugs = order(VIEWS)
    page = visit(f"?view={slugs[3]}&present=1&{TEXT}", fresh=True, width=1280, height=720)
    stands(page, 3)
    for turn in range(15):
        for key in ("PageDown", "PageDown", "PageUp", "PageUp"):
            page.keyboard.press(key, delay=(turn % 5) * 40)
    stands(settled(page), 3)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-connection-state", "CONNECTED")
    expect(page.locator(f".st-key-view-{slugs[3]}")).to_be_visible()
    assert not page.problems


def test_keys_count_from_where_the_ones_before_lead(visit):
    """Also where the page has heard none of them yet: back to where it stands is a walk like any other."""
    slugs = order(VIEWS)
    page = visit(f"?view={slugs[3]}&present=1&{TEXT}", width=1280, height=720)
    stands(page, 3)
    burst = "(keys) => keys.forEach((key) => document.dispatchEvent(new KeyboardEvent('keydown', { key })))"
    there_and_back = ["PageDown", "PageDown", "PageUp", "PageUp"]
    for keys, at in ((there_and_back, 3), (["PageDown"] * 2, 5), (["PageUp"] * 3, 2), (["End", "Home"], 0)):
        page.evaluate(burst, keys)
        stands(settled(page), at)
        expect(page.locator(f".st-key-view-{slugs[at]}")).to_be_visible()


def test_every_lesson_can_be_read_from_the_back_row(visit):
    """Step after step, covered and then revealed, in the dark theme."""
    page = visit(
        f"?lesson=1&view={LESSONS[0].settings['view']}&present=1", "dark", 1280, 720, fresh=True
    )  # nobody has answered yet
    watch(page)
    met, gaps = {}, 0
    for at, step in enumerate(STEPS):
        if at:
            page.keyboard.press("ArrowRight")
        stands(page, at)
        expect(page.get_by_test_id("question")).to_be_visible()
        page.keyboard.press("r")
        expect(page.get_by_test_id("wall-answer")).to_be_visible()
        expect(page.locator("[class*=st-key-view-] > *").first).to_have_css("filter", "none")
        met[step] = faults(page, FAR)
        gaps += page.get_by_test_id("gap").count()
    assert gaps == 16  # of all but four sliders, which nobody has moved, and three statements
    assert {step: each for step, each in met.items() if each} == {} and not page.problems


def test_keys_belong_to_the_wall_until_the_picture_has_the_focus(visit):
    """P enters; arrows walk; in a picture they are its own, while a clicker goes on; B blanks; Escape leaves step by step."""
    page = visit(f"?view=one-head&{TEXT}", fresh=True, width=1280, height=720)
    at = order(VIEWS).index("one-head")
    stands(page, 0, mode="").keyboard.press("p")
    stands(page, at)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    matrix = settled(page).get_by_test_id("matrices")
    matrix.focus()
    page.keyboard.press("ArrowRight")
    expect(matrix).to_have_attribute("data-cursor", "0,0,1")
    stands(page, at)
    page.keyboard.press("PageUp")
    stands(page, at - 1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    stands(page, at + 2)
    for key, name in (("b", "blank"), ("?", "help")):
        page.keyboard.press(key)
        expect(page.get_by_test_id(f"cover-{name}")).to_be_visible()
        page.keyboard.press(key)
        expect(page.get_by_test_id(f"cover-{name}")).to_have_count(0)
    page.keyboard.press("b")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("cover-blank")).to_have_count(0)
    assert "present=1" in page.url
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page).not_to_have_url("present=")
    assert not page.problems


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_qr_code_says_this_very_page(visit, scheme):
    """Every module as segno makes it of the address without the wall, dark on white in both themes."""
    page = visit(f"?view=tokens&present=1&{TEXT}", scheme, 1280, 720)
    stands(page, order(VIEWS).index("tokens")).keyboard.press("q")
    drawing = page.get_by_test_id("cover-code").get_by_role("img")
    expect(drawing).to_be_visible()
    link = page.evaluate("() => { const url = new URL(location.href); url.searchParams.delete('present'); return url.href; }")
    assert "present" not in link and "view=tokens" in link
    rows = ["".join(map(str, row)) for row in segno.make_qr(link, error="l").matrix]
    picture = Image.open(io.BytesIO(drawing.screenshot())).convert("L")
    step = picture.height / (len(rows) + 8)
    left = (picture.width - picture.height) / 2
    for y in range(-4, len(rows) + 4):
        for x in range(-4, len(rows) + 4):
            dark = 0 <= y < len(rows) and 0 <= x < len(rows) and rows[y][x] == "1"
            level = picture.getpixel((int(left + (x + 4.5) * step), int((y + 4.5) * step)))
            assert level < 60 if dark else level > 200, (x, y, level)
    assert picture.height > 400
    page.keyboard.press("Escape")
    page.evaluate(AXE)
    assert page.evaluate(LOOK) == [] and not page.problems


def test_the_notes_follow_the_wall_and_lead_it(visit):
    """N opens them; a step and an answer of the wall arrive there; a key there walks the wall."""
    page = visit(f"?lesson=1&view=one-head&present=1&{TEXT}", fresh=True, width=1280, height=720)
    with page.context.expect_page() as opening:
        stands(page, 0).keyboard.press("n")
    notes = opening.value
    expect(notes.get_by_test_id("notes-title")).to_contain_text(LESSONS[0].title)
    page.bring_to_front()
    page.keyboard.press("ArrowRight")
    expect(notes.get_by_test_id("notes-title")).to_contain_text(tokens.LESSON.title)
    expect(notes.get_by_test_id("notes-status")).to_contain_text("since the start · the answer is covered")
    page.keyboard.press("r")
    expect(notes.get_by_test_id("notes-status")).to_contain_text("the answer is shown")
    expect(notes.get_by_test_id("notes-answer")).to_be_visible()
    expect(notes.get_by_test_id("notes-next")).to_contain_text(LESSONS[2].title)
    notes.evaluate(AXE)
    assert settled(notes).evaluate(LOOK) == []
    notes.bring_to_front()
    notes.keyboard.press("PageDown")
    stands(page, 2)
    expect(notes.get_by_test_id("notes-title")).to_contain_text(LESSONS[2].title)
    notes.close()
    assert not page.problems


def test_a_ring_stands_where_the_pointer_is(visit):
    """What moves it is an event with shares of the picture; whoever sends it moves the ring. L holds it."""
    page = visit(f"?view=one-head&present=1&{TEXT}", width=1280, height=720)
    area = settled(page).get_by_test_id("matrices").locator(".area").first
    page.evaluate("document.addEventListener('headlight-pointer', ({ detail }) => (window.pointed = detail))")
    box, spot = area.bounding_box(), page.get_by_test_id("spot")
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    stands(page, order(VIEWS).index("one-head")).keyboard.press("l")
    expect(spot).to_be_visible()
    place = page.evaluate("window.pointed")
    assert place["picture"] == "head-matrix" and abs(place["x"] - 0.25) < 0.01 and abs(place["y"] - 0.5) < 0.01
    detail = json.dumps({**place, "x": 0.75})
    page.evaluate(f"document.dispatchEvent(new CustomEvent('headlight-pointer', {{ detail: {detail} }}))")
    ring = spot.bounding_box()
    assert abs(ring["x"] + ring["width"] / 2 - box["x"] - 0.75 * box["width"]) < 3 and ring["width"] > 60
    page.keyboard.press("l")
    expect(spot).to_be_hidden()
    assert not page.problems


def test_thumbs_walk_on_a_phone(visit):
    """Large buttons at the foot: on, reveal, back; the picture is wide and nothing hangs over."""
    page = visit("?lesson=2&view=tokens&present=1", "dark", 390, 844, fresh=True)  # nobody has answered yet
    bar = page.get_by_role("toolbar", name="Present")
    for button in bar.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 60
    bar.get_by_role("button", name="Reveal").click()
    expect(page.get_by_test_id("wall-answer")).to_be_visible()
    bar.get_by_role("button", name="Next ▸").click()
    stands(page, 2)
    bar.get_by_role("button", name="◂ Back").click()
    stands(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate(AXE)
    assert settled(page).evaluate(LOOK) == []
    bar.get_by_role("button", name="Leave Present").click()
    expect(page.locator(".st-key-header")).to_be_visible()
    assert not page.problems
