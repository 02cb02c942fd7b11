"""Where a pass over the finished translation would say another piece than was said, step by step."""

from __future__ import annotations

from model.analysis.decoding import next_pieces
from model.trace.trace import Trace
from viz import reading
from viz.page.parts.captions import caption_line


def rows_that_differ(trace: Trace) -> list[int]:
    """Decoder rows, from 0, whose most probable piece (of those that can be said) is not the label."""
    best = next_pieces(trace.logits, 1)[1][:, 0].tolist()
    return [row for row, (ours, label) in enumerate(zip(best, trace.labels.ids, strict=True)) if ours != label]


def note(trace: Trace, translates: bool) -> None:
    """Says so under a picture of what each row predicts; nothing where the translation was given, or no row can differ.

    translates: whether `trace` reads what the model, changed as it is, said by itself.
    """
    change = trace.intervention
    if translates and trace.anatomy.across and not trace.anatomy.why("search") and not change.keeps_earlier_steps:
        caption_line(reading.finished(change, len(rows_that_differ(trace)), len(trace.labels), trace.anatomy))
