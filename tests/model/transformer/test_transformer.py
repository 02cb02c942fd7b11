"""The transformer against torch.nn.Transformer, its fused path against its explicit path, batches against single rows."""

from __future__ import annotations

import math

import pytest
import torch
from support.tiny import SHAPE, SOURCE, bare_model
from torch import Tensor, nn

from model.transformer.attention import MaskedSoftmax, explicit_attention
from model.transformer.config import Config
from model.transformer.masks import causal_mask, padding_mask, window_mask
from model.transformer.positions import KINDS, sinusoids
from model.transformer.transformer import Transformer

TARGET = torch.tensor([[2, 11, 12, 13], [2, 14, 0, 0]])
REAL = TARGET != 0


def reference_of(model: Transformer) -> nn.Transformer:
    """torch.nn.Transformer with the same weights."""
    config = model.config
    reference = nn.Transformer(
        config.d_model, config.heads, config.encoder_layers, config.decoder_layers, config.d_ff, 0.0,
        batch_first=True, norm_first=config.norm_first,
    ).eval()  # fmt: skip
    for side in ("encoder", "decoder"):
        ours, theirs = getattr(model, side), getattr(reference, side)
        for layer, other in zip(ours.layers, theirs.layers, strict=True):
            pairs = [(layer.attention, other.self_attn, layer.attention_residual.norm, other.norm1)]
            if side == "decoder":
                pairs.append((layer.cross_attention, other.multihead_attn, layer.cross_attention_residual.norm, other.norm2))
            for attention, their_attention, norm, their_norm in pairs:
                copy_attention(attention, their_attention)
                their_norm.load_state_dict(norm.state_dict())
            last = other.norm3 if side == "decoder" else other.norm2
            last.load_state_dict(layer.feed_forward_residual.norm.state_dict())
            other.linear1.load_state_dict(layer.feed_forward.expand.state_dict())
            other.linear2.load_state_dict(layer.feed_forward.contract.state_dict())
        if config.norm_first:
            theirs.norm.load_state_dict(ours.norm.state_dict())
        else:
            theirs.norm = None  # post-norm closes every sublayer with a LayerNorm already
    return reference


def copy_attention(ours: nn.Module, theirs: nn.MultiheadAttention) -> None:
    """Our three projections are rows of torch's one."""
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key.bias, ours.value.bias]))
    theirs.out_proj.load_state_dict(ours.output.state_dict())


def embedded(model: Transformer, ids: Tensor) -> Tensor:
    """What enters the first layer, by the formula of the paper."""
    config = model.config
    return model.encoder.embedding.weight[ids] * math.sqrt(config.d_model) + sinusoids(torch.arange(ids.size(1)), config.d_model)


