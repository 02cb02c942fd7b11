"""Charts and sentences of models that are not ours: one stack or two, other tokenizers, rows that say their own token."""

from __future__ import annotations

import pytest
from support.handmade import READER, RECURRENT, SHARED, STREAMED, VOCABULARY, WRITER, trace_of

from viz import charts, reading
from viz.charts.parts.words import row_phrases, row_ticks, token_ticks
from viz.theme import LIGHT

MODELS = {"reader": READER, "writer": WRITER, "shared": SHARED, "streamed": STREAMED, "recurrent": RECURRENT}
EACH = pytest.mark.parametrize("anatomy", MODELS.values(), ids=MODELS)


@EACH
def test_heads_of_any_kind_are_drawn(anatomy):
    """Every kind has its tokens on the axes, its own title in the hover and a sentence."""
    trace = trace_of(anatomy)
    for kind in anatomy.kinds:
        (cells,) = (part for part in charts.head_heatmap(trace, kind.name, 0, 0).data if part.name == "weights")
        assert cells.z.shape == (len(trace.queries(kind.name)), len(trace.keys(kind.name)))
        assert kind.title in cells.hovertemplate
        assert ("Producing" in charts.head_sentence(trace, kind.name, 0, 0)[2]) == anatomy.produces(kind.name)
        assert charts.difference_heatmap(trace, trace, kind.name, 0, 0).data


@EACH
def test_what_rows_predict_is_drawn(anatomy):
    """The stack that predicts has a table of pieces, a loss and a comparison."""
    trace = trace_of(anatomy)
    table = charts.top_pieces_table(trace, [f"piece {id_}" for id_ in range(VOCABULARY)])
    assert table.data[0].z.shape[0] == len(trace.labels) == len(charts.loss_bars(trace).data[0].y)
    assert len(charts.prediction_change_bars(trace, trace).data[0].y) == len(trace.labels)


@pytest.mark.parametrize("anatomy", [READER, WRITER, SHARED], ids=["reader", "writer", "shared"])
def test_streams_of_one_stack_are_drawn(anatomy):
    """Sublayers go by their titles, tokens by their own stack."""
    trace = trace_of(anatomy)
    (stack,) = anatomy.stacks
    shares = charts.written_shares(trace, stack.name).to_dict()
    assert "self-attention" in str(shares) and "feed-forward" in str(shares) and "cross-attention" not in str(shares)
    assert charts.state_change_heatmap(trace, trace, stack.name).data[0].z.shape == (
        len(stack.points),
        len(trace.tokens(stack.name)),
    )


def test_a_stack_without_sublayers_says_so():
    """Nothing is written into its stream; the norms of its one point are drawn."""
    trace = trace_of(RECURRENT)
    with pytest.raises(ValueError, match="encoder has no sublayers"):
        charts.written_shares(trace, "encoder")
    assert charts.residual_norms(trace, "encoder").to_dict()


def test_pieces_are_named_without_the_marks_of_their_vocabulary():
    """WordPiece and byte-level pieces have the same space marks as ours; special tokens have none and are soft."""
    read, written = trace_of(READER), trace_of(WRITER)
    assert row_phrases(read, "encoder")[2:4] == ["“dog” attends to", "“s” attends to"]
    ticks = token_ticks(read.source, LIGHT)
    assert ticks[0].count("[CLS]") == 1 and "·" not in ticks[0] and ticks[2].endswith("·</span>dog") and ticks[3] == "s"
    assert row_ticks(written, "decoder", LIGHT)[0].endswith("·</span>dog")
    assert not any(mark in "".join(row_phrases(written, "decoder")) for mark in ("Ġ", "##"))


def test_sentences_ask_the_anatomy():
    """Languages, masks, what a row says and whether positions are added."""
    assert reading.captions(trace_of(RECURRENT)) == {"cross": "French reads English"}
    assert reading.captions(trace_of(WRITER)) == {"decoder": "English reads the English so far (masked)"}
    assert "must say that piece" in reading.row_reads(trace_of(READER).intervention, READER)
    assert "Positions turn queries and keys" in reading.first_layer(trace_of(SHARED), "decoder")
    assert "position 2" in reading.token_vector(trace_of(WRITER), "decoder", 1)[0]
