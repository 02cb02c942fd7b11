"""How many layers wait for each other."""

from __future__ import annotations

import pytest

from model.analysis.sequential import Chain, chain
from model.transformer.config import Config
from model.transformer.recurrent import RecurrentConfig


@pytest.mark.parametrize("source, target", [(2, 2), (7, 5), (256, 256)])
def test_the_transformer_waits_for_layers_and_the_gru_for_tokens(source, target):
    """Reading: 6 against one a token; writing waits for each token in both."""
    assert chain(Config().anatomy(), source, target) == Chain(6, 12, 6 + 6 * target)
    assert chain(RecurrentConfig().anatomy(), source, target) == Chain(source, source + target, source + target)


def test_a_model_of_one_stack_has_no_such_chain():
    """In words."""
    with pytest.raises(ValueError, match="a stack for each"):
        chain(Config(decoder_layers=0).anatomy(), 3, 3)
