"""HeadStatistics merge in any order and any cut to the same value, and hold what they say."""

from __future__ import annotations

from functools import reduce

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import costly
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.roles import ROLE, role_scores
from model.corpus.counting import Counter, count_lines, whole
from model.corpus.examples import BITS, EACH, FEWEST, RANK, ROW, SCORE, Examples, mixed, ranks
from model.corpus.reading import Batch, Line, of_trace, read_lines
from model.corpus.statistics import UNIT, HeadStatistics, nothing

IDENTITY = ("weights", "text")
LINES = [Line(row, f"{SENTENCES[2 * (row % 3)]} {row}", f"{SENTENCES[2 * (row % 3) + 1]} {row}") for row in range(8)]


@pytest.fixture(scope="module")
def single(tiny_translator) -> list[HeadStatistics]:
    """Every line counted alone, as a shard of its own."""
    return [count_lines(tiny_translator, [line], IDENTITY, line.row) for line in LINES]


@costly
@given(order=st.permutations(range(len(LINES))), cut=st.integers(1, len(LINES) - 1))
def test_merging_is_associative_and_commutative(single, order, cut):
    """Any order, any brackets, from either side, with or without nothing."""
    parts = [single[at] for at in order]
    left, right = (reduce(HeadStatistics.merge, some) for some in (parts[:cut], parts[cut:]))
    together = reduce(HeadStatistics.merge, single, nothing(*IDENTITY, single[0].anatomy))
    assert left.merge(right) == right.merge(left) == together
    assert together.texts == len(LINES) and together.shards == frozenset(range(len(LINES)))


@pytest.fixture(scope="module")
def batches(tiny_translator) -> list[Batch]:
    """Every line read alone."""
    return [batch for line in LINES for batch in read_lines(tiny_translator, [line])]


@costly
@given(cuts=st.lists(st.integers(0, 2), min_size=len(LINES), max_size=len(LINES)))
def test_the_cut_into_shards_does_not_matter(tiny_translator, single, batches, cuts):
    """The same passes, put into one shard or into three: equal to the last count."""
    whole_text = reduce(HeadStatistics.merge, single)
    for part in set(cuts):
        counter = Counter(tiny_translator.anatomy)
        rows = [row for row, which in enumerate(cuts) if which == part]
        for row in rows:
            counter.add(batches[row])
        found = counter.statistics(IDENTITY, part, len(rows))
        others = [single[row] for row in range(len(LINES)) if row not in rows]
        again = reduce(HeadStatistics.merge, others, HeadStatistics(**{**vars(found), "shards": frozenset({100})}))
        assert again.tokens == whole_text.tokens and again.examples == whole_text.examples
        assert all(
            torch.equal(total, again.totals[kind][name])
            for kind, totals in whole_text.totals.items()
            for name, total in totals.items()
        )


def test_what_does_not_belong_together_is_refused(single):
    """Nothing is counted twice, and no two models or texts are mixed."""
    with pytest.raises(ValueError, match="counted twice"):
        single[0].merge(single[0])
    other = HeadStatistics(**{**vars(single[1]), "weights_sha256": "others"})
    with pytest.raises(ValueError, match="other weights"):
        single[0].merge(other)
    assert single[0] != other and single[0] != 1


def test_measures_are_the_means_over_the_texts(tiny_translator, single):
    """Against the scores of every Trace, and their standard deviation."""
    measures = reduce(HeadStatistics.merge, single).measures
    traces = [tiny_translator.trace(line.source, line.target) for line in LINES]
    for kind in ATTENTION_KINDS:
        for name, got in measures.roles[kind].items():
            scores = [role_scores(trace)[kind].get(name) for trace in traces]
            scores = torch.stack([score for score in scores if score is not None])
            assert got.role is ROLE[name] and got.sentences == len(scores)
            assert (got.score - scores.mean(0)).abs().max() <= 1e-5
            assert (got.deviation - scores.std(0, correction=min(1, len(scores) - 1))).abs().max() <= 1e-4
            assert bool(((got.null >= 0) & (got.null <= 1)).all())


def test_tokens_add_up_to_all_attention(tiny_translator, single):
    """What the tokens received is what the heads gave: one for every query; and every position is counted once."""
    together = reduce(HeadStatistics.merge, single)
    traces = [tiny_translator.trace(line.source, line.target) for line in LINES]
    for kind in together.anatomy.kinds:
        tokens, totals = together.tokens[kind.name], together.totals[kind.name]
        queries = sum(len(trace.rows(kind.name).read) for trace in traces)
        assert int(totals["queries"]) == queries
        assert int(tokens.totals["keys"].sum()) == sum(len(trace.columns(kind.name)) for trace in traces)
        for found in (tokens.totals["received"].sum(0), totals["offsets"].sum(0), totals["classes"].sum(0)):
            assert ((found / UNIT - queries).abs() < 0.05).all()
        assert ((tokens.totals["received chances"].sum(0) / UNIT - queries).abs() < 0.05).all()


def test_examples_are_the_best_texts_and_show_their_link(tiny_translator, single):
    """Against a sort of all texts, and the weight against the Trace."""
    together = reduce(HeadStatistics.merge, single)
    kind, layer, head = "encoder", 1, 2
    at = 0  # previous
    scores = {}
    for line in LINES:
        trace = tiny_translator.trace(line.source, line.target)
        if len(trace.source) > FEWEST:
            scores[line.row] = int(whole(role_scores(trace)[kind]["previous"])[layer, head])
    for way, sign in ((0, -1), (1, 1)):
        entries = together.examples[kind].entries[way, :, at, layer, head]
        expected = sorted(scores, key=lambda row: (sign * scores[row], -int(mixed(torch.tensor(row)))))[:EACH]
        assert all(
            abs(scores[row] - int(entry[SCORE])) <= 1 for row, entry in zip(entries[:, ROW].tolist(), entries, strict=True)
        )
        assert [scores[row] for row in expected] == pytest.approx(entries[:, SCORE].tolist(), abs=1)
        for _, row, _, query, key, weight in entries.tolist():
            weights = tiny_translator.trace(LINES[row].source, LINES[row].target).attention[kind].weights[layer, head]
            assert weight / UNIT == pytest.approx(float(weights[query, key]), abs=2e-5)
            assert key == query - 1 or way == 1


@given(rows=st.lists(st.integers(0, (1 << BITS) - 1), min_size=1, max_size=30, unique=True), data=st.data())
def test_ranks_have_no_ties(rows, data):
    """Every row has a rank of its own, so that merging has one result; a better score goes first."""
    scores = torch.tensor(data.draw(st.lists(st.integers(0, UNIT), min_size=len(rows), max_size=len(rows))))
    found = ranks(scores[:, None, None, None], torch.tensor(rows), torch.ones(len(rows), 1, 1, 1, dtype=torch.bool), UNIT)
    for way in found[..., 0, 0, 0]:
        assert len(set(way.tolist())) == len(rows) and int(way.min()) >= 0
    order = found[0, :, 0, 0, 0].argsort(descending=True)
    assert scores[order].tolist() == sorted(scores.tolist(), reverse=True)


def test_a_text_that_defines_nothing_is_no_example(tiny_translator):
    """Of a word or two everything can be said."""
    (batch,) = read_lines(tiny_translator, [Line(0, "a", "a")])
    counter = Counter(tiny_translator.anatomy)
    counter.add(batch)
    assert int(counter.examples["encoder"].entries[..., RANK].max()) == -1
    assert counter.examples["encoder"] == Examples.none(8, 2, 4)
    assert of_trace(tiny_translator.trace("a", "a"), 0).readings[0].row == 0
