"""What a reader takes away, in real Chromium: pictures of every view, and files that live without the page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy
import pytest

pytest.importorskip("playwright")
from PIL import Image
from playwright.sync_api import expect
from support.chromium import open_head, settled
from support.tabs import lead

from viz.theme import PALETTES
from viz.views import VIEWS

expect.set_options(timeout=60_000)
TEXT = "{http://www.w3.org/2000/svg}text"
FILES = {"CSV", "NPZ", "safetensors", "Python", "Notebook"}  # of every view with a picture
TIPS = {  # where in the file a pointer finds something to say, and what says it
    "lines": (".attention-lines canvas", ".status:not(.idle)"), "steps": (".attention-steps .cells", ".status:not(.idle)"),
    "layers": ("[data-tip]", "#tip"), "decoding": (".decoding .source span", ""),
}  # fmt: skip


def rgb(colour: str) -> tuple[int, int, int]:
    """#rrggbb as numbers."""
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def open_menu(page):
    """The menu of what can be taken away, open and complete."""
    menu = page.locator(".st-key-take-menu")
    if not menu.count():
        page.get_by_role("button", name="Take away").click()
    expect(menu.get_by_role("button", name="Notebook")).to_be_visible()
    expect(menu.get_by_test_id("take-link")).to_be_visible()
    settled(page)
    return menu


def close_menu(page) -> None:
    """Put it away."""
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-take-menu")).to_have_count(0)


def save(page, button, folder: Path) -> Path:
    """Press a button that hands over a file."""
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def check_png(path: Path, width: float, colours) -> None:
    """Opaque, the card's colour at every edge, at least twice as wide as on the page, and anything but blank."""
    image = Image.open(path).convert("RGBA")
    assert image.getextrema()[3] == (255, 255) and image.width >= 2 * width - 4
    corners = {image.getpixel((x, y))[:3] for x in (2, image.width - 3) for y in (2, image.height - 3)}
    assert corners == {rgb(colours.card)}
    pixels = numpy.asarray(image.convert("L")).astype(int)
    ground = pixels[2, 2]
    assert (abs(pixels[:90] - ground) > 100).sum() > 200, "no words above"
    assert (abs(pixels[150:-60] - ground) > 15).mean() > 0.002, "no picture"


def check_svg(path: Path, words: set[str]) -> None:
    """XML; vectors with these words as text, and the title above."""
    root = ElementTree.parse(path).getroot()
    texts = ["".join(node.itertext()).strip(" ·\u00a0") for node in root.iter(TEXT)]
    assert words <= set(texts) | set(" ".join(texts).split()), words - set(texts)
    assert len(list(root.iter())) > 12 and root.get("viewBox")


def check_page(page, path: Path, slug: str) -> None:
    """Opened without the server and without network: it draws, and answers to the pointer."""
    assert not re.search(r"""(?:src|href)=["']https?://(?!127)""", path.read_text("utf-8").split("<script")[0])
    page.problems.clear()
    page.goto(path.as_uri())
    place, tip = TIPS.get(slug, ("main .area, main .figure canvas", ".tip"))
    spot = page.locator(place).last if slug == "steps" else page.locator(place).first
    spot.scroll_into_view_if_needed()
    box = spot.bounding_box()
    assert box["width"] * box["height"] > 0
    said = page.locator(tip).first if tip else None
    for share in (0.5, 0.36, 0.64, 0.2, 0.8, 0.44):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + min(share * box["height"], 600))
        if said is None or (said.count() and said.is_visible() and said.inner_text().strip()):
            break
    else:
        raise AssertionError(f"{slug}: nothing answers to the pointer")
    assert not page.problems


def pick_of(query: str) -> str:
    """The address of a view with a short sentence."""
    return f"?view={query}&text=The+cat+sat."


