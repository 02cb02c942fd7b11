"""Cross-entropy with label smoothing, computed together with the output layer so that it costs little memory and time."""

from __future__ import annotations

import torch
from torch import Tensor


class _SmoothedCrossEntropy(torch.autograd.Function):
    """Loss and gradient in one go, ROWS rows at a time: the full logits are never kept."""

    ROWS = 512

    @staticmethod
    def forward(ctx, states: Tensor, weight: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        grad_states, grad_weight = torch.empty_like(states), torch.zeros_like(weight, dtype=torch.float32)
        smoothed = plain = torch.zeros((), device=states.device)
        for start in range(0, len(states), _SmoothedCrossEntropy.ROWS):
            rows = slice(start, start + _SmoothedCrossEntropy.ROWS)
            logits = (states[rows] @ weight.T).float()  # (rows, vocabulary)
            wanted = labels[rows].unsqueeze(1)
            total = torch.logsumexp(logits, dim=1, keepdim=True)
            nats = total - logits.gather(1, wanted)
            smoothed = smoothed + ((1 - smoothing) * nats + smoothing * (total - logits.mean(1, True))).sum()
            plain = plain + nats.sum()
            grad = logits.sub_(total).exp_().sub_(smoothing / logits.size(1))
            grad.scatter_add_(1, wanted, torch.full_like(wanted, smoothing - 1, dtype=grad.dtype))
            grad = grad.to(states.dtype)
            grad_states[rows] = grad @ weight
            grad_weight += (grad.T @ states[rows]).float()
        ctx.save_for_backward(grad_states, grad_weight)
        ctx.weight_dtype = weight.dtype
        return smoothed / len(states), plain / len(states)

    @staticmethod
    def backward(ctx, grad_smoothed: Tensor, _grad_plain: Tensor) -> tuple:
        grad_states, grad_weight = ctx.saved_tensors
        scale = grad_smoothed / len(grad_states)
        return grad_states * scale.to(grad_states.dtype), (grad_weight * scale).to(ctx.weight_dtype), None, None


def smoothed_cross_entropy(states: Tensor, weight: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
    """Mean loss of `labels` under softmax(states weight^T), nats.

    (1 - e) * -log p(label) + e * mean over the vocabulary of -log p   (Szegedy et al. 2016; Vaswani et al. 2017, 5.4)

    states (row, d_model), weight (vocabulary, d_model), labels (row,). Returns the smoothed loss, which has the gradient,
    and the plain cross-entropy, which has none.
    """
    if states.dtype != weight.dtype:
        weight = weight.to(states.dtype)
    smoothed, plain = _SmoothedCrossEntropy.apply(states, weight, labels, smoothing)
    return smoothed, plain.detach()
