"""The view Embeddings in real Chromium: choose a token, look up a neighbour, come back by link, turn to three dimensions."""

from __future__ import annotations

import re
from urllib.parse import urlparse

import pytest
from support.chromium import click_at, open_view, settled
from support.tabs import lead

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)
TEXT = "text=Two+dogs+are+playing+in+the+snow."
SHORT = re.compile("Neighbours of “·dogs”$")


def plot(page, name: str):
    """The figure of one card: flat, or in space by Plotly."""
    return page.locator(f".st-key-embeddings-{name}").locator(".figure, .js-plotly-plot")


def layers(page, name: str) -> list[str]:
    """The names of what a figure draws, as soon as it does."""
    return page.wait_for_function(
        "selector => document.querySelector(selector)?.data?.map(part => part.name)",
        arg=f".st-key-embeddings-{name} .js-plotly-plot",
    ).json_value()


def click(page, name: str, layer: str, index: int) -> None:
    """What Plotly reports when a point is clicked in three dimensions, where no element can be pointed at."""
    page.wait_for_function(
        """([selector, layer, index]) => {
            const figure = document.querySelector(selector);
            const part = figure?.data?.find(item => item.name === layer);
            if (!part || !figure.clickReport) return false;
            figure.emit("plotly_click", { points: [{ data: part, pointNumber: index, customdata: part.customdata[index] }] });
            return true;
        }""",
        arg=[f".st-key-embeddings-{name} .js-plotly-plot", layer, index],
    )


def test_it_opens_by_click_and_by_link(visit):
    """Vectors, neighbours, map and paths are drawn; Positions no longer draws the vectors."""
    page = visit(f"?{TEXT}")
    open_view(page, "Embeddings")
    expect(page).to_have_url(re.compile("view=embeddings"))
    for name in ("vectors", "neighbours", "map", "paths"):
        expect(plot(page, name)).to_be_visible()
    again = visit(f"?{TEXT}&view=embeddings", "dark")
    expect(again.get_by_test_id("neighbours-title")).to_have_text("Neighbours of “·Two”")
    positions = visit("?view=positions")
    expect(positions.locator(".st-key-card-added-norms").get_by_test_id("figure")).to_be_visible()
    expect(positions.locator(".st-key-card-added")).to_have_count(0)
    assert not page.problems and not again.problems


def test_a_neighbour_is_looked_up_and_the_link_brings_it_back(visit):
    """Choose a token, click its nearest neighbour, follow the link, go back."""
    page = visit(f"?{TEXT}&view=embeddings")
    page.get_by_role("radio", name="·dogs").or_(page.get_by_role("button", name="·dogs")).first.click()
    title = page.get_by_test_id("neighbours-title")
    expect(title).to_have_text(SHORT)
    expect(page).to_have_url(re.compile("token=2"))
    click_at(page, "card-neighbours", index=0)
    expect(title).to_have_text(re.compile("Neighbours of “.*”, which is not in your sentence"))
    expect(page).to_have_url(re.compile(r"piece=\d+"))
    said = title.inner_text()
    assert "“·dogs”" not in said
    again = visit("?" + urlparse(page.url).query)
    expect(again.get_by_test_id("neighbours-title")).to_have_text(said)
    again.get_by_role("button", name="Back to “·dogs”").click()
    expect(again.get_by_test_id("neighbours-title")).to_have_text(SHORT)
    expect(again).not_to_have_url(re.compile("piece="))
    assert not page.problems and not again.problems


def test_three_dimensions_report_clicks_and_stay_in_the_link(visit):
    """The switch turns map and paths; a click on a point looks it up, one on a path chooses its token."""
    page = visit("?view=embeddings&text=Two+dogs+sleep.&token=2")
    page.get_by_role("radio", name="3-D").or_(page.get_by_role("button", name="3-D")).first.click()
    expect(page).to_have_url(re.compile("space=3d"))
    for name in ("map", "paths"):
        expect(plot(page, name).locator(".gl-container")).to_be_attached()
    near = next(name for name in layers(page, "map") if name.startswith("near “"))
    click(page, "map", near, 0)
    expect(page.get_by_test_id("neighbours-title")).to_contain_text("which is not in your sentence")
    click(page, "paths", "other tokens", 0)
    expect(page.get_by_test_id("neighbours-title")).to_have_text("Neighbours of “·Two”")
    expect(page).to_have_url(re.compile("space=3d"))  # a link that says so opens in three dimensions: below
    expect(page).not_to_have_url(re.compile("piece="))
    assert not page.problems


def test_a_row_of_the_vectors_chooses_its_token(visit):
    """A click into the heatmap."""
    page = visit(f"?{TEXT}&view=embeddings")
    click_at(page, "card-vectors", row=1, column=90)
    expect(page.get_by_test_id("neighbours-title")).to_have_text(SHORT)
    expect(page).to_have_url(re.compile("token=2"))


def test_a_long_text_has_a_list_and_the_other_side_its_own_tokens(visit):
    """More tokens than fit in a row; switching sides keeps the page whole; repeated tokens carry their position."""
    page = visit("?view=embeddings&token=70&text=" + "+".join(["dog"] * 80))
    expect(page.locator(".st-key-embeddings-tokens").get_by_role("combobox")).to_have_value("·dog (70)")
    page.get_by_text("Target (decoder)", exact=True).click()
    expect(page).to_have_url(re.compile("side=decoder"))
    expect(page.get_by_test_id("neighbours-title")).to_contain_text("Neighbours of “")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert not page.problems


@pytest.mark.parametrize("text", ["%3Cscript%3Ealert(1)%3C/script%3E", "$x$ `a` **b** [c](d) :smile:", "中文 😀 مرحبا"])
def test_tokens_are_shown_as_text(visit, text):
    """Neither Markdown nor HTML is made of a token, in two dimensions and in three, which the link brings back."""
    page = visit(f"?view=embeddings&space=2d&text={text}")
    for space in ("2d", "3d"):
        if space == "3d":
            lead(page, f"?view=embeddings&space=3d&text={text}")
            expect(plot(page, "map").locator(".gl-container")).to_be_attached()
        expect(plot(settled(page), "map")).to_be_visible()
        chips = page.get_by_test_id("tokens-source").locator(".chip").all_inner_texts()
        buttons = page.locator(".st-key-embeddings-token button").all_inner_texts()
        labels = [
            " ".join(re.sub(r" \(\d+\)$", "", label).split()) for label in buttons
        ]  # Streamlit sets an emoji in front apart
        assert labels == [" ".join(chip.split()) for chip in chips]
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert not page.problems
