"""One stack alone: the encoder is that of the translator, and the decoder never sees what comes."""

from __future__ import annotations

import pytest
import torch
from support.relatives import relative
from support.tiny import SHAPE, SOURCE, bare_model

from model.trace.anatomy import EDITS
from model.transformer.alone import Alone
from model.transformer.attention import explicit_attention
from model.transformer.config import Config

SIZE = 50


def ids(length: int = 9, rows: int = 2, seed: int = 0) -> torch.Tensor:
    """Ids of pieces without special ones, (row, length)."""
    return torch.randint(4, SIZE, (rows, length), generator=torch.Generator().manual_seed(seed))


def test_an_encoder_alone_is_that_of_the_translator():
    """The same weights give the same states."""
    translator = bare_model()
    alone = Alone(Config(**{**SHAPE, "decoder_layers": 0})).eval()
    alone.load_state_dict({name: value for name, value in translator.state_dict().items() if name.startswith("encoder")})
    torch.testing.assert_close(alone.read(SOURCE), translator.encode(SOURCE)[0])


def test_a_decoder_alone_never_sees_what_comes():
    """Another piece leaves every earlier row of the logits as it was, and changes its own."""
    model = relative("write", SIZE)
    text = ids()
    before = model(text)
    for at in range(text.size(1)):
        other = text.clone()
        other[:, at] = 4 + (other[:, at] - 3) % (SIZE - 4)
        after = model(other)
        assert torch.equal(after[:, :at], before[:, :at])
        assert not torch.allclose(after[:, at], before[:, at])


def test_an_encoder_alone_sees_all_of_its_text():
    """Every row depends on the last piece."""
    model = relative("mask", SIZE)
    text = ids(rows=1)
    other = text.clone()
    other[0, -1] = 4 + (other[0, -1] - 3) % (SIZE - 4)
    assert ((model(other) - model(text)).abs().amax(-1) > 1e-6).all()


@pytest.mark.parametrize("kind", ["mask", "write"])
def test_padding_and_neighbours_change_nothing(kind):
    """A text reads the same alone and beside a longer one; the fused kernel and the steps that hooks see agree to 1e-5."""
    model, text = relative(kind, SIZE), ids()
    padded = text.clone()
    padded[1, 6:] = 0
    alone = model(text[1:, :6])
    torch.testing.assert_close(model(padded)[1:, :6], alone, atol=1e-5, rtol=1e-5)
    token = explicit_attention.set(True)
    try:
        torch.testing.assert_close(model(text[1:, :6]), alone, atol=1e-5, rtol=1e-5)
    finally:
        explicit_attention.reset(token)


def test_a_cache_gives_the_same_states():
    """A decoder alone reads token by token what it reads at once."""
    model, text = relative("write", SIZE), ids()
    cache = model.new_cache()
    steps = [model.read(text[:, at : at + 1], cache) for at in range(text.size(1))]
    torch.testing.assert_close(torch.cat(steps, 1), model.read(text), atol=1e-5, rtol=1e-5)


def test_the_outputs_on_top_read_their_own_states():
    """A tag is of each token's state, a class of that of the last token before the padding."""
    model, text = relative("mask", SIZE), ids()
    text[1, 6:] = 0
    states = model.read(text)
    torch.testing.assert_close(model.labelled(text, each=True), model.tagger(states).flatten(0, 1))
    torch.testing.assert_close(model.labelled(text, each=False), model.classifier(states[[0, 1], [8, 5]]))
    with pytest.raises(ValueError, match="no such output"):
        relative("write", SIZE).labelled(text, each=True)


def test_its_anatomy_has_one_stack():
    """It says what rows predict, and which changes have no meaning."""
    mask, write = (relative(kind, SIZE).anatomy for kind in ("mask", "write"))
    assert [(stack.name, stack.predicts) for stack in (*mask.stacks, *write.stacks)] == [("encoder", "same"), ("decoder", "next")]
    assert (mask.kinds[0].masked, write.kinds[0].masked) == (False, True)
    assert (EDITS - mask.obeys, EDITS - write.obeys) == ({"target_positions"}, {"source_positions"})
    assert "causal" in write.alters and "causal" not in mask.alters and mask.across is None
    assert all(anatomy.why(field) for anatomy in (mask, write) for field in EDITS - anatomy.obeys)


@pytest.mark.parametrize(
    "shape", [{"encoder_layers": 0, "decoder_layers": 0}, {"encoder_layers": -1}, {"decoder_layers": 1.0}], ids=str
)
def test_a_shape_without_a_stack_is_refused(shape):
    """In words."""
    with pytest.raises(ValueError, match="_layers"):
        Config(**shape)


def test_two_stacks_are_not_one():
    """The shape of a translator is none for a model of one stack."""
    with pytest.raises(ValueError, match="either encoder or decoder"):
        Alone(Config())
