"""What the model says when a part of it is taken away: every head, every layer or every source word in turn, in batches.

The target is read as it is (teacher forcing), so every knock-out is asked for the same words: log p of the labels of one Trace.
Ablation of single heads: Michel et al. 2019, "Are Sixteen Heads Really Better than One?"; Voita et al. 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from model.analysis.words import word_groups
from model.instrument.capture import Recorder, recording
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from model.transformer.masks import padding_mask
from model.transformer.transformer import Transformer

CHUNK_TOKENS = 1500  # tokens of one batch of changed sentences, of the longer side
LOGIT_ROWS = 128  # rows whose logits over the whole vocabulary are held at a time

Changed = TypeVar("Changed")  # an Intervention, or anything with its fields `heads_off` and `cut`


@dataclass(frozen=True)
class KnockOut:
    """What is taken away at once: heads are switched off, links are cut."""

    heads: frozenset[tuple[str, int, int]] = frozenset()  # (kind, layer, head), from 0
    links: frozenset[Link] = frozenset()  # (kind, layer, query, key), as in Intervention

    def is_in(self, change: Changed) -> bool:
        """Whether all of it is taken away already."""
        return self.heads <= change.heads_off and self.links <= change.cut

    def switched(self, change: Changed) -> Changed:
        """`change` with this taken away; given back where all of it was taken away already."""
        if self.is_in(change):
            return replace(change, heads_off=change.heads_off - self.heads, cut=change.cut - self.links)
        return replace(change, heads_off=change.heads_off | self.heads, cut=change.cut | self.links)


def every_head(anatomy: Anatomy) -> dict[tuple[str, int, int], KnockOut]:
    """Every head by (kind, layer, head), in this order."""
    return {
        (kind, layer, head): KnockOut(heads=frozenset({(kind, layer, head)}))
        for kind, layer in every_layer(anatomy)
        for head in range(anatomy.kind(kind).heads)
    }


def every_layer(anatomy: Anatomy) -> dict[tuple[str, int], KnockOut]:
    """All heads of one attention module at once, by (kind, layer), in this order."""
    return {
        (kind.name, layer): KnockOut(heads=frozenset((kind.name, layer, head) for head in range(kind.heads)))
        for kind in anatomy.kinds
        for layer in range(kind.layers)
    }


def every_word(source: Tokens) -> dict[int, KnockOut]:
    """Every source word by its place, from 0: nobody may attend to any of its pieces, in the encoder or from the decoder."""
    return {
        at: KnockOut(links=frozenset((kind, None, None, key) for kind in ("encoder", "cross") for key in group))
        for at, group in enumerate(word_groups(source))
    }


@dataclass(frozen=True, eq=False)
class Effects:
    """log p of every label with and without something, nats; all under the trace's own intervention."""

    off: list[bool]  # (knock-out,): taken away already: what the trace shows is without it
    intact: Tensor  # (knock-out, target row)
    without: Tensor  # (knock-out, target row)

    def over(self, rows: range) -> tuple[Tensor, Tensor]:
        """log p of all labels of some rows together, (intact, without), (knock-out,) each: the sum over the rows."""
        return tuple(part[:, rows.start : rows.stop].sum(dim=1) for part in (self.intact, self.without))

    def change(self, rows: range) -> Tensor:
        """What taking it away changes, (knock-out,), nats: without minus intact; below 0 it hurts."""
        intact, without = self.over(rows)
        return without - intact


def knock_out(trace: Trace, model: Transformer, knock_outs: Sequence[KnockOut]) -> Effects:
    """Take away one thing after another (or give it back, where the trace lacks it already), beside the trace as it is."""
    switched = label_log_probabilities(trace, model, [one.switched(trace.intervention) for one in knock_outs])
    return compare(trace, knock_outs, switched)


def compare(trace: Trace, knock_outs: Sequence[KnockOut], switched: Tensor) -> Effects:
    """Effects from log p with each knock-out switched, (knock-out, target row), as `label_log_probabilities` gives it."""
    off = [one.is_in(trace.intervention) for one in knock_outs]
    is_off, now = torch.tensor(off, device=switched.device)[:, None], -trace.loss
    return Effects(off, intact=torch.where(is_off, switched, now), without=torch.where(is_off, now, switched))


