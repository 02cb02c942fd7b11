"""Activation patching: what one site after another, taken over from another sentence, does to what the model predicts.

Sentence A is run with one value of sentence B's pass in place of its own; both passes read the same target (teacher forcing). The
measure is the logit difference between what A and what B predict, as a share of the way from A to B: 0 where the site changes nothing,
1 where it alone makes A's pass predict as B's does. Where B is the clean sentence and A the corrupted one this is denoising (does the site
suffice?), the other way round noising (is it needed?).

Vig et al. 2020, "Investigating Gender Bias in Language Models Using Causal Mediation Analysis" (indirect effect); Meng et al. 2022,
"Locating and Editing Factual Associations in GPT" (causal tracing); Wang et al. 2022, "Interpretability in the Wild" (logit difference);
Zhang and Nanda 2024, "Towards Best Practices of Activation Patching in Language Models" (why the logit difference, and its scale).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model.analysis.decoding import next_pieces
from model.analysis.knockout import batches
from model.analysis.passes import Passes
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.patch import EMBEDDING, RESIDUAL, Patch, Site
from model.trace.trace import Trace

Place = tuple[int, int]  # of a map: its row (a layer; of the stream, 0 is the embedding) and its column (a position or a head)


def every_position(anatomy: Anatomy, stack: str, part: str, length: int) -> dict[Place, Site]:
    """What a part of every layer of a stack writes at each of `length` positions, by (layer, position).

    part: the name of a sublayer; RESIDUAL for the stream, whose first row is the embedding and row l + 1 what is behind layer l.
    Raises ValueError for a stack or a part that there is not.
    """
    shape = anatomy.stack(stack)
    if part not in (*shape.sublayers, RESIDUAL):
        raise ValueError(f"The {stack} has no part {part!r}: it has {', '.join((*shape.sublayers, RESIDUAL))}.")
    layers: list[tuple[str, int | None]] = [(part, layer) for layer in range(shape.layers)]
    rows = [(EMBEDDING, None), *layers] if part == RESIDUAL else layers
    return {(row, at): (stack, name, layer, None, at) for row, (name, layer) in enumerate(rows) for at in range(length)}


def every_head_everywhere(anatomy: Anatomy, kind: str) -> dict[Place, Site]:
    """The output of every head of a kind of attention at every token at once, by (layer, head)."""
    shape = anatomy.kind(kind)
    return {(layer, head): (shape.asks, kind, layer, head, None) for layer in range(shape.layers) for head in range(shape.heads)}


@dataclass(frozen=True, eq=False)
class Recovery:
    """What each of many patches does to one prediction; all log p are of the same two pieces, A's and B's, in nats."""

    row: int  # of the stack that predicts
    pieces: tuple[int, int]  # ids: what A predicts there, what B predicts there
    intact: Tensor  # (2,): log p in A
    donor: Tensor  # (2,): log p in B
    patched: Tensor  # (site, 2): log p in A with one site from B

    @property
    def shares(self) -> Tensor:
        """(site,): how far each site alone moves the logit difference from A's, 0, to B's, 1. It may go past either."""
        before, after = difference(self.intact), difference(self.donor)
        return (difference(self.patched) - before) / (after - before)


def difference(log_probabilities: Tensor) -> Tensor:
    """Logit of A's piece minus that of B's, of log p (..., 2): the sum of softmax is in both and falls out."""
    return log_probabilities[..., 0] - log_probabilities[..., 1]


def disagreements(trace: Trace, donor: Trace) -> dict[int, tuple[int, int]]:
    """The rows whose likeliest piece (of those that a text can contain) is another in the donor, with both pieces (of A, of B).

    Raises ValueError, in words, where the two passes do not read the same target, or as many tokens.
    """
    rows, others = len(trace.target), len(donor.target)
    if rows != others or (len(trace.anatomy.stacks) > 1 and trace.target.ids != donor.target.ids):
        what = "the same target" if len(trace.anatomy.stacks) > 1 else f"as many tokens, and not {rows} and {others}"
        raise ValueError(f"Both passes must read {what}, so that one row of them is about the same piece.")
    first, second = (next_pieces(one.part("logits"), 1)[1][:, 0].tolist() for one in (trace, donor))
    return {row: pair for row, pair in enumerate(zip(first, second, strict=True)) if pair[0] != pair[1]}


def patch_each(trace: Trace, donor: Trace, passes: Passes, sites: Sequence[Site], row: int) -> Recovery:
    """Take over one site after another from the donor, in batches, and ask a row of the trace's pass what it predicts.

    donor: the pass of the unchanged model over the other sentence, with the same target. Raises ValueError as `recovery` and
    `patched_changes` do.
    """
    changes, pieces = patched_changes(trace, donor, sites), predictions(trace, donor, row)
    patched = trace.part("logits").new_empty(len(sites), 2)
    for batch in batches(trace, changes):
        patched[batch] = passes.piece_log_probabilities(trace, [changes[at] for at in batch], row, pieces)
    return recovery(trace, donor, row, patched)


def patched_changes(trace: Trace, donor: Trace, sites: Sequence[Site]) -> list[Intervention]:
    """The trace's intervention with one site after another taken over. Raises ValueError for a trace that is patched already."""
    if trace.intervention.patch is not None:
        raise ValueError("This pass is patched already: begin with one that is not.")
    source, target = donor.source.text, donor.translation if len(donor.anatomy.stacks) > 1 else ""
    return [replace(trace.intervention, patch=Patch(source, frozenset({site}), target)) for site in sites]


def predictions(trace: Trace, donor: Trace, row: int) -> tuple[int, int]:
    """What both predict in a row, ids. Raises ValueError, in words, where that is the same and where the passes do not fit."""
    differing = disagreements(trace, donor)
    if row not in differing:
        raise ValueError(f"Both sentences predict the same piece in row {row}: there is nothing that a patch could recover.")
    return differing[row]


def recovery(trace: Trace, donor: Trace, row: int, patched: Tensor) -> Recovery:
    """Recovery from log p of both pieces with each site taken over, (site, 2). Raises ValueError as `predictions` does."""
    pieces = predictions(trace, donor, row)
    intact, other = (one.part("logits")[row].log_softmax(-1)[list(pieces)] for one in (trace, donor))
    return Recovery(row, pieces, intact, other, patched)


def as_map(places: Mapping[Place, Site] | Sequence[Place], values: Tensor) -> Tensor:
    """Values (site,) of places in their order as a matrix (row, column)."""
    rows, columns = (1 + max(place[axis] for place in places) for axis in (0, 1))
    result = torch.full((rows, columns), float("nan"), device=values.device, dtype=values.dtype)
    for place, value in zip(places, values, strict=True):
        result[place] = value
    return result
