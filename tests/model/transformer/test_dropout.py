"""Dropout from random bytes has the statistics of dropout."""

from __future__ import annotations

import pytest
import torch

from model.transformer.dropout import Dropout


@pytest.mark.parametrize("p", [0.1, 0.3])
def test_dropout_zeroes_its_share_and_keeps_the_mean(p):
    """Within five standard deviations; every byte of the draw is used alike."""
    torch.manual_seed(0)
    count = 400_000
    dropped = Dropout(p)(torch.ones(count))
    share = round(p * 256) / 256
    for part in (dropped, *(dropped[at::8] for at in range(8))):
        zero = (part == 0).float().mean().item()
        assert abs(zero - share) < 5 * (share * (1 - share) / len(part)) ** 0.5
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / (1 - share)])
    assert dropped.mean().item() == pytest.approx(1.0, abs=5 * (share / (1 - share) / count) ** 0.5)


def test_neighbours_are_dropped_independently():
    """Features that share a draw are not dropped together: the joint share is the product, within five deviations."""
    torch.manual_seed(1)
    zero = (Dropout(0.25)(torch.ones(100_000, 8)) == 0).float()
    joint = zero.T @ zero / len(zero)
    off = joint[~torch.eye(8, dtype=torch.bool)]
    assert (off - 0.0625).abs().max() < 5 * (0.0625 * 0.9375 / len(zero)) ** 0.5


@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 3, 7), (0, 4)])
def test_any_shape_keeps_shape_and_type(shape):
    """Also one that eight does not divide, and the gradient passes where the feature passes."""
    x = torch.ones(shape, requires_grad=True)
    dropped = Dropout(0.5)(x)
    dropped.sum().backward()
    assert dropped.shape == x.shape and torch.equal(x.grad, dropped.detach())
    assert Dropout(0.5)(x.detach().bfloat16()).dtype == torch.bfloat16


def test_dropout_is_the_identity_outside_training():
    """And with probability zero."""
    x = torch.randn(50)
    assert Dropout(0.5).eval()(x) is x and Dropout(0.0)(x) is x


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5])
def test_a_probability_that_leaves_nothing_is_refused(p):
    """In words."""
    with pytest.raises(ValueError, match="below 1"):
        Dropout(p)
