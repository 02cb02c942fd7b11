"""The tree of merges: every character, merge and piece is in it, as text."""

from __future__ import annotations

import json

import pytest

from model.analysis.merges import replay_merges
from viz import charts
from viz.theme import DARK, LIGHT


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["▁because", "▁a", "▁<b>$x$</b>", "🦔", "▁" + "na" * 60])
def test_every_merge_is_drawn(translator, text, colours):
    """For a word, a letter, markup, bytes and a run far too long to label."""
    tree = replay_merges(translator.tokenizer, text)
    figure = charts.merge_tree(tree, colours)
    drawn = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
    assert drawn.count("Merge ") >= len(tree.merges)
    assert "<b>$" not in drawn and "$x" not in drawn


def test_ids_stand_below_the_pieces(translator):
    """Where they are given."""
    tree = replay_merges(translator.tokenizer, "▁because")
    (id_,) = translator.tokenizer.encode("because").ids
    assert str(id_) in charts.merge_tree(tree, ids=[id_]).to_json()
