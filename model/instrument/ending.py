"""What a model does behind its last layer, found by numbers like the rest of it: it makes logits of any state, as the logit lens asks.

A chain of modules, each of which reads what the one before it returned, or a multiple of that (T5 scales it); what is added at the end is
the same in every row (Marian's bias). Where no such chain ends in the model's own logits, there is none.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from model.instrument.probe import CLOSE, Event, Site, behind

ALIKE = 1e-4  # of the largest logit: how far logits of the chain may be from those of another pass, which rounds differently


class Ending(NamedTuple):
    """Modules that run one after the other."""

    modules: list[nn.Module]
    factors: list[float]  # on what goes into each
    factor: float  # on what comes out of the last
    bias: Tensor  # what is then added, (vocabulary,)

    def unembed(self, states: Tensor) -> Tensor:
        """States (..., position, d_model) of the stream behind a layer -> logits (..., position, vocabulary), as if no layer followed."""
        for module, factor in zip(self.modules, self.factors, strict=True):
            states = module(states * factor)
        return states * self.factor + self.bias


@torch.no_grad()
def find_ending(events: list[Event], last: Site, logits: Tensor) -> Ending | None:
    """The chain from the last point of a stream to the logits (row, vocabulary) of the same pass; None where there is none."""
    at = next(at for at, event in enumerate(events) if event.site == last)
    state = x = events[at].tensor
    modules, factors = [], []
    while (step := _step(events, at, x)) is not None:
        factor, at = step
        x = events[at].tensor
        modules.append(events[at].site[0])
        factors.append(factor)
    if x.shape != logits.shape:
        return None
    factor = _factor(x, logits, ALIKE) or 1.0
    ending = Ending(modules, factors, factor, (logits - x * factor).mean(0))  # what is added is so to all rows alike
    far = (ending.unembed(state[None])[0] - logits).abs().max()
    return ending if bool(far <= ALIKE * logits.abs().max()) else None


def _step(events: list[Event], at: int, x: Tensor) -> tuple[float, int] | None:
    """The first module from event `at` on that reads x, or a multiple of it, and returns as many rows: the factor, and what comes out."""
    for later in range(at, len(events)):
        event = events[later]
        if event.site[1] == "in" and event.tensor.shape == x.shape and (factor := _factor(x, event.tensor)) is not None:
            out = behind(events, later)
            if out is not None and len(events[out].tensor) == len(x):
                return factor, out
    return None


def _factor(x: Tensor, y: Tensor, close: float = CLOSE) -> float | None:
    """The number that makes y of x, both (row, width); 1 where rounding is all the difference; None where there is none."""
    if bool((y - x).abs().max() <= close * x.abs().max()):
        return 1.0
    factor = float((x * y).sum() / (x * x).sum())
    return factor if factor and bool((y - x * factor).abs().max() <= close * y.abs().max()) else None
