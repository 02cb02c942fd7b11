"""Pictures that the reader saves, in real Chromium: on paper, twice as large, and saying what they show."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")
from PIL import Image
from playwright.sync_api import expect
from support.chromium import open_head, settled

from viz.theme import PALETTES

expect.set_options(timeout=60_000)


def rgb(colour: str) -> tuple[int, int, int]:
    """#rrggbb as numbers."""
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def lightness(pixel: tuple[int, ...]) -> float:
    """0 black, 255 white."""
    return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]


def save(page, card: str, tmp_path) -> tuple[str, Image.Image, dict]:
    """Press the button that saves the picture of a card. Returns the file's name, the picture, and its box on the page."""
    chart = (
        page.locator(f".st-key-{card}")
        .locator(".js-plotly-plot, [data-testid=stVegaLiteChart], .matrices .panels, .figure")
        .first
    )
    expect(chart).to_be_visible()
    settled(page)
    chart.hover()
    plot = chart.locator(".modebar-btn[data-title^='Download plot']")
    named = page.locator(f".st-key-{card}").get_by_role("button", name=re.compile("^(Download as PNG.*|Save)$"))
    button = plot if plot.count() else named.first
    with page.expect_download() as download:
        button.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path.name, Image.open(path), chart.bounding_box()


def check_paper(picture: Image.Image, colours) -> None:
    """Opaque, the card's colour at every edge, and text in ink that stands out above the picture."""
    image = picture.convert("RGBA")
    assert image.getextrema()[3] == (255, 255)
    corners = [image.getpixel((x, y)) for x in (2, image.width - 3) for y in (2, image.height - 3)]
    assert {corner[:3] for corner in corners} == {rgb(colours.card)}
    head = image.convert("RGB").crop((0, 0, image.width, 90))
    contrast = [abs(lightness(pixel) - lightness(rgb(colours.card))) for _, pixel in head.getcolors(head.width * head.height)]
    assert max(contrast) > 150


@pytest.mark.parametrize(
    ("scheme", "link", "card", "shows"),
    [("light", "view=one-head&kind=encoder&layer=2&head=3", "card-head", "one-head-encoder-self-attention-layer-2-head-3"),
     ("dark", "view=one-head&kind=encoder&layer=2&head=3", "card-head", "one-head-encoder-self-attention-layer-2-head-3"),
     ("dark", "view=qkv&layer=1&head=2", "card-qkv", "q-k-v-cross-attention-layer-1-head-2"),
     ("light", "view=layers", "card-norms", "layer-by-layer-how-long-every-vector-is"),
     ("dark", "view=layers", "card-norms", "layer-by-layer-how-long-every-vector-is"),
     ("dark", "view=embeddings&space=3d", "card-map", "embeddings-where-the-pieces-lie")],
)  # fmt: skip
def test_a_saved_picture_has_paper_resolution_sentence_and_name(visit, tmp_path, scheme, link, card, shows):
    """Heatmaps, several matrices, statistics and 3-D alike, whichever library draws them; what one draws, in both colours."""
    page = visit(f"?{link}&text=The+cat+sat.", scheme)
    name, picture, box = save(page, card, tmp_path)
    assert name == f"headlight_{shows}_the-cat-sat.png"
    assert picture.width >= 2 * box["width"] - 4 and picture.height >= 2 * box["height"] + 100
    check_paper(picture, PALETTES[scheme])
    assert not page.problems


def test_the_name_follows_what_is_on_screen(visit, tmp_path):
    """Another sentence and another head: the next file says so; marks and emoji do not spoil the name, and long text is cut."""
    page = visit("?view=one-head&text=The+cat+sat.&kind=encoder&layer=1&head=1&causal=off")
    assert save(page, "card-head", tmp_path)[0] == "headlight_one-head-encoder-self-attention-layer-1-head-1_the-cat-sat.png"
    page.get_by_label("English sentence").fill("Où est/le <chat>? 😀 " + "very " * 40)
    expect(page.get_by_test_id("tokens-source")).to_contain_text("very")
    open_head(page, "Encoder self-attention, layer 1, head 4")
    expect(page.get_by_test_id("head-title")).to_contain_text("head 4")
    name = save(page, "card-head", tmp_path)[0]
    assert (
        re.fullmatch(r"headlight_one-head-encoder-self-attention-layer-1-head-4_où-est-le-chat-very[-very]*\.png", name)
        and len(name) < 150
    )
    assert not page.problems
