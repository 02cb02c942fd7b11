"""Who attends to whom in many texts at once: one padded pass through the same sites, of which only the attention weights are kept."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from model.instrument.recorder import Recorder, recording
from model.instrument.tokenizer import PAD
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.transformer.alone import Alone
from model.transformer.transformer import Transformer


class WeightsRecorder(Recorder):
    """Keeps the attention weights of every text of the batch, layer by layer, and nothing else."""

    def __init__(self, anatomy: Anatomy) -> None:
        super().__init__(anatomy, Intervention())
        self.weights: dict[str, list[Tensor]] = {kind.name: [] for kind in anatomy.kinds}

    def keep(self, what: str, where: str, tensor: Tensor) -> None:
        """Remember weights, (text, head, query, key)."""
        if what == "weights":
            self.weights[where].append(tensor)


def attention_weights(model: Transformer | Alone, read: Sequence[Tensor]) -> dict[str, Tensor]:
    """By kind, the weights of an unchanged pass, (text, layer, head, query, key). Logits are not computed.

    read: ids (text, position) of each stack, in their order, padded at the end by `padded`. Rows of queries that are padding hold
    nothing that means anything; keys that are padding get 0 from every query that is none.
    """
    with torch.no_grad(), recording(WeightsRecorder(model.anatomy)) as recorder:
        if isinstance(model, Transformer):
            source, target = read
            model.decode(target, *model.encode(source))
        else:
            (ids,) = read
            model.read(ids)
    return {kind: torch.stack(layers, 1) for kind, layers in recorder.weights.items()}


def padded(rows: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    """Ids (text, position), padded at the end to the longest."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (longest - len(row))] for row in rows], device=device)
