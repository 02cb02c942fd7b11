"""Passes of a model whose modules are not named after what they do, run again with many changes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from model.instrument.donors import Donors, no_donors
from model.instrument.module_pass import Pass, Places
from model.instrument.recorder import recording
from model.instrument.rerun import first_layer
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.places import check_obeyed
from model.trace.trace import Trace


@dataclass(frozen=True, eq=False)
class ModulePasses:
    """The answers of such a model to `model.analysis.passes.Passes`, where shapes and units stand; gradients it has none."""

    model: nn.Module
    places: Places
    anatomy: Anatomy
    inputs: Callable[..., dict[str, Any]]  # what it is called with, of ids (row, position) of each stack
    donors: Callable[[Sequence[Intervention]], Donors] = no_donors  # the passes that patches are taken from

    def label_log_probabilities(self, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
        """One pass over a batch with a change a row."""
        labels = torch.tensor(trace.labels.ids).expand(len(changes), -1)
        logits = self._logits(trace, changes)
        return logits.log_softmax(-1).gather(-1, labels[..., None].to(logits.device))[..., 0]

    def piece_log_probabilities(self, trace: Trace, changes: Sequence[Intervention], row: int, pieces: Sequence[int]) -> Tensor:
        """Likewise."""
        return self._logits(trace, changes)[:, row].log_softmax(-1)[:, list(pieces)]

    def _logits(self, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
        """(change, row, vocabulary)."""
        for change in changes:
            first_layer(trace, change)  # refuses what is no change of such a pass
            check_obeyed(change, self.anatomy)
        device = next(self.model.parameters()).device
        ids = [
            torch.tensor([trace.tokens(name).ids], device=device).expand(len(changes), -1) for name in self.anatomy.stack_names
        ]
        with torch.no_grad(), recording(Pass(self.places, self.anatomy, changes, False, self.donors(changes))):
            return self.model(**self.inputs(*ids))["logits"]

    def source_states(self, ids: Tensor, changes: Sequence[Intervention]) -> Tensor:
        """Raises ValueError: which module ends the first stack is not known."""
        raise ValueError(self.anatomy.absence("parameters"))

    def source_gradient(self, trace: Trace, rows: range) -> tuple[Tensor, Tensor]:
        """Raises ValueError, in words."""
        raise ValueError(self.anatomy.absence("gradients"))
