"""From logits to words: probabilities, loss, and what the decoder would have said after every layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from model.analysis.weights import Unembed
from model.trace.trace import Trace


def probabilities(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """softmax(logits / temperature) over the vocabulary, same shape. Raises ValueError for a temperature of 0 or less."""
    if not 0 < temperature < math.inf:
        raise ValueError(f"The temperature must be a number above 0, not {temperature!r}.")
    return torch.softmax(logits.float() / temperature, dim=-1)


def top_pieces(logits: Tensor, count: int, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """The most probable pieces: (..., vocabulary) -> probabilities and ids, (..., count) each, the largest first."""
    best = probabilities(logits, temperature).topk(min(count, logits.size(-1)), dim=-1)
    return best.values, best.indices


def label_ids(trace: Trace) -> Tensor:
    """What each decoder row must predict: (target position,), on the trace's device."""
    return torch.tensor(trace.labels.ids, device=trace.part("logits").device)


def predicting(trace: Trace) -> str:
    """The stack whose rows predict. Raises ValueError where none does."""
    stack = trace.anatomy.predicting
    if stack is None:
        raise ValueError(trace.anatomy.absence("logits"))
    return stack.name


def ranks(logits: Tensor, ids: Tensor) -> Tensor:
    """Place of a piece among all, from 1: (position, vocabulary), (position,) -> (position,). Ties share the better place."""
    return (logits > logits.gather(-1, ids[:, None])).sum(dim=-1) + 1


def cross_entropy(trace: Trace) -> Tensor:
    """-log p(label) of every row, computed here from the logits: log sum_v e^logit_v - logit_label, (target position,), nats."""
    logits = trace.part("logits")
    logits = logits.double() if logits.device.type != "mps" else logits
    return torch.logsumexp(logits, dim=-1) - logits.gather(-1, label_ids(trace)[:, None])[:, 0]


def perplexity(loss: Tensor) -> float:
    """e^(mean loss): among how many equally likely pieces the model hesitated, on average; at least 1."""
    return math.exp(float(loss.mean()))


@dataclass(frozen=True, eq=False)
class Lens:
    """What the model would say at every point of the residual stream of the stack that predicts. All (point, target position)."""

    top: Tensor  # id of the most probable piece
    top_probability: Tensor
    label_probability: Tensor  # of the piece that the row must predict
    label_rank: Tensor  # its place among all pieces, from 1


def logit_lens(trace: Trace, ending: Unembed) -> Lens:
    """Every state of the stack that predicts through all that comes behind its last layer, as if no layer followed.

    (nostalgebraist 2020, "interpreting GPT: the logit lens".) The last point is the model's own output. Point after point, so
    that no more than (target position, vocabulary) numbers are held. Raises ValueError for a model that predicts nothing.
    """
    ids, found = label_ids(trace), []
    for states in trace.stream(predicting(trace)).states:
        logits = ending.unembed(states)
        chances = probabilities(logits)
        best = chances.max(dim=-1)
        found.append((best.indices, best.values, chances.gather(-1, ids[:, None])[:, 0], ranks(logits, ids)))
    return Lens(*(torch.stack(parts) for parts in zip(*found, strict=True)))
