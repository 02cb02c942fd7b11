"""Foreign models in a real browser: one is picked by name, hides a word and fills it in; another writes on, and a head of it opens."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

from playwright.sync_api import expect
from support.chromium import settled
from support.foreign import write_model

from bench.browser import serve


def test_a_walk_through_two_foreign_models(browser, tmp_path):
    """From the picker to the picture; the address names the models and nothing else of them."""
    folders = [write_model(tmp_path / "fills", "BERT", "WordPiece"), write_model(tmp_path / "writes", "GPT-2", "BPE")]
    options = [part for folder in folders for part in ("--model", str(folder))]
    with serve("app.py", *options, "--device", "cpu", environment={"OMP_NUM_THREADS": "1"}) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{url}/?text=The+cat+sat&view=all-heads")
        settled(page)
        page.locator(".st-key-mask-words").get_by_text("cat", exact=True).click()
        expect(page.locator(".st-key-text input")).to_have_value("The [MASK] sat")
        expect(page.get_by_test_id("tokens-target")).to_contain_text("[CLS]")
        page.locator(".st-key-picked").click()
        page.get_by_role("option", name="writes").click()
        expect(page.locator(".st-key-write-on")).to_be_visible(timeout=60_000)
        settled(page).get_by_role("button", name="Write on").click()
        expect(page.locator(".st-key-text input")).not_to_have_value("The [MASK] sat")
        assert "model=writes" in page.url and str(tmp_path) not in page.url
        grid = settled(page).get_by_test_id("heads-grid")
        grid.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("head-sentence")).to_contain_text("this head attends to")
        expect(grid).to_have_attribute("data-selected", "decoder-1-0")
        assert "English" not in page.locator("body").inner_text() and "French" not in page.locator("body").inner_text()
        page.close()
