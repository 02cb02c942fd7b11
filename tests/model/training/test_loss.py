"""The fused loss against torch's own."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from model.training.loss import smoothed_cross_entropy


@pytest.mark.parametrize("rows", [1, 7, 512, 513, 1100])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_equals_torchs(rows, smoothing):
    """Value and both gradients, also past one chunk of rows."""
    torch.manual_seed(rows)
    states, weight = torch.randn(rows, 12, requires_grad=True), torch.randn(30, 12, requires_grad=True)
    labels = torch.randint(30, (rows,))
    ours, plain = smoothed_cross_entropy(states, weight, labels, smoothing)
    gradients = torch.autograd.grad(3 * ours, (states, weight))
    theirs = F.cross_entropy(states @ weight.T, labels, label_smoothing=smoothing)
    for mine, expected in zip(gradients, torch.autograd.grad(3 * theirs, (states, weight)), strict=True):
        torch.testing.assert_close(mine, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(plain, F.cross_entropy(states @ weight.T, labels))
    assert not plain.requires_grad


def test_bfloat16_states_train_float32_weights():
    """As in training: the weight keeps a float32 gradient that is right to bfloat16's three digits."""
    torch.manual_seed(0)
    states, weight = torch.randn(600, 16).bfloat16(), torch.randn(40, 16, requires_grad=True)
    labels = torch.randint(40, (600,))
    (ours,) = torch.autograd.grad(smoothed_cross_entropy(states, weight, labels, 0.1)[0], weight)
    (theirs,) = torch.autograd.grad(F.cross_entropy(states.float() @ weight.T, labels, label_smoothing=0.1), weight)
    assert ours.dtype == torch.float32
    assert (ours - theirs).norm() < 0.02 * theirs.norm()
