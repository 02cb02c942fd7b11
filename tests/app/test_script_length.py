"""Text that is far too long: refused before it is tokenized, in words, in every field; nothing typed is lost."""

from __future__ import annotations

import pytest
from support.page import run, shown

from model.instrument.own_model import MOST_CHARACTERS
from model.instrument.tokenizer import Tokenizer
from viz.page.store import MOST_TYPED

TOO_LONG = {
    "emoji": "😀" * 1_000_000,
    "one word": "a" * 1_000_000,
    "words": "word " * 400_000,
    "unseen": "\u200b" * 1_000_000 + "a",
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_a_million_characters_are_refused_unread(tiny_translator, monkeypatch, name):
    """The tokenizer never sees them; the message names count and limit; source and target alike."""
    seen: list[int] = []
    monkeypatch.setattr(Tokenizer, "encode", lambda _self, text: seen.append(len(text)))
    for read, what in (
        (tiny_translator.source, "sentence"),
        (tiny_translator.target, "translation"),
        (tiny_translator.trace, "sentence"),
    ):
        with pytest.raises(ValueError, match=rf"This {what} has (about )?[\d,]+ .* at most 500 tokens.*Shorten it"):
            read(TOO_LONG[name])
    with pytest.raises(ValueError, match="This translation has"):
        monkeypatch.undo()
        tiny_translator.trace("A dog.", TOO_LONG[name])
    assert not seen


def test_a_text_of_many_tokens_is_refused_before_its_spans(tiny_translator, monkeypatch):
    """Short enough in characters, four thousand tokens and more all the same."""
    monkeypatch.setattr(Tokenizer, "encode", None)
    with pytest.raises(ValueError, match=r"about [\d,]+ tokens; the model reads at most 500"):
        tiny_translator.source("😀" * 15_000)


def test_what_fits_is_read(tiny_translator):
    """The longest text of the limit's tokens, however many spaces stand in it."""
    spaced = (" " * 100_000).join(["Two", "dogs", "play."])
    assert tiny_translator.source(spaced).ids == tiny_translator.source("Two dogs play.").ids
    limit = tiny_translator.model.config.max_length
    pieces = [tiny_translator.tokenizer.piece(id_) for id_ in range(4 + 256, tiny_translator.tokenizer.vocabulary_size)]
    piece = max((piece for piece in pieces if piece.startswith("▁")), key=len).removeprefix("▁")
    assert len(piece) < MOST_CHARACTERS
    longest = " ".join([piece] * (limit - 1))
    assert len(tiny_translator.source(longest)) <= limit


@pytest.mark.parametrize("text", [None, 5, b"dog", ["dog"]])
def test_what_is_no_text_is_refused(tiny_translator, text):
    """In words."""
    with pytest.raises(ValueError, match="must be text"):
        tiny_translator.source(text)


@pytest.mark.parametrize("field", ["text", "target", "second"])
def test_every_field_answers_a_long_paste_in_words(field):
    """As much as a field takes: no exception, the reason on the page, and the text stays in the field."""
    app = run(view="pair", target="Deux chiens.")
    typed = "word " * (MOST_TYPED // 5)
    box = next(box for box in app.text_area if box.key == field)
    assert all(one.proto.max_chars == MOST_TYPED for one in app.text_area)
    box.set_value(typed).run()
    assert not app.exception
    said = " ".join(element.value for element in [*app.info, *app.warning, *app.error]) + shown(app)
    assert "Shorten it" in said and "at most" in said
    assert next(box for box in app.text_area if box.key == field).value == typed
