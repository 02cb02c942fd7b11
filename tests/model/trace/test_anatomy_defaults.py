"""What a page opens first, and what rows and columns go by, comes from the Anatomy."""

from __future__ import annotations

from dataclasses import replace

from support.handmade import READER, RECURRENT, WRITER

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
