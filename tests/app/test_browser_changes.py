"""Changes of the model in real Chromium: the verdict in words, its numbers folded, deletions struck through, empty translations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import torch
from support.chromium import open_view
from support.shipped import replaced_by
from support.tiny import tiny_model

from bench.browser import serve
from model import Intervention
from model.instrument.pretrained import save_pretrained
from model.instrument.tokenizer import END

pytest.importorskip("playwright")
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def test_the_verdict_is_words_and_a_detail(visit, translator):
    """Numbers come with a click; what is gone is struck through and can still be read on its chip."""
    text = replaced_by(translator, Intervention(causal=False), differing=True)
    page = visit(f"?causal=off&view=output&text={quote(text)}")
    expect(page.get_by_test_id("changed-note")).to_contain_text("Replaced: “")
    numbers = page.get_by_test_id("changed-numbers").locator("p")
    expect(numbers).to_be_hidden()
    page.get_by_test_id("changed-numbers").locator("summary").click()
    expect(numbers).to_contain_text(re.compile("KL divergence .* nats"))
    gone = page.get_by_test_id("tokens-original").locator("del").first
    expect(gone).to_have_css("text-decoration-line", "line-through")
    expect(page.get_by_text(re.compile(r"In \d+ of \d+ rows the best piece is not the one that was said"))).to_be_visible()
    page.get_by_text("teacher-forced", exact=True).click()
    expect(page.get_by_test_id("tokens-target")).to_contain_text("French, kept")
    expect(page.get_by_test_id("tokens-original")).to_have_count(0)
    assert not page.problems


@pytest.fixture
def silent(tokenizer, tmp_path) -> Iterator[str]:
    """The URL of a page whose model ends at once, whatever it reads: its last states and the vector of </s> are one and the same."""
    model = tiny_model(tokenizer)
    with torch.no_grad():
        model.decoder.norm.weight.zero_()
        model.decoder.norm.bias.copy_(10 * model.decoder.embedding.weight[END])
    save_pretrained(
        tmp_path / "silent",
        model.config,
        dict(model.named_parameters()),
        tokenizer,
        {"languages": {"source": "English", "target": "French"}},
    )
    with serve("app.py", "--device", "cpu", "--model", str(tmp_path / "silent"), environment={"OMP_NUM_THREADS": "1"}) as url:
        yield url


def test_an_empty_translation_is_drawn(silent, visit):
    """The player shows its one step, and the grid its heads of one row."""
    page = visit(f"{silent}/?text=Yes&view=decoding")
    expect(page.get_by_text("its translation is empty")).to_be_visible()
    expect(page.get_by_test_id("decoding-place")).to_have_text("step 1 of 1")
    expect(page.get_by_test_id("decoding-asked")).to_contain_text("having read “<s>”, what comes next?")
    open_view(page, "All heads")
    expect(page.get_by_test_id("heads-grid")).to_be_visible()
    assert not page.problems


def test_the_player_knows_what_is_off_and_what_a_row_has_read(visit):
    """Without the mask it does not say that only what stands before was read; a head that is off hands nothing on."""
    page = visit("?causal=off&view=decoding&kind=cross&layer=4&head=7&heads_off=cross.4.7")
    expect(page.get_by_test_id("decoding-asked")).to_contain_text(
        "and with the rest of the sentence in view, what would stand here?"
    )
    player = page.get_by_test_id("decoding")
    expect(player).to_contain_text("layer 4, head 7 (switched off: what it looks at is not handed on)")
    expect(player).to_contain_text("1 of 48 heads of cross-attention is off: what is not handed on counts as 0.")
    assert not page.problems
