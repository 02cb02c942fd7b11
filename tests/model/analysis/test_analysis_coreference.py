"""What "it" gathers and where pronouns are decided: batches agree with single passes, and heads that turn are found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from support.tiny import ATTENTION_KINDS

from model.analysis.coreference import (  # fmt: skip
    HIDDEN,
    LINKS,
    between,
    gathering,
    head_links,
    heads_off,
    hidden,
    layers_off,
    links,
    reads,
)
from model.analysis.links import Change, Cut, Examples, Intact, effect, run_changed, run_intact
from model.measuring.coreference import examples_of
from model.measuring.coreference_pairs import Adjective, Frame, Noun, Pair, build
from model.trace.intervention import Intervention

ANIMAL, STREET = Noun("animal", "m", ("animal",)), Noun("street", "f", ("rue",))
DOG, TREE = Noun("big dog", "m", ("gros chien",)), Noun("tree", "m", ("arbre",))
TIRED, WIDE = Adjective("tired", ("fatigué",), ("fatiguée",)), Adjective("wide", ("large",), ("large",))
CROSS = Frame(
    "cross",
    "The {first} didn't cross the {second} because it was too {adjective}.",
    "{first} n'a pas traversé {second} parce qu'{pronoun} était trop {adjective}.",
)
SHORT = Frame(
    "short", "The {first} left the {second}: it was {adjective}.", "{first} quitta {second} : {pronoun} était {adjective}."
)


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """Two pairs of different lengths."""
    return [
        build(CROSS, (ANIMAL, STREET), (TIRED, WIDE), "held out"),
        build(SHORT, (DOG, STREET), (TIRED, WIDE), "two new nouns"),
    ]


@pytest.fixture(scope="module")
def examples(tiny_translator, pairs) -> Examples:
    """Their four sentences."""
    return examples_of(tiny_translator, pairs)


@pytest.fixture(scope="module")
def intact(tiny_translator, examples) -> Intact:
    """Read as they are."""
    return run_intact(tiny_translator.model, examples)


def passes(translator, pairs, examples, interventions: list[Intervention]) -> torch.Tensor:
    """log p of right and wrong piece, one Trace a sentence under its own Intervention."""
    members, found = [member for pair in pairs for member in pair.members], []
    for at, (member, intervention) in enumerate(zip(members, interventions, strict=True)):
        trace = translator.trace(member.english, member.french, intervention)
        row = trace.logits[examples.row[at]].log_softmax(-1)
        found.append(row[torch.stack([examples.right[at], examples.wrong[at]])])
    return torch.stack(found)


def positions(examples: Examples, side: str, name: str | None, at: int) -> list[int | None]:
    """Where a place is in one sentence."""
    return [None] if name is None else examples.places[side][name][at].nonzero().flatten().tolist()


def as_intervention(examples: Examples, cut: Cut, at: int) -> Intervention:
    """A Cut of whole layers in one sentence."""
    asking, answering = ("encoder" if cut.kind == "encoder" else "decoder"), ("decoder" if cut.kind == "decoder" else "encoder")
    rows, keys = positions(examples, asking, cut.queries, at), positions(examples, answering, cut.keys, at)
    return Intervention(cut=frozenset((cut.kind, cut.layer, row, key) for row in rows for key in keys))


def test_intact_is_one_pass_each(tiny_translator, pairs, examples, intact):
    """Padding and the missing rest of the translation change nothing, neither log p nor weights."""
    expected = passes(tiny_translator, pairs, examples, [Intervention()] * 4)
    torch.testing.assert_close(intact.said, expected, atol=1e-4, rtol=0)
    member = pairs[1].members[0]
    trace, size = tiny_translator.trace(member.english, member.french), len(tiny_translator.source(member.english))
    torch.testing.assert_close(
        intact.weights["encoder"][:, 2, :, :size, :size], trace.attention["encoder"].weights, atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("link", LINKS, ids=str)
@pytest.mark.parametrize("layer", [0, 1, None])
def test_a_cut_is_the_intervention_of_the_same_name(tiny_translator, pairs, examples, intact, link, layer):
    """In every sentence at its own places, from any layer on."""
    cut = Cut(link[0], layer, link[1], link[2])
    said = run_changed(tiny_translator.model, examples, intact, Change((cut,)))
    expected = passes(tiny_translator, pairs, examples, [as_intervention(examples, cut, at) for at in range(4)])
    torch.testing.assert_close(said, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ATTENTION_KINDS)
def test_heads_that_are_off_are_those_of_the_intervention(tiny_translator, pairs, examples, intact, kind):
    """Every head, and whole layers."""
    model = tiny_translator.model
    for head in range(model.config.heads):
        off = frozenset({(kind, 1, head)})
        said = run_changed(model, examples, intact, Change(heads=off))
        expected = passes(tiny_translator, pairs, examples, [Intervention(heads_off=off)] * 4)
        torch.testing.assert_close(said, expected, atol=1e-4, rtol=0)
        one = heads_off(model, examples, intact, kind).change[1, head]
        torch.testing.assert_close(one, (expected - intact.said)[:, 0].mean(), atol=1e-4, rtol=0)
    whole = frozenset((kind, 0, head) for head in range(model.config.heads))
    expected = passes(tiny_translator, pairs, examples, [Intervention(heads_off=whole)] * 4)
    found = layers_off(model, examples, intact, kind).change[0]
    torch.testing.assert_close(found, (expected - intact.said)[:, 0].mean(), atol=1e-4, rtol=0)


def test_a_link_of_one_head_is_cut_in_that_head_alone(tiny_translator, examples, intact):
    """All heads together are the layer; one is not; and the others keep their weights."""
    model = tiny_translator.model
    single = [Cut("cross", 1, "pronoun", "adjective", head) for head in range(model.config.heads)]
    layer = run_changed(model, examples, intact, Change((Cut("cross", 1, "pronoun", "adjective"),)))
    torch.testing.assert_close(run_changed(model, examples, intact, Change(tuple(single))), layer, atol=1e-5, rtol=0)
    one = run_changed(model, examples, intact, Change((single[2],)))
    assert not torch.allclose(one, layer, atol=1e-5) and not torch.allclose(one, intact.said, atol=1e-5)
    got = head_links(model, examples, intact, "cross", "pronoun", "adjective")
    torch.testing.assert_close(got.change[1, 2], (one - intact.said)[:, 0].mean())


def test_hidden_words_are_hidden_from_encoder_and_decoder(tiny_translator, pairs, examples, intact):
    """As if every link to them were cut."""
    found = hidden(tiny_translator.model, examples, intact)
    assert tuple(found) == HIDDEN
    for name, got in found.items():
        links_ = [
            frozenset(
                (kind, None, None, key) for kind in ("encoder", "cross") for key in positions(examples, "encoder", name, at)
            )
            for at in range(4)
        ]
        expected = passes(tiny_translator, pairs, examples, [Intervention(cut=cut) for cut in links_])
        torch.testing.assert_close(got.change, (expected - intact.said)[:, 0].mean(), atol=1e-4, rtol=0)


def test_lost_counts_sentences_that_were_right(tiny_translator, examples, intact):
    """Only those, and nothing at all where none was: not a number."""
    model, change = tiny_translator.model, Change(heads=frozenset(("cross", layer, 0) for layer in range(3)))
    said = run_changed(model, examples, intact, change)
    was, now = intact.said[:, 0] > intact.said[:, 1], said[:, 0] > said[:, 1]
    got = effect(model, examples, intact, [change]).lost
    assert was.any() and torch.equal(got, (was & ~now).sum()[None] / was.sum())
    swapped = replace(intact, said=torch.tensor([[-2.0, -1.0]] * 4))
    assert bool(effect(model, examples, swapped, [change]).lost.isnan().all())
    sure = replace(intact, said=torch.tensor([[-1.0, -50.0]] * 4))
    expected = (~(said[:, 0] > said[:, 1])).float().mean()
    torch.testing.assert_close(effect(model, examples, sure, [change]).lost[0], expected)


def test_links_of_every_layer_and_of_all(tiny_translator, examples, intact):
    """One number a layer, and the last one of all layers at once."""
    found, config = links(tiny_translator.model, examples, intact), tiny_translator.model.config
    assert set(found) == set(LINKS)
    for (kind, queries, keys), got in found.items():
        assert len(got.change) == (config.encoder_layers if kind == "encoder" else config.decoder_layers) + 1
        said = run_changed(tiny_translator.model, examples, intact, Change((Cut(kind, None, queries, keys),)))
        torch.testing.assert_close(got.change[-1], (said - intact.said)[:, 0].mean())


def test_between_sums_keys_and_averages_queries():
    """As written out for one cell; an example without the place gives 0."""
    weights = torch.rand(2, 3, 4, 5, 6)
    queries, keys = torch.rand(3, 5) > 0.5, torch.rand(3, 6) > 0.5
    queries[0], queries[1, 2], queries[2, 2] = False, True, True
    got = between(weights, queries, keys)
    assert got.shape == (2, 4, 3) and bool((got[..., 0] == 0).all())
    for example in (1, 2):
        cells = weights[:, example][:, :, queries[example]][..., keys[example]]
        torch.testing.assert_close(got[..., example], cells.sum(-1).mean(-1))


def test_a_head_that_turns_is_found_and_one_that_sticks_is_not(examples, intact):
    """Head 0 looks at the right noun, head 1 always at the first, head 2 at the wrong one, head 3 anywhere alike."""
    places, weights = examples.places["encoder"], torch.zeros_like(intact.weights["encoder"])
    targets = [places["antecedent"], places["first"], places["distractor"], places["real"]]
    for head, keys in enumerate(targets):
        weights[:, :, head] = (keys.float() / keys.sum(1, keepdim=True))[None, :, None, :]
    got = gathering(replace(intact, weights={**intact.weights, "encoder": weights}), examples)
    assert got.turns[0].tolist() == [1.0, 0.0, 0.0, 0.0] and got.exceeds[0, :3].tolist() == [1.0, 0.5, 0.0]
    assert got.first[0, 1] == 1.0 and got.second[0, 1] == 0.0 and got.antecedent[0, 0] == 1.0 and got.distractor[0, 2] == 1.0


def test_the_null_shuffles_real_keys_and_is_about_a_half(examples, intact):
    """Nouns of one piece each, many layers of heads on the right one: shuffled, the other gets more as often."""
    first = {name: values & (values.cumsum(1) == 1) for name, values in examples.places["encoder"].items()}
    places = {**first, "real": examples.places["encoder"]["real"]}
    weights = places["antecedent"].float()[None, :, None, None, :].expand(400, -1, 4, places["it"].size(1), -1).clone()
    weights += 1e-3 * torch.rand(weights.shape, generator=torch.Generator().manual_seed(1))  # no ties
    examples = replace(examples, places={**examples.places, "encoder": places})
    got = gathering(replace(intact, weights={**intact.weights, "encoder": weights}), examples, seed=3)
    assert bool((got.turns == 1).all())
    assert abs(float(got.exceeds_null.mean()) - 0.5) < 0.05 and abs(float(got.turns_null.mean()) - 0.25) < 0.05
    again = gathering(replace(intact, weights={**intact.weights, "encoder": weights}), examples, seed=3)
    assert torch.equal(again.exceeds_null, got.exceeds_null)


def test_examples_come_in_pairs(tiny_translator, pairs, examples, intact):
    """Half a pair is an error in words."""
    half = replace(examples, source=examples.source[:3])
    with pytest.raises(ValueError, match="pairs; there are 3"):
        gathering(intact, half)


def test_the_row_of_the_pronoun_is_the_one_that_says_it(tiny_translator, pairs, examples, intact):
    """The pieces there are the first in which the translations differ; nouns and adjectives are marked where they stand."""
    tokenizer = tiny_translator.tokenizer
    for at, member in enumerate(member for pair in pairs for member in pair.members):
        labels = tiny_translator.target(member.french)
        assert labels.ids[examples.row[at]] == examples.right[at] != examples.wrong[at]
        assert member.french[labels.spans[examples.row[at]][0] :].startswith(("il ", "elle "))
        source = tiny_translator.source(member.english)
        for name in ("it", "adjective", "antecedent", "distractor", "first", "second"):
            covered = "".join(tokenizer.piece(source.ids[key]) for key in positions(examples, "encoder", name, at))
            assert member.english[slice(*member.span(name))].replace(" ", "▁") in covered
    assert {name: tuple(values.shape) for name, values in reads(intact, examples, "cross").items()} == dict.fromkeys(
        ("antecedent", "distractor", "it", "adjective", "rest"), (3, 4)
    )
    torch.testing.assert_close(
        sum(reads(intact, examples, "cross").values()), torch.ones(3, 4)
    )  # nothing is counted twice or left out
    assert set(reads(intact, examples, "decoder")) == {"antecedent", "distractor", "rest"}
