"""The bag-of-words experiment: without positions an encoder cannot tell one order of its words from another.

Self-attention is a sum over a set of keys, and everything else works on one token at a time; so permuting the input permutes the
states and changes nothing else (Vaswani et al. 2017, section 3.5, is about what is added because of this).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from model.analysis_words import word_groups
from model.capture import Recorder, recording
from model.intervention import Intervention
from model.tokenizer import SPECIAL, Tokens
from model.transformer import Transformer


@dataclass(frozen=True)
class Permuted:
    """What another order of the words does to every token's last encoder state. (token,) each, in the order of the sentence."""

    with_positions: Tensor  # largest |difference| over the dimensions of a token's state, between the two orders
    without_positions: Tensor  # the same with both read without positions: 0 up to rounding
    scale: Tensor  # largest |number| of the token's state, to compare with


def shuffled_words(tokens: Tokens, seed: int) -> list[int]:
    """A new order of the words, drawn with `seed`: for each place the one that its token had. Special tokens stay.

    The pieces of a word stay together. Where another order exists, the drawn one is not the old one.
    """
    groups = word_groups(tokens)
    words = [group for group in groups if tokens.ids[group.start] not in SPECIAL]
    generator, drawn = random.Random(seed), list(words)
    different = {tuple(tokens.ids[group.start : group.stop]) for group in words}
    while len(different) > 1 and [tokens.ids[at] for group in drawn for at in group] == [
        tokens.ids[at] for group in words for at in group
    ]:
        generator.shuffle(drawn)
    rest = iter(drawn)
    return [at for group in groups for at in (group if tokens.ids[group.start] in SPECIAL else next(rest))]


def reordered(tokens: Tokens, order: list[int]) -> Tokens:
    """The tokens in another order; their spans still point into the old text."""
    parts = ([values[at] for at in order] for values in (tokens.ids, tokens.pieces, tokens.words, tokens.spans))
    return Tokens(" ".join(tokens.text[slice(*tokens.spans[at])] for at in order if tokens.spans[at]), *parts)


@torch.no_grad()
def compare_orders(model: Transformer, tokens: Tokens, order: list[int]) -> Permuted:
    """Encode the sentence and its reordering, with positions as trained and without: four rows, one pass.

    difference[t] = max_d |state(order)[place of t][d] - state[t][d]|
    """
    ids = torch.tensor([tokens.ids, [tokens.ids[at] for at in order]] * 2, device=model.device)
    changes = [Intervention()] * 2 + [Intervention(source_positions="none")] * 2
    with recording(Recorder(model.config, changes, captures=False)):
        states, _ = model.encode(ids)
    back = torch.tensor(order, device=model.device).argsort()  # where each token went
    on, off = ((states[row + 1][back] - states[row]).abs().amax(dim=1) for row in (0, 2))
    return Permuted(on, off, states[0].abs().amax(dim=1))