def test_every_view_gives_its_picture_its_numbers_and_its_page(visit, browser, tmp_path):
    """All of them in one walk: each offers its formats; SVG is vectors with the tokens as text, PNG twice as large, HTML alive alone."""
    page = visit(pick_of("all-heads"))
    context = browser.new_context(offline=True)
    alone = context.new_page()
    alone.problems = []
    alone.on("pageerror", lambda error: alone.problems.append(str(error)))
    alone.on("console", lambda message: message.type == "error" and alone.problems.append(message.text))
    words = {
        "all-heads": {"Encoder"},
        "roles": {"Cross-attention"},
        "tokens": {"The"},
        "positions": {"dimension"},
        "knockout": {"Cross-attention"},
    }
    for slug, view in VIEWS.items():
        if slug != "all-heads":
            lead(page, pick_of(slug))
        expect(settled(page).locator(f".st-key-view-{slug}")).to_be_visible()
        menu = open_menu(page)
        offers = FILES | ({"TikZ"} if slug in ("one-head", "qkv", "pair") else set())
        assert offers <= set(menu.locator(".stDownloadButton").all_inner_texts()), slug
        check_svg(
            save(page, menu.get_by_test_id("take-svg"), tmp_path),
            words.get(slug, {"cat"} if slug not in ("embeddings", "origin") else set()),
        )
        check_png(save(page, menu.get_by_test_id("take-png"), tmp_path), 240, PALETTES["light"])
        html = menu.get_by_test_id("take-page")
        path = save(page, html if html.count() else menu.get_by_role("button", name="HTML", exact=True), tmp_path)
        assert path.name.startswith(f"headlight_{view.title.lower().replace(', ', '-').replace(' ', '-')}")
        check_page(alone, path, slug)
        close_menu(page)
        assert not page.problems
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_wears_the_theme_and_its_name_follows_the_screen(visit, tmp_path, scheme):
    """Its paper is the card's, its file is named after head and sentence; marks, emoji and long text do not spoil the name."""
    page = visit("?view=one-head&text=The+cat+sat.&kind=encoder&layer=1&head=1&causal=off", scheme)
    path = save(page, open_menu(page).get_by_test_id("take-png"), tmp_path)
    assert path.name == "headlight_one-head-encoder-self-attention-layer-1-head-1_the-cat-sat.png"
    check_png(path, page.get_by_test_id("matrices").bounding_box()["width"], PALETTES[scheme])
    close_menu(page)
    page.get_by_label("English sentence").fill("Où est/le <chat>? 😀 " + "very " * 40)
    expect(page.get_by_test_id("tokens-source")).to_contain_text("very")
    open_head(page, "Encoder self-attention, layer 1, head 4")
    expect(page.get_by_test_id("head-title")).to_contain_text("head 4")
    path = save(page, open_menu(page).get_by_test_id("take-svg"), tmp_path)
    start = "headlight_one-head-encoder-self-attention-layer-1-head-4_où-est-le-chat-very"
    assert re.fullmatch(rf"{start}[-very]*\.svg", path.name) and len(path.name) < 150
    texts = ["".join(node.itertext()) for node in ElementTree.parse(path).getroot().iter(TEXT)]
    assert any("<chat>" in text for text in texts) and any(text.startswith("Changed:") for text in texts)
    close_menu(page)
    assert not page.problems


def test_a_figure_in_space_is_saved_by_plotly(visit, tmp_path):
    """One of several pictures is chosen; its vectors and its pixels."""
    page = visit("?view=embeddings&space=3d&text=The+cat+sat.")
    menu = open_menu(page)
    menu.get_by_role("combobox").click()
    page.get_by_role("option", name="Where the pieces lie").click()
    expect(menu.get_by_role("group", name="Where the pieces lie").first).to_be_attached()
    path = save(page, menu.get_by_test_id("take-svg"), tmp_path)
    assert "where-the-pieces-lie" in path.name
    check_svg(path, {"cat"})
    check_png(save(page, menu.get_by_test_id("take-png"), tmp_path), 240, PALETTES["light"])
    close_menu(page)
    assert not page.problems


def test_the_keyboard_and_a_phone_reach_the_menu(visit, tmp_path):
    """Enter opens it, Tab walks through it; on a phone it fits the screen, and its buttons are large enough for a thumb."""
    page = visit(pick_of("one-head"), width=390, height=844)
    button = page.get_by_role("button", name="Take away")
    button.scroll_into_view_if_needed()
    button.focus()
    page.keyboard.press("Enter")
    menu = page.locator(".st-key-take-menu")
    expect(menu.get_by_test_id("take-svg")).to_be_visible()
    box = menu.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    for one in menu.get_by_role("button").all():
        assert one.bounding_box()["height"] >= 40
    save(page, menu.get_by_test_id("take-png"), tmp_path)
    expect(menu.get_by_role("status").first).to_have_text("Saved as PNG")
    close_menu(page)
    assert not page.problems


def test_a_lesson_is_printed_with_its_answers_behind(visit, browser, tmp_path):
    """A page or two of questions, the pictures as vectors, and the answers begin on a page of their own."""
    page = visit("?lesson=2&view=tokens&text=Two+dogs+are+playing+in+the+snow.")
    menu = open_menu(page)
    path = save(page, menu.get_by_role("button", name="Lesson 2"), tmp_path)
    context = browser.new_context(offline=True)
    paper = context.new_page()
    paper.goto(path.as_uri())
    expect(paper.locator("body")).to_have_attribute("data-pictures", "drawn")
    assert paper.locator("figure > svg text").count() > 5 and not paper.locator("canvas").count()
    expect(paper.locator("header")).to_contain_text("Two dogs are playing in the snow.")
    assert paper.locator(".blank").count() >= 2  # the name, and the prediction
    answers = paper.locator(".answers")
    assert answers.locator("b").count() == 1 and answers.evaluate("node => getComputedStyle(node).breakBefore") == "page"
    for format_ in ("A4", "Letter"):
        assert len(re.findall(rb"/Type\s*/Page\b", paper.pdf(format=format_))) == 2
    context.close()
    close_menu(page)
    assert not page.problems
