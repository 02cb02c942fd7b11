"""What an analysis may ask a model to do again: read a pair that a Trace holds, changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.trace import Trace


class Passes(Protocol):
    """A model that reads again. Answers are on its device and without a graph."""

    @property
    def anatomy(self) -> Anatomy:
        """What it is made of."""

    def label_log_probabilities(self, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
        """log p(label) of every row under each of many changes, all in one batch: (change, target row), nats.

        The same as one pass each over (trace.source, trace.target), to rounding. Raises ValueError for a change that differs
        from the trace's in more than heads off, cut links and, where it has none, a patch.
        """

    def piece_log_probabilities(self, trace: Trace, changes: Sequence[Intervention], row: int, pieces: Sequence[int]) -> Tensor:
        """log p of some pieces (ids) in one row under each of many changes, all in one batch: (change, piece), nats; likewise."""

    def source_states(self, ids: Tensor, changes: Sequence[Intervention]) -> Tensor:
        """The last states of the stack that reads the source, one change a row: (row, position) -> (row, position, d_model)."""

    def source_gradient(self, trace: Trace, rows: range) -> tuple[Tensor, Tensor]:
        """The token part x of every source embedding and d log p(labels of the rows, together) / d x: (position, d_model) each.

        Under the trace's own intervention.
        """
