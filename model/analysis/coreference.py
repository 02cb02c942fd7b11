"""What "it" gathers in the encoder, and where the decoder's pronoun is decided: weights, cut links and heads switched off.

The examples come in pairs that differ in an adjective alone: rows 2 i and 2 i + 1. In the first of a pair "it" stands for the
first noun, in the second for the second. A head that "turns" looks more at the right noun in both.
Cutting attention to find where information passes: Geva et al. 2023, "Dissecting Recall of Factual Associations".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from model.analysis.links import Change, Cut, Effect, Examples, Intact, effect
from model.transformer.config import CROSS, DECODER, ENCODER
from model.transformer.transformer import Transformer

NOUNS = ("antecedent", "distractor")
HIDDEN = ("antecedent", "distractor", "it", "adjective")  # source places whose pieces nobody may read
LINKS = (  # kind, rows that ask (None: all), what they may no longer read
    (ENCODER, "it", "antecedent"),
    (ENCODER, "it", "distractor"),
    (ENCODER, "it", "adjective"),
    (ENCODER, "adjective", "antecedent"),
    (ENCODER, "adjective", "distractor"),
    (ENCODER, "antecedent", "adjective"),
    (ENCODER, "distractor", "adjective"),
    (ENCODER, "rest", "adjective"),
    (ENCODER, None, "adjective"),
    (DECODER, "pronoun", "antecedent"),
    (DECODER, "pronoun", "distractor"),
    (DECODER, "pronoun", "rest"),
    (CROSS, "pronoun", "antecedent"),
    (CROSS, "pronoun", "distractor"),
    (CROSS, "pronoun", "it"),
    (CROSS, "pronoun", "adjective"),
    (CROSS, "pronoun", "rest"),
    (CROSS, None, "adjective"),
)  # fmt: skip
READS = {DECODER: (*NOUNS, "rest"), CROSS: (*NOUNS, "it", "adjective", "rest")}  # what the row of the pronoun may read


@dataclass(frozen=True, eq=False)
class Gathering:
    """What "it" attends to in the encoder; every field is (layer, head)."""

    antecedent: Tensor  # weight from "it" to the right noun, mean over examples
    distractor: Tensor  # to the other noun
    first: Tensor  # to the noun that comes first, right or not
    second: Tensor
    exceeds: Tensor  # share of examples in which the right noun gets more than the other
    turns: Tensor  # share of pairs in which it does in both members
    exceeds_null: Tensor  # the same with the weights of every row shuffled among its keys
    turns_null: Tensor


def between(weights: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """Attention from a place to a place, (layer, head, example), from weights (layer, example, head, query, key).

    queries, keys: bool (example, position). Summed over the keys, averaged over the queries; 0 in an example that lacks the place.
    """
    rows = queries.to(weights.dtype) / queries.sum(1, keepdim=True).clamp(min=1)
    return torch.einsum("lehqk,eq,ek->lhe", weights, rows, keys.to(weights.dtype))


def gathering(intact: Intact, examples: Examples, seed: int = 0) -> Gathering:
    """What every head of the encoder gathers for "it". The null is drawn with `seed`. Raises ValueError for unpaired examples."""
    if len(examples) % 2 or not len(examples):
        raise ValueError(f"Examples come in pairs; there are {len(examples)}.")
    weights, places = intact.weights[ENCODER], examples.places[ENCODER]
    got = {name: between(weights, places["it"], places[name]) for name in (*NOUNS, "first", "second")}
    exceeds, turns = _compare(got["antecedent"], got["distractor"])
    shuffled = _shuffled(weights, examples.places[ENCODER]["real"], seed)
    null = _compare(*(between(shuffled, places["it"], places[name]) for name in NOUNS))
    means = {name: values.mean(-1) for name, values in got.items()}
    return Gathering(**means, exceeds=exceeds, turns=turns, exceeds_null=null[0], turns_null=null[1])


def _compare(right: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """(layer, head, example) twice -> how often the first is larger, (layer, head): in examples, in both members of pairs."""
    more = right > other
    return more.float().mean(-1), more.unflatten(-1, (-1, 2)).all(-1).float().mean(-1)


def _shuffled(weights: Tensor, real: Tensor, seed: int) -> Tensor:
    """The weights of every row in another order among the keys that are no padding; real: bool (example, key)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(weights.shape, generator=generator).to(weights.device)
    order = noise.masked_fill(~real[:, None, None, :], 2.0).argsort(-1)  # the real keys, in a random order, then the padding
    return weights.gather(-1, order)


def head_links(model: Transformer, examples: Examples, intact: Intact, kind: str, queries: str, keys: str) -> Effect:
    """What cutting one place from another in one head alone does, for every head of a kind: (layer, head)."""
    shape = (model.anatomy.kind(kind).layers, model.anatomy.kind(kind).heads)
    cuts = [Change((Cut(kind, layer, queries, keys, head),)) for layer, head in product(*map(range, shape))]
    return _shaped(effect(model, examples, intact, cuts), shape)


def hidden(model: Transformer, examples: Examples, intact: Intact) -> dict[str, Effect]:
    """What hiding a source place does: nobody may read its pieces, in the encoder or from the decoder. By HIDDEN, no axes."""
    changes = [Change(tuple(Cut(kind, None, None, place) for kind in (ENCODER, CROSS))) for place in HIDDEN]
    found = effect(model, examples, intact, changes)
    return {place: Effect(found.change[at], found.lost[at]) for at, place in enumerate(HIDDEN)}


def links(model: Transformer, examples: Examples, intact: Intact) -> dict[tuple[str, str | None, str], Effect]:
    """What cutting LINKS does in all heads of each layer, and last in all layers at once: (layers + 1,) each."""
    found = {}
    for kind, queries, keys in LINKS:
        layers = [*range(model.anatomy.kind(kind).layers), None]
        found[kind, queries, keys] = effect(
            model, examples, intact, [Change((Cut(kind, layer, queries, keys),)) for layer in layers]
        )
    return found


def heads_off(model: Transformer, examples: Examples, intact: Intact, kind: str) -> Effect:
    """What switching off every head of a kind does: (layer, head)."""
    shape = (model.anatomy.kind(kind).layers, model.anatomy.kind(kind).heads)
    changes = [Change(heads=frozenset({(kind, layer, head)})) for layer, head in product(*map(range, shape))]
    return _shaped(effect(model, examples, intact, changes), shape)


def layers_off(model: Transformer, examples: Examples, intact: Intact, kind: str) -> Effect:
    """What switching off all heads of one layer of a kind does: (layer,)."""
    heads = range(model.anatomy.kind(kind).heads)
    changes = [Change(heads=frozenset((kind, layer, head) for head in heads)) for layer in range(model.anatomy.kind(kind).layers)]
    return effect(model, examples, intact, changes)


def reads(intact: Intact, examples: Examples, kind: str) -> dict[str, Tensor]:
    """What the row that says the pronoun attends to: mean weight by READS, (layer, head)."""
    keys = examples.places[DECODER if kind == DECODER else ENCODER]
    rows = examples.places[DECODER]["pronoun"]
    return {name: between(intact.weights[kind], rows, keys[name]).mean(-1) for name in READS[kind]}


def _shaped(found: Effect, shape: tuple[int, ...]) -> Effect:
    return Effect(found.change.view(shape), found.lost.view(shape))
