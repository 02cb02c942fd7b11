"""The recurrent translator under the hooks: one map, whose rows are its steps."""

from __future__ import annotations

import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.relatives import KINDS, relative
from support.strategies import costly, places, sentences
from support.tensors import close

from model.instrument.pretrained import RecurrentTranslator
from model.instrument.search import NEVER_SAID, most_tokens, search
from model.trace.intervention import Intervention
from model.trace.places import within

links = st.tuples(st.just("cross"), st.sampled_from([None, 0]), places, places).filter(lambda link: link[2:] != (None, None))
changes = st.builds(Intervention, cut=st.frozensets(links, max_size=4), temperature=st.sampled_from([0.25, 1.0, 4.0]))


@pytest.fixture(scope="module")
def recurrent(tokenizer) -> RecurrentTranslator:
    """An untrained one."""
    return RecurrentTranslator(relative("gru", tokenizer.vocabulary_size), tokenizer, "tiny-gru", dict(KINDS["gru"][1]))


@given(text=sentences, target=sentences, change=changes)
def test_a_pass_adds_up(recurrent, text, target, change):
    """Weights are the softmax of the scores where the mask allows, context is what they mix; cut links are exactly 0."""
    change = within(change, recurrent.anatomy, len(recurrent.source(text)), len(recurrent.target(target)))
    trace = recurrent.trace(text, target, change)
    part = trace.attention["cross"]
    assert part.weights.shape == (1, 1, len(trace.target), len(trace.source)) == part.mask.shape
    close(part.weights.sum(-1), part.mask.any(-1).float())
    assert (part.weights[~part.mask] == 0).all()
    expected = (part.scores / change.temperature).masked_fill(~part.mask, float("-inf")).softmax(-1).nan_to_num(0.0)
    close(part.weights, expected, 1e-5)
    close(part.outputs, part.weights @ part.values, 1e-5)
    for _, _, query, key in change.cut:
        rows = part.weights[0, 0][slice(None) if query is None else slice(query, query + 1)]
        assert (rows[:, slice(None) if key is None else key] == 0).all()
    assert part.queries is None and trace.residual == {} and set(trace.embeddings) == {"encoder", "decoder"}
    assert not trace.anatomy.absence("queries", "cross").endswith("queries.") and trace.logits.shape[0] == len(trace.labels)


@costly
@given(text=sentences, change=changes)
def test_it_translates_as_a_pass_over_its_translation_says(recurrent, text, change):
    """Step by step under a change, and at once under the same change: every piece is the likeliest of its row."""
    source = recurrent.source(text)
    change = within(change, recurrent.anatomy, len(source), 3)
    labels = recurrent.translate_tokens(source, change)
    change = within(change, recurrent.anatomy, len(source), len(labels))
    trace = recurrent.trace(text, labels, change)
    logits = trace.logits.clone()
    logits[:, NEVER_SAID] = float("-inf")
    said = logits.argmax(-1).tolist()
    ended = len(labels) < most_tokens(len(source), recurrent.model.config)  # else the limit has ended it, not the model
    assert said[: len(labels) - 1 + ended] == labels.ids[: len(labels) - 1 + ended]


def test_a_batch_translates_as_each_sentence_alone(recurrent):
    """Greedy and with a beam, sentences of different lengths side by side."""
    texts = ["Two dogs", "The animal didn't cross the street.", "a"]
    rows = [recurrent.source(text).ids for text in texts]
    width = max(map(len, rows))
    together = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    for beam in (1, 3):
        assert search(recurrent.model, together, beam) == [search(recurrent.model, torch.tensor([row]), beam)[0] for row in rows]


@pytest.mark.parametrize(
    "change, words",
    [
        (Intervention(heads_off={("cross", 0, 0)}), "one head"),
        (Intervention(causal=False), "from left to right"),
        (Intervention(window=1), "their own sentence"),
        (Intervention(source_positions="none"), "one after the other"),
        (Intervention(scaled=False), "tanh"),
    ],
    ids=str,
)
def test_a_change_that_it_cannot_follow_is_refused(recurrent, change, words):
    """With the reason."""
    with pytest.raises(ValueError, match=words):
        recurrent.trace("Two dogs", intervention=change)


def test_a_copy_answers_alike(recurrent):
    """Pickled and read again, with its hooks."""
    again = pickle.loads(pickle.dumps(recurrent))
    change = Intervention(temperature=2.0)
    assert torch.equal(again.trace("Two dogs", "a", change).logits, recurrent.trace("Two dogs", "a", change).logits)
