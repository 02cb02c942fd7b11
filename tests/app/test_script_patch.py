"""Patch on the page, without a browser: what the second sentence is, what is said of a map, and what a link may hold."""

from __future__ import annotations

import pytest
from support.page import captions, choose, run, shown

from model.trace.patch import Patch

TEXT, SECOND, FRENCH = "The old man is tired.", "The old woman is tired.", "Le vieil homme est fatigué."
SITE = "encoder.residual.3.*.3"


def text_field(app) -> str:
    """The second sentence."""
    return next(field.value for field in app.text_area if field.key == "second")


def test_it_opens_with_a_sentence_of_as_many_tokens(translator):
    """One word is another; the title names what both predict, and the table has both passes."""
    app = run(view="patch", text=TEXT)
    assert not app.exception and text_field(app) == SECOND
    assert len(translator.source(TEXT)) == len(translator.source(SECOND))
    body = shown(app)
    assert "Which value of the second sentence turns “" in body and "patch-verdict" in body
    assert "<th>first sentence</th><th>second sentence</th>" in body
    assert any("denoising" in caption and "Zhang and Nanda 2024" in caption for caption in captions(app))


def test_a_patch_from_the_address_is_a_change_like_any_other(translator):
    """A chip that takes it back, a column of the table, and the translation that it leads to; the map stays that of the unpatched pass."""
    plain, app = run(view="patch", text=TEXT), run(view="patch", text=TEXT, second=SECOND, patch=f"{SITE}:{SECOND}:{FRENCH}")
    change = app.session_state["state"].change
    assert not app.exception and change.patch == Patch(SECOND, {("encoder", "residual", 2, None, 2)}, FRENCH)
    body = shown(app)
    assert "<th>first sentence</th><th>patched</th><th>second sentence</th>" in body
    assert "encoder stream behind layer 3, at “man” from “The old woman is tired.”" in " ".join(
        button.label for button in app.button
    )
    said = translator.translate(TEXT, change)
    assert said != translator.translate(TEXT) and all(word in body for word in said.rstrip(".").split())
    verdict = 'data-testid="patch-verdict">'
    assert body.split(verdict)[1].split("<")[0] == shown(plain).split(verdict)[1].split("<")[0]


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (
            "encoder.residual.3.*.9:The old woman is tired, and so is the old man.",
            "Dropped, because the sentence has no such token now",
        ),
        (
            "encoder.residual.3.*.5:A cat.",
            "“A cat.” has no such place (4 tokens, and the one above 7): encoder stream behind layer 3, at token 5.",
        ),
        (
            "encoder.encoder.3.2.*:A cat.",
            "has no such place (4 tokens, and the one above 7): encoder self-attention, layer 3, head 2, everywhere.",
        ),
        (f"encoder.residual.3.*.2:{'word ' * 600}", "takes its values from cannot be read"),
    ],
)
def test_what_does_not_fit_is_left_out_and_said(patch, words):
    """The page draws the unpatched model."""
    app = run(view="all-heads", text=TEXT, patch=patch)
    assert not app.exception and app.session_state["state"].change.changes_nothing and "patch" not in app.query_params
    assert any(words in warning.value for warning in app.warning)


def test_sentences_of_unequal_length_line_up_in_the_target_alone():
    """In words for the source; the target, which both read, has its map. Of equal sentences there is nothing to say."""
    app = run(view="patch", text=TEXT, second="The woman.")
    assert "The second sentence has 4 tokens and the first 7" in shown(app) and "patch-verdict" not in shown(app)
    app = choose(app, side="decoder", patch_part="across_heads")
    assert not app.exception and "patch-verdict" in shown(app)
    app = choose(app, second=TEXT)
    assert not app.exception and "the same prediction in every place" in shown(app)
