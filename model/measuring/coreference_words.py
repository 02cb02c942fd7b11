"""What was measured of "it", said in sentences and tables: every number in them comes from the record."""

from __future__ import annotations

import torch
from torch import Tensor

from model.analysis.coreference import NOUNS
from model.measuring.card import markdown
from model.measuring.coreference_record import ALL, Coreference
from model.transformer.config import CROSS, DECODER, ENCODER

TURNS = 0.8  # a head that turns in so many pairs is what the page leads with
SHOWN = 6  # heads of a table
KINDS = {ENCODER: ENCODER, DECODER: DECODER, CROSS: "cross-attention"}
PLACES = {
    "antecedent": "the right noun",
    "distractor": "the other noun",
    "it": "“it”",
    "adjective": "the adjective",
    "pronoun": "the row that says the pronoun",
    "rest": "the rest of the sentence",
}
EVERY = {ENCODER: "every English word", CROSS: "every French row"}
Head = tuple[int, int]


def percent(share: float) -> str:
    """A share of 0 to 1; a dash where it is not defined."""
    return "—" if share != share else f"{share:.0%}"


def nats(change: float) -> str:
    """A change of log p, signed where two digits show it."""
    return "0.00" if abs(change) < 0.005 else f"{change:+.2f}".replace("-", "−")


def head_name(kind: str, layer: int, head: int) -> str:
    """Layers and heads from 1, for people."""
    return f"{KINDS[kind]} layer {layer + 1}, head {head + 1}"


def link_name(link: tuple[str, str | None, str]) -> str:
    """Who may no longer read what."""
    kind, queries, keys = link
    place = f"the French word of {PLACES[keys]}" if kind == DECODER and keys in NOUNS else PLACES[keys]
    return f"{EVERY[kind] if queries is None else PLACES[queries]} → {place}"


def largest(values: Tensor) -> tuple[int, ...]:
    """Where the largest value is; NaN counts as nothing."""
    flat = int(values.nan_to_num(nan=-1.0).argmax())
    return tuple(int(at) for at in torch.unravel_index(torch.tensor(flat), values.shape))


def gatherers(found: Coreference, count: int = SHOWN) -> list[Head]:
    """The encoder heads that tell most of "it": those with the most weight on one noun, and the one that turns most often."""
    got = found.gathers
    most = torch.maximum(got.first, got.second).flatten().argsort(descending=True, stable=True)[:count].tolist()
    heads = got.first.size(1)
    chosen = [divmod(at, heads) for at in most]
    best = largest(got.turns)
    return sorted({*chosen, best})


def findings(found: Coreference) -> list[str]:
    """What the numbers say, in sentences: pairs, heads of the encoder; and where these weights decide, where and who reads."""
    if not found.decides:
        return [_pairs(found), _gathering(found), _no_decision(found)]
    return [_pairs(found), _gathering(found), _hiding(found), _link(found), _layer(found), _one_head(found), _reader(found)]


def _pairs(found: Coreference) -> str:
    counts = found.counts[ALL]
    return (
        f"The model translates both nouns in {counts.translated} of {counts.pairs} pairs of sentences. In {counts.both} of those "
        f"({percent(counts.share)}) pronoun and adjective agree with the right noun in both sentences; "
        f"the pronoun does in {counts.pronoun}."
    )


def _gathering(found: Coreference) -> str:
    got, best = found.gathers, largest(found.gathers.turns)
    turning, null = percent(float(got.turns[best])), percent(float(got.turns_null[best]))
    name = head_name(ENCODER, *best)
    if float(got.turns[best]) >= TURNS:
        return (
            f"A head turns with the adjective: in {turning} of the pairs “it” looks more at the right noun in both sentences in "
            f"{name} (weight {float(got.antecedent[best]):.2f} on the right noun, {float(got.distractor[best]):.2f} on the other; "
            f"with shuffled weights {null})."
        )
    first, second = largest(got.first), largest(got.second)
    return (
        f"No head of the encoder turns with the adjective in {percent(TURNS)} of the pairs; the one that does most often, {name}, "
        f"turns in {turning} (with shuffled weights in {null}). “It” looks most at the first noun in "
        f"{head_name(ENCODER, *first)} (weight {float(got.first[first]):.2f}) and at the second in "
        f"{head_name(ENCODER, *second)} ({float(got.second[second]):.2f})."
    )


def _no_decision(found: Coreference) -> str:
    return (
        f"The right pronoun is the likelier one in {percent(found.likelier)} of the sentences. These weights do not tell "
        "the nouns apart often enough to ask where they decide."
    )


def _hiding(found: Coreference) -> str:
    order = sorted(found.hidden, key=lambda name: -rank(found.hidden[name].lost))
    parts = [f"{PLACES[name]} {_effect(found.hidden[name].lost, found.hidden[name].change)}" for name in order]
    return (
        f"The right pronoun is the likelier one in {percent(found.likelier)} of the sentences. With a word hidden from all heads it is "
        f"lost in so many of those: {', '.join(parts)}."
    )


