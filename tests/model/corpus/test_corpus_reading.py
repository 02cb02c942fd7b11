"""A padded batch says what one pass after the other says: weights, roles, their null, and everything else that is measured."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.relatives import masking_tokenizer, relative
from support.strategies import costly, sentences
from support.tiny import ATTENTION_KINDS, SENTENCES

from model import LanguageReader, RecurrentTranslator
from model.analysis.roles import head_statistics, role_chances, role_scores
from model.corpus.counting import count_lines
from model.corpus.features import CLASSES, OFFSETS, STATISTICS, Meter, measures_of
from model.corpus.reading import MOST_LINKS, MOST_TOKENS, Line, grouped, of_trace, read_lines

LIMIT = 1e-5
pairs = st.lists(st.tuples(sentences, sentences), min_size=1, max_size=5)


def lines_of(some: list[tuple[str, str]]) -> list[Line]:
    return [Line(row, *pair) for row, pair in enumerate(some)]


def check(batch, reading, trace):
    """One text of a batch against its own Trace."""
    at = batch.readings.index(reading)
    for kind in trace.anatomy.kinds:
        queries, keys = len(trace.rows(kind.name).read), len(trace.columns(kind.name))
        weights = batch.weights[kind.name][at, :, :, :queries]
        assert (weights[..., :keys] - trace.attention[kind.name].weights).abs().max() <= LIMIT
        assert not weights[..., keys:].any()
        found, own = Meter(batch, kind.name).measure(), Meter(of_trace(trace, 0), kind.name).measure()
        for name, alone in vars(own).items():
            padded = vars(found)[name][at]
            kept = padded[tuple(slice(0, size) for size in alone.shape[1:])]
            assert (kept.double() - alone[0].double()).abs().max() <= LIMIT * 10, name  # sums over all queries of a text, too
            assert int(padded.bool().sum()) == int(kept.bool().sum()), name  # padding gets nothing


@costly
@given(some=pairs)
def test_padding_changes_nothing(tiny_translator, some):
    """Texts of any lengths beside each other."""
    texts = dict(enumerate(some))
    for batch in read_lines(tiny_translator, lines_of(some)):
        for reading in batch.readings:
            check(batch, reading, tiny_translator.trace(*texts.pop(reading.row)))
    for pair in texts.values():  # what was left out cannot be read
        with pytest.raises(ValueError):
            tiny_translator.trace(*pair)


@costly
@given(source=sentences, target=sentences)
def test_roles_are_those_of_a_trace(tiny_translator, source, target):
    """Same definitions, same null, same statistics as `model.analysis.roles`."""
    trace = tiny_translator.trace(source, target)
    scores, chances, statistics = role_scores(trace), role_chances(trace), head_statistics(trace)
    for kind in ATTENTION_KINDS:
        found, names = Meter(of_trace(trace, 0), kind).measure(), measures_of(trace.anatomy, kind)
        defined = {name for at, name in enumerate(names) if bool((found.rows[0, at] > 0).all())}
        assert defined - {"link"} == set(scores[kind])
        for name in scores[kind]:
            at = names.index(name)
            assert (found.scores[0, at] - scores[kind][name]).abs().max() <= LIMIT
            assert (found.chances[0, at] - chances[kind][name]).abs().max() <= LIMIT
        for name, values in statistics[kind].items():
            assert (found.statistics[0, STATISTICS.index(name)] - values).abs().max() <= LIMIT * 10
        weights = trace.attention[kind].weights
        assert torch.allclose(found.offsets.sum(1)[0], weights.sum((-2, -1)), atol=1e-4)
        assert torch.allclose(found.classes.sum(1)[0], weights.sum((-2, -1)), atol=1e-4)
        assert found.offsets.size(1) == len(OFFSETS) and found.classes.size(1) == len(CLASSES)


def test_a_line_without_target_is_read_with_the_own_translation(tiny_translator):
    """As `trace` does."""
    texts = [SENTENCES[at] for at in (0, 2, 4)]
    for batch in read_lines(tiny_translator, [Line(row, text) for row, text in enumerate(texts)]):
        for reading in batch.readings:
            trace = tiny_translator.trace(texts[reading.row])
            assert trace.labels.ids == reading.axes["decoder"].labels.ids
            check(batch, reading, trace)


@pytest.mark.parametrize(("name", "kind"), [("mask", LanguageReader), ("write", LanguageReader), ("gru", RecurrentTranslator)])
def test_every_model_of_ours_can_be_read(name, kind):
    """Models of one stack in batches; a recurrent translator one line after the other."""
    tokenizer = masking_tokenizer()
    reader = kind(relative(name, tokenizer.vocabulary_size), tokenizer)
    lines = [Line(row, text, None) for row, text in enumerate([*SENTENCES[:3], " "])]
    found = {reading.row: (batch, reading) for batch in read_lines(reader, lines) for reading in batch.readings}
    assert sorted(found) == [0, 1, 2]
    for row, (batch, reading) in found.items():
        check(batch, reading, reader.trace(lines[row].source))
    statistics = count_lines(reader, lines, ("weights", "text"), 0)
    assert (statistics.texts, statistics.refused) == (3, 1)


@given(lengths=st.lists(st.integers(1, 500), min_size=1, max_size=80))
def test_groups_are_of_a_bounded_size(lengths):
    """Every text once, in groups that fit; a text that is too long for any stands alone."""

    class Some:
        def __init__(self, row, length):
            self.row, self.lengths = row, (length,)

    groups = list(grouped([Some(row, length) for row, length in enumerate(lengths)]))
    assert sorted(each.row for group in groups for each in group) == list(range(len(lengths)))
    for group in groups:
        longest = max(each.lengths[0] for each in group)
        assert len(group) == 1 or (longest * len(group) <= MOST_TOKENS and longest**2 * len(group) <= MOST_LINKS)
