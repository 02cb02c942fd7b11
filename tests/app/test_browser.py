"""The real page in real Chromium: type, hover, click, flip a switch, reload the link, light and dark."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect
from support.chromium import open_changes, open_view, settled
from support.shipped import chips, french_chips
from support.tabs import lead

from viz.views import VIEWS

expect.set_options(timeout=60_000)
FIELD = "English sentence"
ANY = ("<script>alert(1)</script>", "</s> and <s>", "😀 👩‍👩‍👧", "مرحبا بالعالم", "中文句子", "‮abc‬", "$x$ `a` **b** [c](d)")


def tokens(page, name: str):
    """The chips of one row."""
    return page.get_by_test_id(f"tokens-{name}").locator(".chip")


def query(page) -> dict[str, str]:
    """The parameters in the address bar."""
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_typing_is_followed_without_enter(visit, translator, scheme):
    """A pause is enough: chips, status, grid and URL follow the text."""
    page = visit(scheme=scheme)
    grid = page.get_by_test_id("heads-grid")
    expect(grid).to_have_attribute("data-theme", scheme)
    drawn = int(grid.get_attribute("data-frames"))
    field = page.get_by_label(FIELD)
    field.fill("Two dogs are playing.")
    expect(tokens(page, "source").nth(1)).to_have_text("·dogs")
    expect(tokens(page, "target").filter(has_not_text="</s>")).to_have_text(
        french_chips(translator, "Two dogs are playing.")[:-1]
    )
    expect(page.get_by_test_id("status")).to_contain_text(f"{len(translator.source('Two dogs are playing.'))} + ")
    expect(page).to_have_url(re.compile("text=Two"))
    expect(grid).not_to_have_attribute("data-frames", str(drawn))
    expect(field).to_have_value("Two dogs are playing.")
    assert not page.problems


def test_hover_says_the_cell_in_words_and_click_opens_the_head(visit):
    """Hovering never reruns; a click opens the head in the card and in the URL; the keyboard can do both."""
    page = visit()
    grid = page.get_by_test_id("heads-grid")
    expect(grid).to_have_attribute("data-frames", re.compile("[1-9]"))
    cell = {"x": grid.bounding_box()["width"] * 0.55, "y": 80}
    grid.hover(position=cell)
    expect(grid).to_have_attribute("data-hover", re.compile("attends to"))
    before = grid.get_attribute("data-selected")
    grid.click(position=cell)
    expect(grid).not_to_have_attribute("data-selected", before)
    expect(page.get_by_test_id("head-title")).to_have_text(re.compile("^Encoder self-attention, layer"))
    expect(page).to_have_url(re.compile("kind=encoder"))
    grid.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    _, layer, head = re.match(r"(\w+)-(\d)-(\d)", grid.get_attribute("data-selected")).groups()
    expect(page.get_by_test_id("head-title")).to_have_text(
        f"Encoder self-attention, layer {int(layer) + 1}, head {int(head) + 1}"
    )


def test_the_open_head_stays_open_when_the_sentence_changes(visit):
    """Neither the selection nor the canvas is rebuilt when the text changes."""
    page = visit("?view=all-heads&kind=decoder&layer=2&head=5")
    grid = page.get_by_test_id("heads-grid")
    expect(grid).to_have_attribute("data-selected", "decoder-1-4")
    grid.evaluate("element => { element.marked = true }")
    page.get_by_label(FIELD).fill("The cat sat.")
    expect(tokens(page, "source").nth(1)).to_have_text("·cat")
    expect(grid).to_have_attribute("data-selected", "decoder-1-4")
    assert grid.evaluate("element => element.marked === true")
    expect(page.get_by_test_id("head-title")).to_have_text("Decoder self-attention, layer 2, head 5")


def test_a_switch_says_what_changed_and_shows_both_translations(visit):
    """Flip the look-ahead mask off and take the positions away; the link opens the same picture; reset restores."""
    page = visit()
    open_changes(page)
    page.get_by_text("Look-ahead mask", exact=True).click()
    expect(page.locator(".st-key-changes")).to_contain_text("look-ahead mask off")
    page.get_by_role("combobox", name=re.compile("Source positions")).click()
    page.get_by_role("option", name="none").click()
    expect(page.locator(".st-key-changes")).to_contain_text("English positions taken away")
    expect(page.get_by_test_id("tokens-original")).to_be_visible()
    expect(page).to_have_url(re.compile("source_positions=none"))
    page.locator(".st-key-drawer-close").get_by_role("button").click()
    expect(page).not_to_have_url(re.compile("lab="))
    assert query(page) == {"causal": "off", "source_positions": "none"}
    now = tokens(page, "target").all_inner_texts()
    again = visit("?" + urlparse(page.url).query)
    expect(again.locator(".st-key-changes")).to_contain_text("English positions taken away")
    assert tokens(again, "target").all_inner_texts() == now
    again.get_by_role("button", name="Reset", exact=True).click()
    expect(again.get_by_test_id("changed-note")).to_have_count(0)


def test_every_view_opens_from_a_click_and_from_its_url(visit):
    """Each view draws something, says its sentence, and its link opens it, in light and in dark: one tab is clicked through, one follows."""
    page, again = (visit("?view=lines&text=The+cat+sat.&second=The+dog+sat.", scheme) for scheme in ("light", "dark"))
    for slug, view in VIEWS.items():
        open_view(settled(page), view.title)
        if slug == next(iter(VIEWS)):  # the address follows the picture; the default is not written
            expect(page).not_to_have_url(re.compile("view="))
        else:
            expect(page).to_have_url(re.compile(f"view={slug}"))
        lead(again, "?" + urlparse(page.url).query)
        for tab in (page, again):
            expect(tab.get_by_test_id("view-sentence")).to_have_text(view.sentence)
            picture = tab.locator(f".st-key-view-{slug}").locator("[data-testid=stVegaLiteChart], canvas, table")
            expect(picture.first).to_be_visible()
            assert not settled(tab).problems, slug


def test_lines_choose_layer_and_heads_inside_and_keep_them_in_the_url(visit):
    """The line view's own controls reach the URL; the link brings them back."""
    page = visit("?view=lines&kind=encoder&layer=3&head=1&heads=1,2")
    lines = page.get_by_test_id("attention-lines")
    expect(lines).to_have_attribute("data-kind", "encoder")
    expect(lines).to_have_attribute("data-layer", "2")
    expect(lines).to_have_attribute("data-heads", "0,1")
    lines.get_by_role("button", name="Cross").click()
    expect(lines).to_have_attribute("data-kind", "cross")
    expect(page).not_to_have_url(re.compile("kind=encoder"))
    assert not page.problems


