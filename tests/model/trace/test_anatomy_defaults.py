"""What a page opens first, and what rows and columns go by, comes from the Anatomy."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from support.handmade import READER, RECURRENT, STREAMED, WRITER, trace_of

from model.analysis import origin
from model.trace.anatomy import EDITS
from model.transformer.config import Config


def test_what_to_look_at_first_and_what_rows_go_by():
    """A translator opens with the attention that crosses; rows of a writer go by what they say, those of a reader by what they read."""
    ours = Config().anatomy()
    assert [model.default_kind for model in (ours, READER, WRITER, RECURRENT)] == ["cross", "encoder", "decoder", "cross"]
    assert [model.default_stack for model in (ours, READER, WRITER)] == ["encoder", "encoder", "decoder"]
    assert ours.across == ours.bridge() and READER.across is WRITER.across is None
    assert replace(READER, kinds=()).default_kind == ""
    assert [ours.produces(kind) for kind in ours.kind_names] == [False, True, True] and not READER.produces("encoder")
    assert [ours.has_equal_axes(kind) for kind in ours.kind_names] == [True, False, False]
    assert READER.has_equal_axes("encoder") and not WRITER.has_equal_axes("decoder")
    assert [ours.short_title(kind) for kind in ours.kind_names] == ["encoder", "decoder", "cross-attention"]


def test_a_mask_can_be_taken_away_where_there_is_one():
    """Trained with it or not: the shape is the same."""
    assert Config().anatomy().masked and not Config(masked=False).anatomy().masked
    assert Config().anatomy().alters == EDITS and Config(masked=False).anatomy().alters == EDITS - {"causal"}


def test_a_query_stream_is_told_from_the_stream_that_it_asks():
    """It is looked at where rows predict, has a name of its own beside the other, and no point of the stream before it."""
    assert STREAMED.query_stream == origin.looks(STREAMED) == STREAMED.kind("query") and WRITER.query_stream is None
    assert STREAMED.self_kind("decoder") == STREAMED.kind("decoder") and [*map(STREAMED.writes, STREAMED.kind_names)] == [
        True,
        False,
    ]
    assert [*map(STREAMED.short_title, STREAMED.kind_names)] == ["content stream", "query stream"]
    with pytest.raises(ValueError, match="Query stream has a stream of its own, which is not seen"):
        STREAMED.point_before("query", 1)
    trace = trace_of(STREAMED)
    for name in ("rolled_attention", "raw_attention"):
        shares = [getattr(origin, name)(trace, range(row, row + 1)) for row in range(len(trace.labels))]
        assert all(float(share.sum()) <= 1 + 1e-5 and not bool(share[at + 1 :].any()) for at, share in enumerate(shares))
    two = trace.attention["query"].weights.mean(1), trace.attention["decoder"].weights.mean(1)
    by_hand = two[0][0] / 4 + two[0][1] @ ((two[1][0] + torch.eye(6)) / 2) / 2  # two layers
    torch.testing.assert_close(origin.rolled_attention(trace, range(3, 4)), origin._by_word(by_hand[3], trace.source))
