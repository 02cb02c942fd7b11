"""The head finder against loops over every cell: which heads link two words, how strongly, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly, sentences
from support.tiny import SENTENCES

from model.analysis.finder import asking_tokens, linking_heads, words_of


@costly
@given(source=sentences, target=sentences, data=st.data())
def test_heads_are_ranked_by_their_largest_weight_between_two_words(tiny_translator, source, target, data):
    """Every head once; its link is the largest of all between the pieces of the words, and the list falls."""
    trace = tiny_translator.trace(source, target)
    words = list(words_of(trace))
    if not words:
        return
    asks, answers = data.draw(st.sampled_from(words)), data.draw(st.sampled_from(words))
    expected = {}
    for kind in trace.anatomy.kinds:
        if (kind.asks, kind.answers) != (asks[0], answers[0]):
            continue
        weights, mask = trace.attention[kind.name].weights, trace.attention[kind.name].mask
        rows = [at for at, word in enumerate(asking_tokens(trace, kind).words) if word == asks[1]]
        columns = [at for at, word in enumerate(trace.columns(kind.name).words) if word == answers[1]]
        cells = [(row, column) for row in rows for column in columns]
        if any(bool(mask[0, 0].expand(weights.shape[-2:])[cell]) for cell in cells):
            for layer in range(kind.layers):
                for head in range(kind.heads):
                    expected[kind.name, layer, head] = max(float(weights[layer, head][cell]) for cell in cells)
    found = linking_heads(trace, asks, answers)
    assert {(link.kind, link.layer, link.head): link.weight for link in found} == pytest.approx(expected)
    assert [link.weight for link in found] == sorted((link.weight for link in found), reverse=True)
    for link in found:
        assert link.weight == pytest.approx(
            float(trace.attention[link.kind].weights[link.layer, link.head, link.query, link.key])
        )
        assert 0 < link.even <= 1


def test_words_are_those_of_the_text(tiny_translator):
    """In order, with what belongs to them; a word that is yet to be said is none that answers."""
    trace = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    words = words_of(trace)
    assert [text for (stack, _), text in words.items() if stack == "encoder"][:4] == ["The", "animal", "didn't", "cross"]
    assert [text for (stack, _), text in words.items() if stack == "decoder"][:3] == ["L'", "animal", "n'"]
    assert linking_heads(trace, ("decoder", 0), ("decoder", 4)) == []
    assert linking_heads(trace, ("encoder", 0), ("decoder", 0)) == []
    assert {link.kind for link in linking_heads(trace, ("decoder", 1), ("encoder", 1))} == {"cross"}
