"""Files of sentence pairs, and how they are put into batches."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.instrument.tokenizer import END, PAD, START
from model.training.data import batch_rows, encode_pairs, make_batch, read_pairs, read_split

LENGTHS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=60)


@given(lengths=LENGTHS, tokens=st.integers(5, 80), seed=st.integers(0, 5))
def test_batches_hold_every_pair_once_within_the_limit(lengths, tokens, seed):
    """A batch of several pairs never has more padded target tokens than it may; every seed gives as many batches."""
    pairs = [([5] * source, [6] * target) for source, target in lengths]
    batches = batch_rows(pairs, tokens, seed)
    assert sorted(row for rows in batches for row in rows) == list(range(len(pairs)))
    assert all(len(rows) == 1 or len(rows) * (max(lengths[row][1] for row in rows) + 1) <= tokens for rows in batches)
    assert batches == batch_rows(pairs, tokens, seed)
    assert len(batches) == len(batch_rows(pairs, tokens, seed + 1))


def test_another_seed_gives_another_order():
    """So every epoch sees other batches in another order."""
    pairs = [([5] * (row % 9 + 1), [6] * (row % 7 + 1)) for row in range(300)]
    first, second = batch_rows(pairs, 40, seed=1), batch_rows(pairs, 40, seed=2)
    assert first != second and {tuple(sorted(rows)) for rows in first} != {tuple(sorted(rows)) for rows in second}


def test_a_batch_is_source_target_and_labels():
    """</s> behind the source, <s> before the target, labels shifted by one, padding behind all."""
    batch = make_batch([([5, 6], [7]), ([5], [7, 8])])
    assert batch.source.tolist() == [[5, 6, END], [5, END, PAD]]
    assert batch.target.tolist() == [[START, 7, PAD], [START, 7, 8]]
    assert batch.labels.tolist() == [[7, END, PAD], [7, 8, END]]
    assert batch.tokens == 5


def test_pairs_that_the_model_cannot_read_are_left_out(tokenizer):
    """Empty on a side, or with no room for the special token."""
    pairs = [("two dogs", "deux chiens"), ("", "chien"), ("dog", ""), ("dog " * 50, "chien"), ("dog", "chien " * 50)]
    kept = encode_pairs(pairs, tokenizer, max_length=20)
    assert [tuple(map(tokenizer.processor.decode, pair)) for pair in kept] == pairs[:1]


@pytest.mark.parametrize(
    ("pasted", "plain"), [("two\u00a0dogs", "two dogs"), ("two \u200bdogs", "two dogs"), ("a de\u0301j\u00e0", "a déjà")]
)
def test_pairs_are_tidied_as_what_is_typed(tokenizer, pasted, plain):
    """The model learns from the characters that it will be given."""
    assert encode_pairs([(pasted, pasted)], tokenizer, 30) == encode_pairs([(plain, plain)], tokenizer, 30)
    assert encode_pairs([(pasted, plain)], tokenizer, 30)[0][0] == tokenizer.encode(pasted).ids


def test_bad_files_are_named(tmp_path):
    """A line without a tab: file and number. No file: what to do."""
    with gzip.open(tmp_path / "x.train.tsv.gz", "wt") as file:
        file.write("a\tb\nonly one column\n")
    with pytest.raises(ValueError, match="x.train.tsv.gz, line 2"):
        read_pairs(tmp_path / "x.train.tsv.gz")
    with pytest.raises(FileNotFoundError, match="--data"):
        read_split(tmp_path, [".dev.tsv.gz"])