def test_own_translation_is_read_instead_of_the_models(visit, translator):
    """Teacher forcing: the reader's French stands on the target side, with its loss."""
    page = visit()
    page.get_by_text("your own translation", exact=True).click()
    page.get_by_label(re.compile("Your own translation")).fill("Le chat dort.")
    expect(page.get_by_test_id("tokens-target")).to_contain_text("Yours")
    expect(tokens(page, "target").filter(has_not_text="</s>")).to_have_text(chips(translator.target("Le chat dort."))[:-1])
    expect(page.get_by_text("nats per token")).to_be_visible()
    expect(page).to_have_url(re.compile("target=Le"))


def test_any_text_is_shown_as_text(visit):
    """Markup, emoji, right-to-left and Chinese are traced as text; special tokens are never taken from the text."""
    page = visit()
    field = page.get_by_label(FIELD)
    for text in ANY:
        field.fill(text)
        page.wait_for_function("text => new URLSearchParams(location.search).get('text') === text", arg=text)
        settled(page)
        expect(tokens(page, "source").last).to_have_text("</s>")
        expect(field).to_have_value(text)
        expect(page.locator(".chip.special")).to_have_count(2)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert not page.problems, text


def test_too_much_text_is_answered_in_words_and_kept(visit, translator):
    """Past the limit: the count, the limit, and the text stays in the field. Blank text likewise."""
    page = visit()
    field = page.get_by_label(FIELD)
    long = "word " * 2000
    field.fill(long)
    expect(page.get_by_test_id("stAlert")).to_contain_text(re.compile(r"has \d{4} tokens; the model reads at most 500"))
    expect(field).to_have_value(long)
    field.fill("   ")
    expect(page.get_by_test_id("stAlert")).to_contain_text("nothing to read")
    field.fill("The cat sat.")
    expect(tokens(page, "target").first).to_have_text(french_chips(translator, "The cat sat.")[0])
    assert not page.problems


def test_a_link_with_nonsense_opens_and_says_what_was_left_out(visit):
    """Unknown parameters and values are dropped with a notice that names them."""
    page = visit("?view=nothing&layer=99&text=Hello&strange=1")
    notices = page.get_by_test_id("stAlert")
    expect(notices).to_have_count(3)
    expect(notices.first).to_contain_text("view=nothing")
    expect(page.get_by_label(FIELD)).to_have_value("Hello")
    expect(page.get_by_test_id("heads-grid")).to_have_attribute("data-frames", re.compile("[1-9]"))


def test_it_works_on_a_narrow_screen(visit):
    """At 400 px nothing is wider than the page."""
    page = visit(width=400, height=800)
    expect(page.get_by_test_id("heads-grid")).to_have_attribute("data-frames", re.compile("[1-9]"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
