"""The bag-of-words experiment: without positions an encoder cannot tell one order of its words from another.

Self-attention is a sum over a set of keys, and everything else works on one token at a time; so permuting the input permutes the
states and changes nothing else (Vaswani et al. 2017, section 3.5, is about what is added because of this).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model.analysis.passes import Passes
from model.analysis.words import word_groups
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention, Link
from model.trace.tokens import Tokens

LAST_ORDER = 9999  # seeds run from 1 to here
TRIES = 50  # seeds looked at for an order that reads differently


@dataclass(frozen=True, eq=False)
class Permuted:
    """What another order of the words does to every token's last encoder state. (token,) each, in the order of the sentence."""

    with_positions: Tensor  # largest |difference| over the dimensions of a token's state, between the two orders
    without_positions: Tensor  # the same with both read without positions: 0 up to rounding
    with_share: Tensor  # |difference| / |state|, Euclidean norms: 1 is a change as long as the state itself
    without_share: Tensor
    scale: Tensor  # largest |number| of the token's state with positions, to compare with


def shuffled_words(tokens: Tokens, seed: int) -> list[int]:
    """A new order of the words, drawn with `seed`: for each place the one that its token had. Special tokens stay.

    The pieces of a word stay together. Where another order exists, the drawn one is not the old one.
    """
    groups = word_groups(tokens)
    words = [group for group in groups if not tokens.special[group.start]]
    generator, drawn = random.Random(seed), list(words)
    different = {tuple(tokens.ids[group.start : group.stop]) for group in words}
    while len(different) > 1 and [tokens.ids[at] for group in drawn for at in group] == [
        tokens.ids[at] for group in words for at in group
    ]:
        generator.shuffle(drawn)
    rest = iter(drawn)
    return [at for group in groups for at in (group if tokens.special[group.start] else next(rest))]


def reordered(tokens: Tokens, order: list[int]) -> Tokens:
    """The tokens in another order; their spans still point into the old text."""
    spans = [(word, span) for word, span in zip(tokens.words, tokens.spans, strict=True) if span]
    ends = {word: end for word, (_, end) in spans}
    starts = {word: start for word, (start, _) in reversed(spans)}
    words = dict.fromkeys(tokens.words[at] for at in order if tokens.spans[at])
    return replace(tokens.taken(order), text=" ".join(tokens.text[starts[word] : ends[word]] for word in words))


def next_order(tokens: Tokens, seed: int) -> int:
    """The next seed, from 1 to LAST_ORDER, whose order reads differently from that of `seed`; `seed` where none was found."""
    shown = reordered(tokens, shuffled_words(tokens, seed)).ids
    for step in range(1, TRIES + 1):
        other = (seed + step - 1) % LAST_ORDER + 1
        if reordered(tokens, shuffled_words(tokens, other)).ids != shown:
            return other
    return seed


def moved(change: Intervention, anatomy: Anatomy, order: list[int]) -> Intervention:
    """The same change for the reordered sentence: links that are cut go with the source tokens that they name."""
    place: dict[int | None, int | None] = {token: at for at, token in enumerate(order)}
    source = anatomy.stacks[0].name
    moves = {
        kind.name: (kind.asks == source, kind.answers == source) for kind in anatomy.kinds
    }  # whether query, key are source tokens

    def go(link: Link) -> Link:
        kind, layer, query, key = link
        asks, answers = moves[kind]
        return kind, layer, place.get(query, query) if asks else query, place.get(key, key) if answers else key

    return replace(change, cut=frozenset(go(link) for link in change.cut))


def with_and_without(change: Intervention) -> tuple[Intervention, Intervention]:
    """`change` with positions on the source (as it has them; as trained where it takes them away), and without."""
    on = replace(change, source_positions="trained") if change.source_positions == "none" else change
    return on, replace(change, source_positions="none")


def compare_orders(passes: Passes, tokens: Tokens, order: list[int], change: Intervention = Intervention()) -> Permuted:
    """Encode the sentence and its reordering, with positions and without, all else as `change` has it: four rows, one pass.

    difference[t] = state(order)[place of t] - state[t]. A window looks at places, so with one the order counts even without
    positions. A patch, which is of one order, is left out. Raises ValueError where `order` does not name every token once.
    """
    if sorted(order) != list(range(len(tokens))):
        raise ValueError(f"The order must name each of the {len(tokens)} tokens once.")
    ids = torch.tensor([tokens.ids, [tokens.ids[at] for at in order]] * 2)
    changes = [row for one in with_and_without(replace(change, patch=None)) for row in (one, moved(one, passes.anatomy, order))]
    states = passes.source_states(ids, changes)
    back = torch.tensor(order, device=states.device).argsort()  # where each token went
    on, off = (states[row + 1][back] - states[row] for row in (0, 2))
    with_share, without_share = (gone.norm(dim=1) / states[row].norm(dim=1) for gone, row in ((on, 0), (off, 2)))
    scale = states[0].abs().amax(dim=1)
    return Permuted(on.abs().amax(dim=1), off.abs().amax(dim=1), with_share, without_share, scale)
