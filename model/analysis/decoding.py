"""Decoding taken apart: what the model would have said after another word, and beam search with the tree of its hypotheses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from model.instrument.donors import NO_DONORS, Donors
from model.instrument.recorder import running
from model.instrument.search import LARGEST_BEAM, NEVER_SAID, Ended, Going, search
from model.instrument.tokenizer import END
from model.trace.intervention import Intervention
from model.trace.places import check_places
from model.trace.values import rows_of, shown, whole_number
from model.transformer.transformer import Transformer

Forced = tuple[tuple[int, int], ...]  # (step, piece id): which piece is taken at a target step, from 0


@dataclass(frozen=True)
class WhatIf:
    """A greedy translation in which some pieces were given."""

    ids: list[int]  # all pieces, without </s>
    taken: Forced  # the choices that are in it, by step
    dropped: Forced  # choices ignored: past the end, an unsayable piece, or a second choice for the same step

    def __hash__(self) -> int:
        return hash((tuple(self.ids), self.taken, self.dropped))


@dataclass(frozen=True)
class Hypothesis:
    """A beginning of a translation that beam search kept for at least one step, or a whole one."""

    parent: int | None  # index of the hypothesis that it continues; None for one of the first step
    piece: int  # id of its last piece
    step: int  # of its last piece, from 0
    log_probability: float  # of all its pieces, nats
    normalised: float | None  # of one that ended: log_probability / ((5 + length) / 6)^0.6, </s> counted in the length


@dataclass(frozen=True)
class BeamTree:
    """Everything that a beam search kept. A hypothesis stands behind its parent."""

    beam: int  # hypotheses kept a step
    hypotheses: tuple[Hypothesis, ...]
    winner: int  # index of the hypothesis that search returns

    def path(self, index: int) -> list[int]:
        """Indices of the hypotheses from the first step to this one."""
        steps: list[int] = []
        at: int | None = index
        while at is not None:
            steps.append(at)
            at = self.hypotheses[at].parent
        return steps[::-1]

    def ids(self, index: int) -> list[int]:
        """The pieces of a hypothesis; of one that ended, </s> is the last."""
        return [self.hypotheses[at].piece for at in self.path(index)]

    @property
    def ended(self) -> list[int]:
        """Indices of the hypotheses that ended, the best normalised score first; the winner is the first."""
        whole = [index for index, one in enumerate(self.hypotheses) if one.normalised is not None]
        return sorted(whole, key=lambda index: (self.hypotheses[index].normalised, self.ids(index)[:-1]), reverse=True)

    @cached_property
    def continued(self) -> frozenset[int]:
        """Indices of the hypotheses of which the next step kept a continuation."""
        return frozenset(one.parent for one in self.hypotheses if one.parent is not None)


def continue_greedily(
    model: Transformer,
    source: list[int],
    forced: Forced,
    intervention: Intervention = Intervention(),
    donors: Donors = NO_DONORS,
) -> WhatIf:
    """Translate source ids (ending in </s>), taking the `forced` pieces at their steps and the most probable piece at all others.

    A forced </s> ends the sentence. The length stays within `length_limits`. Without forced choices this is `search`.
    donors: what a patch is taken from. Raises ValueError, in words, for a source, an Intervention or choices without meaning.
    """
    _check(model, source, intervention)
    wanted: dict[int, int] = {}
    for step, piece in rows_of("forced", forced, 2, "pairs (step, piece)"):
        step, piece = (
            whole_number(f"A {name} in forced", at, -(10**9), 10**9) for name, at in (("step", step), ("piece", piece))
        )
        if step >= 0 and 0 <= piece < model.config.vocabulary_size and piece not in NEVER_SAID:
            wanted.setdefault(step, piece)
    with running(model.anatomy, intervention, donors):
        ids = search(
            model, torch.tensor([source], device=model.device), use_cache=intervention.keeps_earlier_steps, forced=wanted
        )[0]
    said = dict(enumerate([*ids, END]))
    taken = tuple(sorted({(step, piece) for step, piece in forced if said.get(step) == piece}))
    return WhatIf(ids, taken, tuple(choice for choice in forced if choice not in taken))


def beam_tree(
    model: Transformer, source: list[int], beam: int, intervention: Intervention = Intervention(), donors: Donors = NO_DONORS
) -> BeamTree:
    """Beam search over source ids (ending in </s>) with everything that it kept: the same steps as `search`, observed.

    Scores are normalised by length (Wu et al. 2016, equation 14). donors: what a patch is taken from. Raises ValueError, in words, for a beam or a source without meaning.
    """
    whole_number("The beam", beam, 1, LARGEST_BEAM)
    _check(model, source, intervention)
    found: list[Hypothesis] = []
    last: list[int] = []  # indices of the hypotheses that the last step kept
    step = 0

    def observe(_sentence: int, going: list[Going], ended: list[Ended]) -> None:
        nonlocal last, step
        parents: list[int | None] = list(last) or [None] * beam
        found.extend(Hypothesis(parents[parent], END, step, score, normalised) for parent, score, normalised in ended)
        last = list(range(len(found), len(found) + len(going)))
        found.extend(Hypothesis(parents[parent], piece, step, score, None) for parent, piece, score in going)
        step += 1

    with running(model.anatomy, intervention, donors):
        ids = torch.tensor([source], device=model.device)
        search(model, ids, beam, use_cache=intervention.keeps_earlier_steps, observe=observe)
    return BeamTree(beam, tuple(found), BeamTree(beam, tuple(found), winner=0).ended[0])


def _check(model: Transformer, source: list[int], intervention: Intervention) -> None:
    """Raise ValueError, in words, for a source that is no list of ids and for an Intervention that the model cannot follow."""
    if not isinstance(source, (list, tuple)):
        raise ValueError(f"source must be a list of token ids, not {shown(source)}.")
    for id_ in source:
        whole_number("A token id of source", id_, 0, model.config.vocabulary_size - 1)
    check_places(intervention, model.anatomy, len(source), model.config.max_length)


def next_pieces(logits: Tensor, count: int = 5) -> tuple[Tensor, Tensor]:
    """The most probable pieces that can be said: (..., vocabulary) -> probabilities and ids, (..., count), the largest first.

    As in `search`, <pad>, <unk> and <s> are left out before the softmax. Raises ValueError for a count of less than 1.
    """
    whole_number("count", count, 1)
    logits = logits.float().clone()
    logits[..., NEVER_SAID] = float("-inf")
    best = logits.softmax(dim=-1).topk(min(count, logits.size(-1) - len(NEVER_SAID)), dim=-1)
    return best.values, best.indices