@pytest.mark.parametrize("norm_first", [True, False])
def test_logits_equal_those_of_torch(norm_first):
    """Same weights, same padding: same logits, pre-norm and post-norm."""
    model = bare_model(norm_first=norm_first)
    length = TARGET.size(1)
    with torch.no_grad():
        states = reference_of(model)(
            embedded(model, SOURCE), embedded(model, TARGET),
            tgt_mask=nn.Transformer.generate_square_subsequent_mask(length),
            src_key_padding_mask=SOURCE == 0, memory_key_padding_mask=SOURCE == 0,
        )  # fmt: skip
        expected = states @ model.encoder.embedding.weight.T
        torch.testing.assert_close(model(SOURCE, TARGET)[REAL], expected[REAL], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("positions", sorted(KINDS))
@pytest.mark.parametrize("norm_first", [True, False])
def test_fused_path_equals_explicit_path(positions, norm_first):
    """The kernel and the step-by-step arithmetic agree to 1e-5."""
    model = bare_model(positions=positions, norm_first=norm_first)
    with torch.no_grad():
        fused = model(SOURCE, TARGET)
        token = explicit_attention.set(True)
        explicit = model(SOURCE, TARGET)
        explicit_attention.reset(token)
    torch.testing.assert_close(fused[REAL], explicit[REAL], atol=1e-5, rtol=1e-5)


def test_a_padded_batch_equals_one_at_a_time():
    """Padding changes nothing for the real tokens."""
    model = bare_model()
    with torch.no_grad():
        together = model(SOURCE, TARGET)
        for row in range(2):
            source, target = SOURCE[row][SOURCE[row] != 0], TARGET[row][REAL[row]]
            alone = model(source[None], target[None])[0]
            torch.testing.assert_close(together[row, : len(target)], alone, atol=1e-5, rtol=1e-5)


def test_cached_decoding_equals_decoding_at_once():
    """Feeding one target token at a time through the cache gives the states of the whole prefix."""
    model = bare_model()
    with torch.no_grad():
        memory, mask = model.encode(SOURCE)
        whole, cache = model.decode(TARGET, memory, mask), model.new_cache()
        steps = [model.decode(TARGET[:, at : at + 1], memory, mask, cache) for at in range(TARGET.size(1))]
    torch.testing.assert_close(torch.cat(steps, 1)[REAL], whole[REAL], atol=1e-5, rtol=1e-5)


def test_one_matrix_serves_three_times():
    """Source embedding, target embedding and output layer are one parameter, counted once."""
    model = bare_model()
    assert model.encoder.embedding.weight is model.decoder.embedding.weight
    names = [name for name, _ in model.named_parameters() if "embedding" in name]
    assert names == ["encoder.embedding.weight"]
    assert model.parameter_count == sum(parameter.numel() for parameter in set(model.parameters()))


def test_sinusoids_follow_the_formula():
    """PE(p, 2i) = sin(p / 10000^(2i / d)), PE(p, 2i + 1) = cos(...)."""
    table = sinusoids(torch.arange(7), 8)
    for position in range(7):
        for pair in range(4):
            angle = position / 10000 ** (2 * pair / 8)
            assert table[position, 2 * pair].item() == pytest.approx(math.sin(angle), abs=1e-5)
            assert table[position, 2 * pair + 1].item() == pytest.approx(math.cos(angle), abs=1e-5)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_positions_return_the_encoding_from_an_offset(kind):
    """Rows offset .. offset + length - 1 of the same table."""
    module = KINDS[kind](8, 20)
    assert torch.equal(module(5, 3), module(8)[3:])
    assert (module(8) == 0).all() == (kind == "none")


def test_masks_say_who_may_attend():
    """Causal, padding and window masks by brute force."""
    assert causal_mask(3, 2).tolist() == [[key <= query for key in range(5)] for query in (2, 3, 4)]
    assert padding_mask(SOURCE, 0)[:, 0, 0].tolist() == (SOURCE != 0).tolist()
    near = window_mask(torch.arange(2, 4), torch.arange(5), 1)
    assert near.tolist() == [[abs(query - key) <= 1 for key in range(5)] for query in (2, 3)]


def test_a_query_without_keys_gets_zeros():
    """Fully masked rows are zeros, not NaN; the others still sum to 1."""
    mask = torch.tensor([[True, False], [False, False]])
    weights = MaskedSoftmax()(torch.randn(1, 1, 2, 2), mask)
    assert weights[0, 0].tolist() == [[1.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("changes", [{"d_model": 30}, {"heads": 0}, {"positions": "rotary"}, {"d_model": 9, "heads": 3}])
def test_shapes_that_cannot_be_built_are_named(changes):
    """ValueError in words."""
    with pytest.raises(ValueError, match="must be|need"):
        Config(**{**SHAPE, **changes})


def test_config_is_json():
    """to_dict and from_dict are inverse; an unknown field is named."""
    config = Config(**SHAPE, positions="learned")
    assert Config.from_dict(config.to_dict()) == config
    with pytest.raises(ValueError, match="colour"):
        Config.from_dict({"colour": 1})