def label_log_probabilities(trace: Trace, model: Transformer, interventions: Sequence[Intervention]) -> Tensor:
    """log p(label) of every decoder row under each of many Interventions: (intervention, target row), nats.

    The same as one pass each over (trace.source, trace.target), to rounding, but nothing is computed twice: see `run_batch`.
    Raises ValueError for an Intervention that differs from the trace's in more than heads off and cut links.
    """
    found = trace.loss.new_empty(len(interventions), len(trace.target))
    for batch in batches(trace, interventions):
        found[batch] = run_batch(trace, model, [interventions[at] for at in batch])
    return found


def batches(trace: Trace, interventions: Sequence[Intervention]) -> list[list[int]]:
    """Which interventions (by index) go through together: those that join at about the same layer, CHUNK_TOKENS at most.

    Raises ValueError as `label_log_probabilities` does.
    """
    joins = [_joins(trace, change) for change in interventions]
    order = sorted(range(len(joins)), key=joins.__getitem__)
    size, found = max(1, CHUNK_TOKENS // max(len(trace.source), len(trace.target))), []
    for changes_encoder in (True, False):
        part = [at for at in order if (joins[at] < trace.anatomy.stacks[0].layers) == changes_encoder]
        found += [part[start : start + size] for start in range(0, len(part), size)]
    return found


def run_batch(trace: Trace, model: Transformer, changes: Sequence[Intervention]) -> Tensor:
    """log p(label) under one batch of `batches`: (intervention, target row), nats.

    One walk up the model. A row of the batch joins at the layer where its intervention first differs from the trace's, with the
    state that the trace has there; rows that leave the encoder as it is share its states.
    """
    ends, encoder = [_joins(trace, change) for change in changes], trace.anatomy.stacks[0].layers
    source = torch.tensor([trace.source.ids], device=model.device)
    with torch.no_grad():
        seen = padding_mask(source, model.config.pad_id)
        if min(ends) < encoder:
            memory = _climb(trace, model, "encoder", changes, ends, (seen,))
            ends = [0] * len(ends)
        else:
            memory, ends = model.encoder.norm(trace.residual["encoder"].states[-1:]), [end - encoder for end in ends]
        ahead = model.decoder.mask(torch.tensor([trace.target.ids], device=model.device))
        states = _climb(trace, model, "decoder", changes, ends, (memory, ahead, seen))
        return _log_probabilities(model, states, trace.labels)


def _joins(trace: Trace, change: Intervention) -> int:
    """The layer from which on a change differs from the trace: encoder layers first, then the decoder's; all of them: nowhere."""
    base, encoder = trace.intervention, trace.anatomy.stacks[0].layers
    if replace(change, heads_off=base.heads_off, cut=base.cut) != base:
        raise ValueError(
            "Knock-outs may differ from the trace in heads that are off and links that are cut, and in nothing else."
        )
    places = [(kind, layer) for kind, layer, _ in change.heads_off ^ base.heads_off]
    places += [(kind, layer or 0) for kind, layer, _, _ in change.cut ^ base.cut]
    return min(
        (layer if kind == "encoder" else encoder + layer for kind, layer in places), default=encoder + trace.anatomy.stacks[1].layers
    )


def _climb(
    trace: Trace, model: Transformer, side: str, changes: Sequence[Intervention], joins: list[int], more: tuple[Tensor, ...]
) -> Tensor:
    """The last states of one stack, (change, position, d_model); change i joins at layer joins[i], which never decreases.

    more: what a layer of this stack takes beside the states.
    """
    stack, states = getattr(model, side), trace.residual[side].states
    sublayers = (len(states) - 1) // len(stack.layers)
    x = states[:0]
    for index in range(len(stack.layers) + 1):
        x = torch.cat([x, states[index * sublayers].expand(joins.count(index), -1, -1)])
        if len(x) and index < len(stack.layers):
            with recording(Recorder(trace.anatomy, changes[: len(x)], captures=False)):
                x = stack.layers[index](x, *more)
    return stack.norm(x)


def _log_probabilities(model: Transformer, states: Tensor, labels: Tokens) -> Tensor:
    """log p of the labels, (change, row), from decoder states (change, row, d_model)."""
    wanted = torch.tensor(labels.ids, device=states.device).expand(len(states), -1).flatten()
    found = []
    for rows, ids in zip(states.flatten(0, 1).split(LOGIT_ROWS), wanted.split(LOGIT_ROWS), strict=True):
        found.append(-F.cross_entropy(model.logits(rows), ids, reduction="none"))
    return torch.cat(found).view(len(states), -1)
