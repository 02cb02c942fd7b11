"""The sites of the recurrent translator: its attention asks once for every target token, and each answer is one row of a map."""

from __future__ import annotations

import torch

from model.instrument.recorder import Arguments, Recorder, keep_output, on_input
from model.transformer.config import CROSS, DECODER, ENCODER
from model.transformer.recurrent import Recurrent

ROWS = {"scores": 1, "mask": 1, "weights": 1, "outputs": 0}  # what comes row by row, and the axis of the rows


def install(model: Recurrent) -> None:
    """Register the hooks, once for the life of the model."""
    attention = model.decoder.attention
    keep_output(model.encoder.embedding, "embeddings", ENCODER)
    keep_output(model.decoder.embedding, "embeddings", DECODER)
    keep_output(model.encoder, "value", CROSS)  # what attention mixes are the annotations themselves

    def step(recorder: Recorder, arguments: Arguments) -> Arguments:
        recorder.offset = arguments[-1]  # an edit of a link has to know which row of the map this is
        return arguments

    def scores(recorder: Recorder, arguments: Arguments) -> Arguments:
        scores, mask = arguments
        mask = recorder.edit_mask(CROSS, 0, mask.expand(len(scores), 1, *scores.shape[-2:]))
        recorder.keep("scores", CROSS, scores)
        recorder.keep("mask", CROSS, mask)
        return recorder.edit_temperature(scores), mask

    on_input(attention, step)
    on_input(attention.softmax, scores)
    keep_output(attention.softmax, "weights", CROSS)
    keep_output(attention.output, "outputs", CROSS)


def join_steps(recorder: Recorder) -> None:
    """Put the rows that a pass has kept step by step together: one map, of the one layer."""
    for what, axis in ROWS.items():
        recorder.captured[what, CROSS] = [torch.cat(recorder.captured[what, CROSS], axis)]
