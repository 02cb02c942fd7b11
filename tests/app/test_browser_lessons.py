"""The lessons in real Chromium: a newcomer finds them, walks through all steps, answers in the picture, and can read and hit everything."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import matrix_cell, settled
from support.tabs import lead

from viz.lessons import LESSONS, embedding, in_and_out, pronoun, residual
from viz.lessons.words import label
from viz.page.glossary import MEANINGS

expect.set_options(timeout=60_000)
FIRST = {embedding.LESSON.title: "card-neighbours", residual.LESSON.title: "card-shares"}
AXE = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js").read_text(encoding="utf-8")
LOOK = """async () => {
  const { violations } = await axe.run({ include: [".st-key-lesson"] }, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html.slice(0, 200), failureSummary]));
}"""
FAULTS = """() => [...document.querySelectorAll(".st-key-lesson :is(button, label, p, h2, a, .gap *)")].flatMap((node) => {
  const box = node.getBoundingClientRect(), size = parseFloat(getComputedStyle(node).fontSize);
  const wide = box.width && (box.right > innerWidth + 1 || box.left < -1) ? [`outside: ${node.textContent}`] : [];
  return node.textContent.trim() && box.width > 1 && size < 13 ? [...wide, `${size} px: ${node.textContent}`] : wide;
})"""


def stage(page, number: int):
    """The stage, once this lesson stands on it and the page is still."""
    expect(page.locator(f"[data-testid=lesson][data-lesson='{number}']")).to_contain_text(LESSONS[number - 1].title)
    return settled(page).locator(".st-key-lesson")


def go_on(page):
    """Next, past the nudge."""
    page.get_by_role("button", name="Next ▸", exact=True).click()
    page.get_by_test_id("nudge").wait_for()
    settled(page).get_by_role("button", name="Next ▸", exact=True).click()
    expect(page.get_by_test_id("nudge")).to_have_count(0)


def test_a_newcomer_walks_through_all_steps(visit):
    """From Learn on, in one tab: every step has its question; the picture is covered until the reader has guessed; Finish leaves the view."""
    page = visit("?view=output", fresh=True)
    page.get_by_role("button", name="Learn").click()
    for number, lesson in enumerate(LESSONS, 1):
        for part in range(len(lesson.steps)):
            box = stage(page, number)
            expect(
                page.locator(f".st-key-view-{lesson.settings['view']}" if part == 0 and len(lesson.steps) == 1 else ".stMain")
            ).to_be_visible()
            if lesson is not LESSONS[-1] or lesson is pronoun.LESSON:
                expect(box.get_by_test_id("question")).to_be_visible()
            if lesson.title in FIRST:  # the picture of the step, though its view has others
                expect(page.locator(f".st-key-{FIRST[lesson.title]}")).to_be_in_viewport(ratio=0.5)
            if number < len(LESSONS):
                go_on(page)
    page.get_by_role("button", name="Finish").click()
    page.get_by_test_id("nudge").wait_for()
    settled(page).get_by_role("button", name="Finish").click()
    expect(page.locator(".st-key-lesson")).to_have_count(0)
    expect(page.locator(".st-key-view-one-head")).to_be_visible()
    assert not page.problems


def test_answers_come_from_the_picture_and_its_symbols_light_up(visit, translator):
    """A cell and a head are clicked; a symbol marks its part, and the part lights its symbol; a word of the field says what it means."""
    page = visit("?lesson=1")
    box, trace = stage(page, 1), translator.trace(LESSONS[-1].sentence)
    symbol = box.locator(".symbol").last
    symbol.hover()
    expect(page.get_by_test_id("symbol-mark")).to_be_visible()
    expect(box.locator(".symbol-words")).to_contain_text("this one produces")
    row, column = (int(number) for number in box.locator(".symbol[data-marks^=cell]").get_attribute("data-marks").split()[1:])
    page.mouse.move(*matrix_cell(page, row, column))
    expect(box.locator(".symbol.lit")).to_have_count(3)
    asks = box.get_by_test_id("question").inner_text()
    names = [(query, key) for query in range(len(trace.labels)) for key in range(len(trace.source))
             if f"produces {label(trace.labels, query)} looks at {label(trace.source, key)}." in asks]  # fmt: skip
    page.mouse.click(*matrix_cell(page, row, (column + 1) % len(trace.source)))
    expect(box.get_by_test_id("feedback")).to_contain_text("Not quite.")
    page.mouse.click(*matrix_cell(settled(page), *names[0]))
    expect(box.get_by_test_id("feedback")).to_contain_text("Right.")
    expect(page.locator(".st-key-view-one-head")).to_be_visible()
    page.get_by_test_id("view-sentence").hover()
    lead(page, "?view=output&lesson=13&output_part=loss")
    term = stage(page, 13).locator("a.term").first
    term.hover()
    expect(page.get_by_test_id("term-note")).to_contain_text(MEANINGS[term.inner_text().lower()])
    term.focus()
    expect(term).to_have_attribute("aria-describedby", "headlight-term")
    lead(page, "?view=output&output_part=loss")
    caption = page.locator(".st-key-view-output [data-testid=stCaptionContainer] a[href^='?view=']").first
    caption.hover()
    expect(page.get_by_test_id("term-note")).to_contain_text(MEANINGS[caption.inner_text().lower()])
    assert not page.problems and in_and_out.LESSON is LESSONS[0]


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1280, 900), ("dark", 1280, 900), ("dark", 390, 844)])
def test_the_stage_can_be_read_and_hit_by_everyone(visit, scheme, width, height):
    """An answer, its gap and the way on, beside the picture and under it on a phone: axe finds nothing, nothing is cut off or small."""
    page = visit("?lesson=2", scheme, width, height)
    page.evaluate(AXE)
    box = stage(page, 2)
    picture = page.locator(".st-key-view-tokens > *").first
    expect(picture).to_have_css("filter", "blur(11px)")
    box.get_by_role("button", name="That is my guess").click()
    expect(box.get_by_test_id("gap")).to_be_visible()
    expect(picture).to_have_css("filter", "none")
    assert page.evaluate(LOOK) == [] and page.evaluate(FAULTS) == []
    page.get_by_role("button", name="Next ▸", exact=True).click()
    for at in range(3):
        stage(page, 3).locator("[role=radiogroup] label").nth(at).click()
        expect(box.get_by_test_id("gap").get_by_role("listitem").nth(at)).to_contain_text("you")  # drawn for this very answer
        settled(page)
    expect(box.get_by_test_id("feedback")).to_be_visible()
    expect(box.get_by_test_id("gap").get_by_role("listitem")).to_have_count(4)
    assert page.evaluate(LOOK) == [] and page.evaluate(FAULTS) == []
    view, stands = page.locator(".st-key-view-embeddings").bounding_box(), box.bounding_box()
    assert view["y"] < height / 3 and (stands["x"] > view["x"] + 300 or stands["y"] > view["y"] + 150)
    assert page.evaluate("document.documentElement.scrollWidth") <= width and not page.problems
