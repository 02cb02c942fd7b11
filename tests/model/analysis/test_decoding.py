"""Forced choices against a plain loop, and the tree of beam search against the search and against the model's probabilities."""

from __future__ import annotations

import functools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.shipped import DOGS
from support.strategies import costly
from support.tiny import tiny_model

from model.analysis.decoding import beam_tree, continue_greedily, next_pieces
from model.instrument.pretrained import Translator
from model.instrument.recorder import Recorder, recording
from model.instrument.search import LENGTH_PENALTY, length_limits, search
from model.instrument.tokenizer import END, PAD, START, UNKNOWN
from model.measuring.evaluate import translate_all
from model.trace.intervention import Intervention

CHANGES = [
    Intervention(),
    Intervention(temperature=0.5, window=3, heads_off=frozenset({("cross", 1, 2)})),
    Intervention(causal=False, target_positions="reversed"),
]
EVERY = pytest.mark.parametrize("change", CHANGES, ids=["as trained", "changed", "earlier rows change"])


@pytest.fixture(scope="module")
def model(tokenizer):
    """An untrained model with sharper logits than at the start, so that sequences end and differ."""
    model = tiny_model(tokenizer)
    with torch.no_grad():
        model.encoder.embedding.weight.mul_(1.5)
    return model


@pytest.fixture(scope="module")
def source(tokenizer) -> list[int]:
    """Source ids of a short sentence: some hypotheses end, others reach the longest translation."""
    return tokenizer.source("go home now.").ids


def limit_of(model, source: list[int]) -> int:
    return int(length_limits(torch.tensor([source]), model))


def log_probabilities(model, source: list[int], prefix: list[int], change: Intervention) -> torch.Tensor:
    """Of the piece behind a prefix: one pass over all of it, without the model's cache; a prefix that comes again is not read again."""
    return read_at_once(model, tuple(source), tuple(prefix), change)


@functools.cache
@torch.no_grad()
def read_at_once(model, source: tuple[int, ...], prefix: tuple[int, ...], change: Intervention) -> torch.Tensor:
    with recording(Recorder(model.anatomy, change, captures=False)):
        logits = model(torch.tensor([source]), torch.tensor([[START, *prefix]]))[0, -1]
    logits[[PAD, UNKNOWN, START]] = float("-inf")
    return logits.log_softmax(-1)


def by_hand(model, source: list[int], forced: dict[int, int], change: Intervention) -> list[int]:
    """Piece by piece: the forced one where there is one, else the most probable."""
    ids: list[int] = []
    while len(ids) < limit_of(model, source) - 1:
        piece = forced.get(len(ids), int(log_probabilities(model, source, ids, change).argmax()))
        if piece == END:
            break
        ids.append(piece)
    return ids


@EVERY
def test_without_choices_it_is_the_search(model, source, change):
    """Greedy, under every change."""
    with recording(Recorder(model.anatomy, change, captures=False)):
        expected = search(model, torch.tensor([source]), use_cache=False)[0]
    found = continue_greedily(model, source, (), change)
    assert found.ids == expected and found.taken == () and found.dropped == ()


@EVERY
@pytest.mark.parametrize("choices", [{2: 300}, {0: 40}, {1: 41, 4: 77, 5: 300}, {3: END}, {0: END}, {20: 50, 3: END}])
def test_after_a_choice_it_goes_on_greedily(model, source, change, choices):
    """Brute force without a cache gives the same pieces; what lies behind the end is dropped."""
    found = continue_greedily(model, source, tuple(choices.items()), change)
    assert found.ids == by_hand(model, source, choices, change)
    said = dict(enumerate([*found.ids, END]))
    assert set(found.taken) == {choice for choice in choices.items() if said.get(choice[0]) == choice[1]}
    assert sorted(found.taken + found.dropped) == sorted(choices.items())


