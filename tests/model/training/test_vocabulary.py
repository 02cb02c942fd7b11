"""A vocabulary that grows keeps what it had, and its new pieces start from the old ones."""

from __future__ import annotations

import pytest
import torch
from support.tiny import SENTENCES

from model.instrument.tokenizer import REQUIRED, SPACE, Tokenizer
from model.training.vocabulary import grown, grown_embedding, with_pieces

TEXT = ["The zebra said 7 times: “no” & “maybe” (1/2).", "Le zèbre a dit 7 fois : « non » et « peut-être »."] * 20


@pytest.fixture(scope="module")
def small() -> Tokenizer:
    """A vocabulary without most characters."""
    return Tokenizer.train(SENTENCES * 4, 380, required="")


@pytest.fixture(scope="module")
def larger(small) -> Tokenizer:
    """The same, grown by what another text needs."""
    return grown(small, TEXT, 480)


def test_required_characters_are_never_bytes(small, larger):
    """Printable ASCII, French letters, typographic signs: a piece each, in a new vocabulary and in one that grew."""
    for tokenizer in (Tokenizer.train(SENTENCES * 4, 480), larger):
        for character in REQUIRED:
            text = f"a{character}b {character}"
            pieces = tokenizer.processor.encode(text, out_type=str)
            assert not any(piece.startswith("<0x") for piece in pieces), character
            assert "".join(pieces).replace(SPACE, " ").strip() == text
    assert any(piece.startswith("<0x") for piece in small.encode("7").pieces)


def test_old_pieces_keep_their_ids(small, larger):
    """Old ids spell the same pieces, and what has only them is cut as before."""
    size = small.vocabulary_size
    assert size < larger.vocabulary_size
    assert [small.piece(id_) for id_ in range(size)] == [larger.piece(id_) for id_ in range(size)]
    for sentence in SENTENCES:
        assert larger.decode(small.encode(sentence).ids).text == sentence


def test_new_pieces_are_used(small, larger):
    """The text that they come from has fewer tokens, some of them new."""
    assert len(larger.encode(TEXT[0])) < len(small.encode(TEXT[0]))
    new = {larger.piece(id_) for line in TEXT for id_ in larger.encode(line).ids if id_ >= small.vocabulary_size}
    assert any(len(piece) > 3 for piece in new)


def test_a_new_piece_starts_as_the_mean_of_what_spelled_it(small):
    """Old rows are untouched; in the middle of a word no space is read in front."""
    larger = with_pieces(small, ["7", "animalstreet", f"{SPACE}animalstreet"])
    rows = torch.randn(small.vocabulary_size, 8)
    grew, size = grown_embedding(rows, small, larger), small.vocabulary_size
    assert torch.equal(grew[:size], rows) and grew.shape == (size + 3, 8)
    seven = [id_ for id_ in range(size) if small.piece(id_) == "<0x37>"]
    torch.testing.assert_close(grew[size], rows[seven].mean(0))
    spaced = small.encode("animalstreet").ids
    torch.testing.assert_close(grew[size + 2], rows[spaced].mean(0))
    assert not torch.equal(grew[size + 1], grew[size + 2])


def test_another_vocabulary_is_refused(small):
    """Only one that begins with the same pieces."""
    with pytest.raises(ValueError, match="does not begin with the pieces"):
        grown_embedding(torch.zeros(380, 4), small, Tokenizer.train(SENTENCES * 4, 480))
