"""How a sentence becomes ids: replayed merges against the tokenizer itself, bytes, cuts and numberings."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import SENTENCES

from model.analysis.merges import byte_runs, merge_rank, renumbered, replay_merges, space_runs, spelled, three_cuts
from model.instrument.tokenizer import SPECIAL

TEXTS = st.one_of(
    st.sampled_from(SENTENCES),
    st.text(max_size=40),
    st.text(alphabet="abeilnrst' .,-é😀中", max_size=60),
    st.text("ab", max_size=30),
)


@given(text=TEXTS)
def test_replayed_merges_give_the_tokenizers_own_pieces(translator, text):
    """Any text, run by run: the same pieces in the same order, and nothing outside the runs but special tokens."""
    tokens = translator.tokenizer.source(text)
    runs = space_runs(tokens)
    covered = [index for run in runs for index in run]
    assert covered == [index for index, id_ in enumerate(tokens.ids) if id_ not in SPECIAL]
    for run in runs:
        tree = replay_merges(translator.tokenizer, spelled(tokens, run))
        assert tree.pieces == [tokens.pieces[index] for index in run]


@given(text=st.text(alphabet="abeilnrst", min_size=1, max_size=14))
def test_the_next_merge_is_always_the_one_with_the_lowest_rank(tokenizer, text):
    """Against the plain loop of Sennrich et al.: look at all neighbours, merge the best, the leftmost on ties."""
    parts, found = list(text), []
    while True:
        pairs = [(merge_rank(tokenizer, left + right), at) for at, (left, right) in enumerate(itertools.pairwise(parts))]
        ranked = [pair for pair in pairs if pair[0] is not None]
        if not ranked:
            break
        rank, at = min(ranked)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
        found.append((parts[at], rank))
    tree = replay_merges(tokenizer, text)
    assert [(merge.piece, merge.rank) for merge in tree.merges] == found
    assert [tree.text(root) for root in tree.roots] == parts


def test_bytes_are_gathered_into_their_character(translator):
    """An emoji that the vocabulary lacks is four bytes of one character; a stray byte is part of none."""
    tokens = translator.tokenizer.encode("a 🦔")
    (run,) = byte_runs(tokens)
    assert run.character == "🦔" and len(run.tokens) == 4
    stray = translator.tokenizer.decode([tokens.ids[run.tokens[0]]])
    assert byte_runs(stray)[0].character is None


def test_cuts_count_what_they_cut(translator):
    """Words, pieces and characters of the same sentence; a word is known when it is one piece."""
    tokens = translator.tokenizer.source("The animal didn't bark.")
    cut = three_cuts(translator.tokenizer, tokens)
    assert cut.words == ["▁The", "▁animal", "▁didn't", "▁bark", "."] and "".join(cut.characters) == "The▁animal▁didn't▁bark."
    assert len(cut.pieces) == len(tokens) - 1 and not cut.known[2] and cut.known[0]
    assert cut.longer == len(cut.characters) / len(cut.pieces) and cut.more_attention == cut.longer**2
    with pytest.raises(ValueError, match="nothing to cut"):
        three_cuts(translator.tokenizer, translator.tokenizer.source(""))


def test_another_numbering_spells_another_text(translator):
    """Shifted by one and back by one is the text again; shifted by none is the text."""
    tokens = translator.tokenizer.source("Two dogs are playing in the snow.")
    assert renumbered(translator.tokenizer, tokens, 0) == tokens.text
    assert renumbered(translator.tokenizer, tokens) != tokens.text