def _link(found: Coreference) -> str:
    link = max(found.links, key=lambda one: (rank(found.links[one].lost[-1]), -float(found.links[one].change[-1])))
    one, layer = found.links[link], largest(found.links[link].lost[:-1])[0]
    return (
        f"Of the links between two places, one matters most when it is cut in all layers: {link_name(link)} ({KINDS[link[0]]}). "
        f"Without it the pronoun is lost in {_effect(one.lost[-1], one.change[-1])}; "
        f"cut in layer {layer + 1} alone, in {percent(float(one.lost[layer]))}."
    )


def _layer(found: Coreference) -> str:
    kind = max(found.layers, key=lambda kind: rank(found.layers[kind].lost.nan_to_num(-1.0).max()))
    one = found.layers[kind]
    layer = largest(one.lost)[0]
    return (
        f"Of whole layers of attention, switching off {KINDS[kind]} layer {layer + 1} costs most: the pronoun is lost in "
        f"{_effect(one.lost[layer], one.change[layer])}."
    )


def _one_head(found: Coreference) -> str:
    kind = min(found.heads, key=lambda kind: float(found.heads[kind].change.min()))
    one = found.heads[kind]
    place = largest(one.change.max() - one.change)
    return (
        f"Of single heads, log p of the right pronoun falls most without {head_name(kind, *place)}: the pronoun is lost in "
        f"{_effect(one.lost[place], one.change[place])}."
    )


def _reader(found: Coreference) -> str:
    weights, to_it = found.reads[CROSS]["adjective"], found.reads[CROSS]["it"]
    place, it = largest(weights), largest(to_it)
    return (
        f"The row that says the pronoun reads “it” most in {head_name(CROSS, *it)} (weight {float(to_it[it]):.2f}) and the adjective "
        f"most in {head_name(CROSS, *place)} ({float(weights[place]):.2f}): with that one link of that one head cut, the pronoun is "
        f"lost in {_effect(found.reading.lost[place], found.reading.change[place])}."
    )


def rank(share: Tensor) -> float:
    """A share to sort by; undefined comes last."""
    return float(share.nan_to_num(-1.0))


def _effect(lost: Tensor, change: Tensor) -> str:
    return f"{percent(float(lost))} ({nats(float(change))} nats)"


def card_block(found: Coreference, about: str) -> str:
    """Everything for the model card, as markdown."""
    sentences = "\n".join(f"- {sentence}" for sentence in findings(found))
    return "\n\n".join([_pairs_table(found), sentences, markdown(*heads_rows(found)), _links_table(found), _rule(found, about)])


def _pairs_table(found: Coreference) -> str:
    rows = []
    for name, got in found.counts.items():
        rows.append([name, *map(str, (got.pairs, got.translated, got.pronoun, got.both)), percent(got.share)])
    return markdown(["pairs", "in all", "nouns translated", "pronoun right in both", "adjective, too", "share"], rows)


def heads_rows(found: Coreference) -> tuple[list[str], list[list[str]]]:
    """Names of the columns and the rows of the table of encoder heads."""
    names = ["layer", "head", "“it” → first noun", "→ second noun", "right noun gets more", "turns", "turns, shuffled",
             "log p, link to the right noun cut", "log p, link to the other cut"]  # fmt: skip
    got, rows = found.gathers, []
    for at in gatherers(found):
        weights = [f"{float(values[at]):.2f}" for values in (got.first, got.second)]
        shares = [percent(float(values[at])) for values in (got.exceeds, got.turns, got.turns_null)]
        cuts = [nats(float(found.own[name].change[at])) for name in NOUNS]
        rows.append([str(at[0] + 1), str(at[1] + 1), *weights, *shares, *cuts])
    return names, rows


def _links_table(found: Coreference) -> str:
    most, rows = max(len(one.lost) for one in found.links.values()) - 1, []
    for link, one in found.links.items():
        cells = [percent(float(share)) for share in one.lost]
        missing = [""] * (most + 1 - len(cells))
        rows.append([KINDS[link[0]], link_name(link), *cells[:-1], *missing, cells[-1], nats(float(one.change[-1]))])
    layers = [f"layer {at + 1}" for at in range(most)]
    return markdown(["attention", "cut", *layers, "all layers", "log p, all"], rows)


def _rule(found: Coreference, about: str) -> str:
    return (
        f"{about}; a pair is right where both of its sentences are, translated greedily. The rest is over pairs whose nouns are "
        f"translated, read with a right translation up to the pronoun; things are taken away in {found.sentences} sentences. “Turns”: the right noun gets more of what "
        "a head gives to “it” in both sentences of a pair. Percentages of the last table: of the sentences in which the right pronoun "
        "was the likelier one, in how many it no longer is. log p: change for the right pronoun, nats, mean over sentences."
    )
