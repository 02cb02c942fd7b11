"""Foreign models in a real browser: one is picked by name, hides a word and fills it in; another writes on, a head of it opens, and
its arithmetic is shown from the captured query on."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")
pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

from playwright.sync_api import expect
from support.chromium import open_view, settled
from support.foreign import write_model

from bench.browser import serve

expect.set_options(timeout=60_000)


def test_a_walk_through_two_foreign_models(browser, tmp_path):
    """From the picker to the picture; the address names the models and nothing else of them."""
    folders = [
        write_model(tmp_path / "fills", "BERT", "WordPiece"),
        write_model(
            tmp_path / "writes", "GPT-2", "Unigram", vocab_size=90
        ),  # of whole letters, so that what it writes can be read
    ]
    options = [part for folder in folders for part in ("--model", str(folder))]
    with serve("app.py", *options, "--device", "cpu", environment={"OMP_NUM_THREADS": "1"}) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(60_000)
        page.goto(f"{url}/?text=The+cat+sat&view=all-heads")
        settled(page).locator(".st-key-mask-words").get_by_text("cat", exact=True).click()
        expect(page.locator(".st-key-text textarea")).to_have_value("The [MASK] sat")
        expect(page.get_by_test_id("tokens-target")).to_contain_text("[CLS]")
        settled(page).locator(".st-key-picked").click()
        page.get_by_role("option", name="writes").click()
        expect(page.locator(".st-key-write-on")).to_be_visible()
        settled(page).get_by_role("button", name="Write on").click()
        expect(page.locator(".st-key-text textarea")).not_to_have_value("The [MASK] sat")
        assert "model=writes" in page.url and str(tmp_path) not in page.url
        grid = settled(page).get_by_test_id("heads-grid")
        layer, head = grid.get_attribute("data-selected").rsplit("-", 1)
        key, there = ("End", 3) if head == "0" else ("Home", 0)
        grid.focus()
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        expect(grid).to_have_attribute("data-selected", f"{layer}-{there}")
        expect(page.get_by_test_id("head-sentence")).to_contain_text("attends to")
        open_view(page, "Step by step")
        expect(page.get_by_test_id("steps-badge")).to_contain_text("differs from the capture by at most")
        page.get_by_role("button", name="Query, key, value").click()
        expect(page.get_by_test_id("attention-steps").locator(".words")).to_contain_text(
            "captured as this model’s attention received them"
        )
        body = page.locator("body").inner_text()
        assert "English" not in body and "French" not in body
        page.close()