def test_what_cannot_be_said_is_dropped(model, source):
    """Special pieces, pieces that do not exist, a second choice of a step, steps behind the longest translation."""
    size, limit = model.config.vocabulary_size, limit_of(model, source)
    wrong = ((0, PAD), (0, UNKNOWN), (1, START), (1, size), (2, -1), (-1, 40), (limit - 1, 40), (limit, 40))
    found = continue_greedily(model, source, (*wrong, (0, 50), (0, 51)))
    assert found.ids[0] == 50 and found.taken == ((0, 50),) and found.dropped == (*wrong, (0, 51))


@costly
@given(choices=st.dictionaries(st.integers(0, 12), st.integers(END, 379), max_size=4))
def test_any_choices_are_taken_or_dropped(model, source, choices):
    """The prefix up to the last choice that was taken is the forced one wherever it was forced; the length stays in the limit."""
    found = continue_greedily(model, source, tuple(choices.items()))
    said = [*found.ids, END]
    assert len(said) <= limit_of(model, source)
    assert all(said[step] == piece for step, piece in found.taken)
    assert all(step >= len(said) for step, _ in found.dropped)


@EVERY
@pytest.mark.parametrize("beam", [1, 2, 5, 8])
def test_the_tree_ends_in_what_search_finds(model, source, change, beam):
    """The same translation, wherever it is watched."""
    with recording(Recorder(model.anatomy, change, captures=False)):
        expected = search(model, torch.tensor([source]), beam, use_cache=False)[0]
    tree = beam_tree(model, source, beam, change)
    assert tree.ids(tree.winner) == [*expected, END]
    assert tree.ended[0] == tree.winner
    assert continue_greedily(model, source, (), change).ids == expected or beam > 1


@EVERY
def test_every_hypothesis_has_the_probability_of_its_pieces(model, source, change):
    """Against one pass a step without a cache; parents stand one step before; scores are normalised by the length."""
    tree = beam_tree(model, source, 3, change)
    for index, one in list(enumerate(tree.hypotheses))[::7] + [(tree.winner, tree.hypotheses[tree.winner])]:
        ids, path = tree.ids(index), tree.path(index)
        assert [tree.hypotheses[at].step for at in path] == list(range(one.step + 1)) and path == sorted(path)
        total = sum(float(log_probabilities(model, source, ids[:at], change)[id_]) for at, id_ in enumerate(ids))
        assert one.log_probability == pytest.approx(total, abs=1e-3)
        assert (one.normalised is not None) == (ids[-1] == END)
        if one.normalised is not None:
            assert one.normalised == pytest.approx(total / ((5 + len(ids)) / 6) ** LENGTH_PENALTY, abs=1e-3)


@pytest.mark.parametrize("beam", [2, 4])
def test_the_tree_holds_what_every_step_keeps(model, source, beam):
    """At most `beam` go on; they are the best continuations that do not end, found by scoring all of them."""
    tree = beam_tree(model, source, beam)
    for step in range(1 + max(one.step for one in tree.hypotheses)):
        going = [at for at, one in enumerate(tree.hypotheses) if one.step == step and one.normalised is None]
        before = [at for at, one in enumerate(tree.hypotheses) if one.step == step - 1 and one.normalised is None]
        if not going:
            continue
        assert len(going) == beam
        every = []
        for parent in before if step else [None]:
            prefix = tree.ids(parent) if step else []
            start = tree.hypotheses[parent].log_probability if step else 0.0
            chances = log_probabilities(model, source, prefix, Intervention())
            every += [(start + float(chance), [*prefix, id_]) for id_, chance in enumerate(chances) if id_ != END]
        best = sorted(every, reverse=True)[:beam]
        assert sorted(tree.ids(at) for at in going) == sorted(ids for _, ids in best)


