"""A pass of our transformer run again, changed: from the layer where a change begins, many changes at a time.

What lies below that layer is taken from the pass as it was, so nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from model.instrument.donors import Donors, no_donors
from model.instrument.recorder import Recorder, recording
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.patch import EMBEDDING
from model.trace.trace import Trace
from model.transformer.alone import Alone
from model.transformer.config import DECODER, ENCODER
from model.transformer.masks import padding_mask
from model.transformer.transformer import Stack, Transformer

LOGIT_ROWS = 128  # rows whose logits over the whole vocabulary are held at a time


def first_layer(trace: Trace, change: Intervention) -> int:
    """Index of the first layer whose output differs from the trace's, counting encoder layers, then decoder layers.

    The total number of layers if none does. Raises ValueError for a change of more than heads off, cut links and, where the trace has
    none, a patch.
    """
    base = trace.intervention
    if (
        base.patch not in (None, change.patch)
        or replace(change, heads_off=base.heads_off, cut=base.cut, patch=base.patch) != base
    ):
        raise ValueError(
            "Knock-outs and patches may differ from the trace in heads that are off and links that are cut, in a patch where it has none, and "
            "in nothing else."
        )
    places = [(kind, layer) for kind, layer, _ in change.heads_off ^ base.heads_off]
    places += [(kind, layer or 0) for kind, layer, _, _ in change.cut ^ base.cut]
    sites = () if change.patch is None or base.patch is not None else change.patch.sites
    return min(lowest(trace.anatomy, places), _lowest(trace.anatomy, ((site[0], site[2] or 0) for site in sites)))


def lowest(anatomy: Anatomy, places: Iterable[tuple[str, int]]) -> int:
    """Index of the lowest of some attention sublayers (kind, layer), counting as `first_layer` does."""
    return _lowest(anatomy, ((anatomy.kind(kind).asks, layer) for kind, layer in places))


def _lowest(anatomy: Anatomy, layers: Iterable[tuple[str, int]]) -> int:
    """The same of (stack, layer)."""
    below, total = {}, 0  # layers that come before a stack's own
    for stack in anatomy.stacks:
        below[stack.name] = total
        total += stack.layers
    return min((below[stack] + layer for stack, layer in layers), default=total)


def rerun(
    model: Transformer,
    source: Tensor,
    target: Tensor,
    states: Mapping[str, Tensor | Sequence[Tensor]],
    joins: list[int],
    recorder: Callable[[int], Recorder],
) -> Tensor:
    """The last decoder states of a batch of changed passes over the same pair, or over a pair each: (row, target, d_model).

    source (1 or row, source) and target (1 or row, target): ids. states: by stack, the residual stream of the pass as it was,
    (1 or row, position, d_model) after the embedding and after every sublayer. joins (row,): the layer from which on a row is
    computed, as `first_layer` counts, never decreasing. recorder: what applies the changes of the first so many rows.
    """
    encoder = len(model.encoder.layers)
    seen = padding_mask(source, model.config.pad_id)
    if joins[0] < encoder:
        memory = _climb(ENCODER, model.encoder, states[ENCODER], [min(join, encoder) for join in joins], (seen,), recorder)
        joins = [0] * len(joins)
    else:  # all rows leave the encoder as it is and share its states
        memory, joins = model.encoder.norm(states[ENCODER][-1]), [join - encoder for join in joins]
    return _climb(DECODER, model.decoder, states[DECODER], joins, (memory, model.decoder.mask(target), seen), recorder)


def _climb(
    name: str,
    stack: Stack,
    states: Tensor | Sequence[Tensor],
    joins: list[int],
    given: tuple[Tensor, ...],
    recorder: Callable[[int], Recorder],
) -> Tensor:
    """The last states of one stack, (row, position, d_model), normalised; row i joins at layer joins[i] with the state there.

    given: what a layer of this stack takes beside the states.
    """
    sublayers = (len(states) - 1) // len(stack.layers)
    x = states[0][:0]
    for index in range(len(stack.layers) + 1):
        if count := joins.count(index):
            x = torch.cat([x, states[index * sublayers].expand(count, -1, -1)])
            if index == 0:  # those that join here may have another embedding
                x = recorder(count).edit_states(name, EMBEDDING, None, x)
        if len(x) and index < len(stack.layers):
            with recording(recorder(len(x))):
                x = stack.layers[index](x, *given)
    return stack.norm(x)


def log_probabilities(model: Transformer | Alone, states: Tensor, ids: Tensor) -> Tensor:
    """log p of one piece for each row, nats: decoder states (batch, row, d_model), ids (row,) -> (batch, row)."""
    rows, wanted = states.flatten(0, 1).split(LOGIT_ROWS), ids.expand(len(states), -1).flatten().split(LOGIT_ROWS)
    values = [-F.cross_entropy(model.logits(x), pieces, reduction="none") for x, pieces in zip(rows, wanted, strict=True)]
    return torch.cat(values).view(len(states), -1)


class _SourceEmbeddings(Recorder):
    """Keeps the token part of the source embeddings with its place in the graph, and nothing else."""

    embedded: Tensor

    def keep(self, what: str, where: str, tensor: Tensor) -> None:
        if (what, where) == ("embeddings", self.anatomy.stacks[0].name):
            self.embedded = tensor


@dataclass(frozen=True, eq=False)
class _OwnPasses:
    """A model of ours that reads again: what is the same however it is built.

    donors: the passes that patches are taken from.
    """

    model: Transformer | Alone
    donors: Callable[[Sequence[Intervention]], Donors] = no_donors

    @property
    def anatomy(self) -> Anatomy:
        """The model's own."""
        return self.model.anatomy

    def label_log_probabilities(self, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
        """From the last states under each change."""
        with torch.no_grad():
            return log_probabilities(self.model, self._last_states(trace, changes), self._ids(trace)[1])

    def piece_log_probabilities(self, trace: Trace, changes: Sequence[Intervention], row: int, pieces: Sequence[int]) -> Tensor:
        """Likewise, with logits of one row."""
        with torch.no_grad():
            return self.model.logits(self._last_states(trace, changes)[:, row]).log_softmax(-1)[:, list(pieces)]

    def source_states(self, ids: Tensor, changes: Sequence[Intervention]) -> Tensor:
        """The states behind the last LayerNorm of the stack that reads."""
        with torch.no_grad(), recording(Recorder(self.model.anatomy, changes, captures=False, donors=self.donors(changes))):
            return self._encode(ids.to(self.model.device))

    def source_gradient(self, trace: Trace, rows: range) -> tuple[Tensor, Tensor]:
        """One pass and one backward pass."""
        read, labels = self._ids(trace)
        watching = _SourceEmbeddings(trace.anatomy, trace.intervention, donors=self.donors([trace.intervention]))
        with torch.enable_grad(), recording(watching) as recorder:
            states = self._run(*read)[:, rows.start : rows.stop]
            said = log_probabilities(self.model, states, labels[rows.start : rows.stop]).sum()
            (gradient,) = torch.autograd.grad(said, recorder.embedded)
        return recorder.embedded[0].detach(), gradient[0]

    def _ids(self, trace: Trace) -> tuple[list[Tensor], Tensor]:
        """Ids of what each stack reads, (1, position), and of the labels, (row,)."""
        *read, labels = (
            torch.tensor(part.ids, device=self.model.device)
            for part in (*map(trace.tokens, trace.anatomy.stack_names), trace.labels)
        )
        return [ids[None] for ids in read], labels

    def _last_states(self, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
        """The last states of the stack that predicts under each change, (change, row, d_model)."""
        raise NotImplementedError

    def _encode(self, ids: Tensor) -> Tensor:
        """The last states of the stack that reads."""
        raise NotImplementedError

    def _run(self, *read: Tensor) -> Tensor:
        """The last states of a whole pass."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class TransformerPasses(_OwnPasses):
    """A Transformer that reads again, in one walk up the model: the answers to `model.analysis.passes.Passes`, where shapes and units stand."""

    model: Transformer

    def _last_states(self, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
        """The last decoder states under each change, (change, row, d_model). A change joins where it begins; those that leave the
        encoder as it is share its states."""
        joins = [first_layer(trace, change) for change in changes]
        order = sorted(range(len(joins)), key=joins.__getitem__)
        sorted_changes = [changes[at] for at in order]
        (source, target), _ = self._ids(trace)
        states = {stack: residual.states[:, None] for stack, residual in trace.residual.items()}
        donors = self.donors(changes)

        def recorder(count: int) -> Recorder:
            return Recorder(trace.anatomy, sorted_changes[:count], captures=False, donors=donors)

        last = rerun(self.model, source, target, states, [joins[at] for at in order], recorder)
        return last[torch.tensor(order, device=last.device).argsort()]

    def _encode(self, ids: Tensor) -> Tensor:
        return self.model.encode(ids)[0]

    def _run(self, *read: Tensor) -> Tensor:
        source, target = read
        return self.model.decode(target, *self.model.encode(source))


@dataclass(frozen=True, eq=False)
class AlonePasses(_OwnPasses):
    """A model of one stack that reads again, in one batch: the answers to `model.analysis.passes.Passes`, where shapes and units stand."""

    model: Alone

    def _last_states(self, trace: Trace, changes: Sequence[Intervention]) -> Tensor:
        """The last states under each change, (change, row, d_model)."""
        for change in changes:
            first_layer(trace, change)  # refuses what is no change of such a pass
        (ids,), _ = self._ids(trace)
        with recording(Recorder(trace.anatomy, changes, captures=False, donors=self.donors(changes))):
            return self.model.read(ids.expand(len(changes), -1))

    def _encode(self, ids: Tensor) -> Tensor:
        return self.model.read(ids)

    def _run(self, *read: Tensor) -> Tensor:
        (ids,) = read
        return self.model.read(ids)
