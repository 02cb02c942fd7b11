"""What the model says when a part of it is taken away: every head, every layer or every source word in turn, in batches.

The target is read as it is (teacher forcing), so every knock-out is asked for the same words: log p of the labels of one Trace.
Ablation of single heads: Michel et al. 2019, "Are Sixteen Heads Really Better than One?"; Voita et al. 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model.analysis.passes import Passes
from model.analysis.words import word_groups
from model.instrument.rerun import first_layer
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.trace.tokens import Tokens
from model.trace.trace import Trace

CHUNK_TOKENS = 1500  # tokens of one batch of changed sentences, of the longer side


@dataclass(frozen=True)
class KnockOut:
    """What is taken away at once: heads are switched off, links are cut."""

    heads: frozenset[tuple[str, int, int]] = frozenset()  # (kind, layer, head), from 0
    links: frozenset[Link] = frozenset()  # (kind, layer, query, key), as in Intervention

    def is_in(self, change: Intervention) -> bool:
        """Whether all of it is taken away already."""
        return self.heads <= change.heads_off and self.links <= change.cut

    def taken_from(self, change: Intervention) -> Intervention:
        """`change` with this taken away."""
        return replace(change, heads_off=change.heads_off | self.heads, cut=change.cut | self.links)

    def switched(self, change: Intervention) -> Intervention:
        """`change` with this taken away; given back where all of it was taken away already."""
        if self.is_in(change):
            return replace(change, heads_off=change.heads_off - self.heads, cut=change.cut - self.links)
        return self.taken_from(change)


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


def every_word(anatomy: Anatomy, source: Tokens) -> dict[int, KnockOut]:
    """Every word that the first stack reads, by its place, from 0: nobody may attend to any of its pieces, from any stack."""
    kinds = [kind.name for kind in anatomy.kinds if kind.answers == anatomy.stacks[0].name]
    return {
        at: KnockOut(links=frozenset((kind, None, None, key) for kind in kinds for key in group))
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
        intact, without = (part[:, rows.start : rows.stop].sum(dim=1) for part in (self.intact, self.without))
        return intact, without

    def change(self, rows: range) -> Tensor:
        """What taking it away changes, (knock-out,), nats: without minus intact; below 0 it hurts."""
        intact, without = self.over(rows)
        return without - intact


def knock_out(trace: Trace, passes: Passes, knock_outs: Sequence[KnockOut]) -> Effects:
    """Take away one thing after another (or give it back, where the trace lacks it already), beside the trace as it is."""
    switched = label_log_probabilities(trace, passes, [one.switched(trace.intervention) for one in knock_outs])
    return compare(trace, knock_outs, switched)


def compare(trace: Trace, knock_outs: Sequence[KnockOut], switched: Tensor) -> Effects:
    """Effects from log p with each knock-out switched, (knock-out, target row), as `label_log_probabilities` gives it."""
    off = [one.is_in(trace.intervention) for one in knock_outs]
    is_off, now = torch.tensor(off, device=switched.device)[:, None], -trace.part("loss")
    return Effects(off, intact=torch.where(is_off, switched, now), without=torch.where(is_off, now, switched))


def occlusion(trace: Trace, passes: Passes) -> Tensor:
    """log p(label) as it is minus log p(label) without one source word: (source word, target row), nats; signed.

    A word is taken away by masking it: nobody may attend to its pieces (Zeiler and Fergus 2014; for translation Ding et al.
    2017 and He et al. 2019 compare such measures). 0 for a word that the trace's intervention hides already.
    """
    return losses(trace, label_log_probabilities(trace, passes, occlusions(trace)))


def occlusions(trace: Trace) -> list[Intervention]:
    """The trace's intervention without each source word in turn."""
    return [word.taken_from(trace.intervention) for word in every_word(trace.anatomy, trace.source).values()]


def losses(trace: Trace, without: Tensor) -> Tensor:
    """What each label loses, nats: log p(label) of the trace minus that without something, (thing, target row) both."""
    return -trace.part("loss") - without


def label_log_probabilities(trace: Trace, passes: Passes, interventions: Sequence[Intervention]) -> Tensor:
    """log p(label) of every decoder row under each of many Interventions: (intervention, target row), nats; in `batches`.

    Raises ValueError for an Intervention that differs from the trace's in more than heads off and cut links.
    """
    result = trace.part("loss").new_empty(len(interventions), len(trace.target))
    for batch in batches(trace, interventions):
        result[batch] = passes.label_log_probabilities(trace, [interventions[at] for at in batch])
    return result


def batches(trace: Trace, interventions: Sequence[Intervention]) -> list[list[int]]:
    """Which interventions (by index) go through together: those that begin at about the same layer, CHUNK_TOKENS at most.

    Those that change the first stack come first, apart from the others, which share its states. Raises ValueError as
    `label_log_probabilities` does.
    """
    first = [first_layer(trace, change) for change in interventions]
    order = sorted(range(len(first)), key=first.__getitem__)
    size, result = max(1, CHUNK_TOKENS // max(len(trace.source), len(trace.target))), []
    for changes_encoder in (True, False):
        part = [at for at in order if (first[at] < trace.anatomy.stacks[0].layers) == changes_encoder]
        result += [part[start : start + size] for start in range(0, len(part), size)]
    return result
