"""Both translators while the sentence grows."""

from __future__ import annotations

import itertools

import pytest
from support.relatives import KINDS, relative
from support.tiny import SENTENCES

from model.analysis.sequential import chain
from model.instrument.checkpoint import CheckpointError
from model.instrument.pretrained import RecurrentTranslator
from model.measuring.growth import growth, joined_pairs, long_scores, record_of, tables
from model.measuring.growth_record import FILE, load_growth, save_growth


@pytest.fixture(scope="module")
def both(tiny_translator, tokenizer) -> list:
    """A transformer and a recurrent one."""
    recurrent = RecurrentTranslator(relative("gru", tokenizer.vocabulary_size), tokenizer, "tiny-gru", dict(KINDS["gru"][1]))
    return [tiny_translator, recurrent]


def test_every_length_is_timed_for_both(both):
    """They take turns; a clock that ticks once a look gives the same time to all."""
    ticks = itertools.count()
    found = growth(both, [2, 9], rounds=3, clock=lambda: float(next(ticks)))
    assert [[(one.tokens, one.reading, one.whole) for one in row] for row in found] == [[(2, 1.0, 1.0)] * 2, [(9, 1.0, 1.0)] * 2]
    assert [one.chain for one in found[1]] == [chain(own.anatomy, 9, 9) for own in both]
    with pytest.raises(ValueError, match="tiny-gru reads 2 to 60"):
        growth(both, [2, 61])


def test_sentences_are_read_as_one(both):
    """Every pair once, in order; scores and times stand in two tables."""
    pairs = list(itertools.pairwise(SENTENCES))
    assert joined_pairs(pairs, 2)[0] == (f"{pairs[0][0]} {pairs[1][0]}", f"{pairs[0][1]} {pairs[1][1]}")
    assert [len(joined_pairs(pairs, count)) for count in (1, 2, 3, 9)] == [5, 2, 1, 0]
    scores = [long_scores(own, [("a cat", "un chat")] * 4, (1, 2)) for own in both]
    assert [[*score] for score in scores] == [[1, 2], [1, 2]]
    text = tables(both, growth(both, [2], rounds=1), scores)
    assert "whole pass, ms, tiny-gru" in text and "| tiny-gru |" in text and "2 read as one" in text


def test_what_was_measured_is_read_back_for_these_two_models_alone(both, tmp_path):
    """The record is the same after a round trip; other weights have none, and a damaged file is named."""
    found = growth(both, [2, 9], rounds=1)
    record = record_of(both, found, [{1: 40.0, 2: 30.0}, {1: 35.0, 2: 20.0}])
    assert record.rows[1].whole == tuple(one.whole for one in found[1]) and record.scores == ((1, 40.0, 35.0), (2, 30.0, 20.0))
    save_growth(tmp_path, record, ["a", "b"])
    assert load_growth(tmp_path, ["a", "b"]) == record
    assert load_growth(tmp_path, ["a", "c"]) is None and load_growth(tmp_path, ["c", "b"]) is None
    assert load_growth(tmp_path / "nowhere", ["a", "b"]) is None
    text = (tmp_path / FILE).read_text()
    for what, instead in (
        ('"rows": [', '"rows": [3,'),
        ('"threads": ', '"threads": -'),
        ("40.0", "400"),
        ('"device"', '"where"'),
    ):
        assert what in text
        (tmp_path / FILE).write_text(text.replace(what, instead))
        with pytest.raises(CheckpointError, match=r"growth.json is damaged"):
            load_growth(tmp_path, ["a", "b"])