@pytest.mark.parametrize("beam", [0, -1, 1.5, 10**9, True, None, "2", float("nan")])
def test_a_beam_without_meaning_is_refused(model, tokenizer, source, beam):
    """In words, by everything that searches."""
    translator = Translator(model, tokenizer)
    ways = [
        lambda: beam_tree(model, source, beam), lambda: search(model, torch.tensor([source]), beam), lambda: translator.translate("A dog", beam=beam),
        lambda: translate_all(translator, ["A dog"], beam),
    ]  # fmt: skip
    for way in ways:
        with pytest.raises(ValueError, match="beam must be a whole number"):
            way()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"source": [[5, END]]}, "tensor"), ({"source": torch.tensor([5, END])}, "tensor"), ({"source": torch.tensor([[5.0, 3.0]])}, "whole"),
        ({"source": torch.zeros(1, 0, dtype=torch.long)}, "no token"), ({"source": torch.tensor([[5, -1]])}, "-1"),
        ({"source": torch.tensor([[5, 10**6]])}, "1000000"), ({"source": torch.full((1, 501), 5)}, "at most 500"),
        ({"source": torch.tensor([[5, END], [PAD, PAD]])}, "padding"), ({"use_cache": "no"}, "use_cache"), ({"use_cache": None}, "use_cache"),
        ({"forced": [(0, 50)]}, "forced"), ({"forced": {0: PAD}}, "no translation"), ({"forced": {0: 10**6}}, "step 0"), ({"forced": {-1: 50}}, "step"),
        ({"forced": {0.5: 50}}, "step"), ({"forced": {0: None}}, "step 0"),
    ],
)  # fmt: skip
def test_a_search_without_meaning_is_refused(model, source, values, words):
    """In words that name what is wrong."""
    with pytest.raises(ValueError, match=words):
        search(model, **{"source": torch.tensor([source]), **values})


@pytest.mark.parametrize("ids", [None, "text", 5, [5, None], [5, 1.5], [5, -1], [5, 10**6], [], [PAD, PAD]])
def test_a_source_without_meaning_is_refused(model, ids):
    """By both ways to take decoding apart."""
    for way in (lambda: beam_tree(model, ids, 2), lambda: continue_greedily(model, ids, ())):
        with pytest.raises(ValueError, match="source"):
            way()


@pytest.mark.parametrize("forced", [None, 3, "ab", [(1,)], [(0.5, 50)], [(0, None)], [("0", 50)]])
def test_choices_without_meaning_are_refused(model, source, forced):
    """What is no pair of whole numbers; pieces and steps that are not there are dropped, as above."""
    with pytest.raises(ValueError, match="forced"):
        continue_greedily(model, source, forced)


def test_more_positions_than_the_model_has_are_refused(model):
    """By the model itself, before a table of positions is cut short."""
    ids = torch.full((1, 501), 5)
    for way in (lambda: model.encode(ids), lambda: model(ids[:, :3], ids)):
        with pytest.raises(ValueError, match="at most 500"):
            way()


def test_the_next_pieces_are_those_that_can_be_said(model, source):
    """The softmax that search takes: special pieces left out, the rest adds up to 1."""
    logits = torch.randn(6, 40)
    logits[:, UNKNOWN] = 9.0
    values, ids = next_pieces(logits, 100)
    assert values.shape == (6, 37) and torch.allclose(values.sum(-1), torch.ones(6))
    assert not {PAD, UNKNOWN, START} & set(ids.flatten().tolist())
    left = [id_ for id_ in range(40) if id_ not in (PAD, UNKNOWN, START)]
    assert torch.allclose(values[:, 0], logits[:, left].softmax(-1).amax(-1))
    assert next_pieces(logits)[1].tolist() == ids[:, :5].tolist()


def test_the_shipped_model_says_its_own_best_pieces(translator):
    """Row t of the teacher-forced pass over its own translation puts each piece first."""
    trace = translator.trace(DOGS)
    assert next_pieces(trace.logits)[1][:, 0].tolist() == trace.labels.ids
