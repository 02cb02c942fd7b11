"""The lessons, in the order of a lecture: a new one is one file and one line here."""

from viz.lessons import (
    cross_attention,
    embedding,
    feed_forward,
    heads,
    in_and_out,
    mask,
    notes,
    output,
    positions,
    pronoun,
    residual,
    scores,
    softmax,
    tokens,
    training,
    values,
)
from viz.page.lesson import Lesson

LESSONS: tuple[Lesson, ...] = (
    in_and_out.LESSON,
    tokens.LESSON,
    embedding.LESSON,
    positions.LESSON,
    scores.LESSON,
    softmax.LESSON,
    values.LESSON,
    heads.LESSON,
    residual.LESSON,
    feed_forward.LESSON,
    mask.LESSON,
    cross_attention.LESSON,
    output.LESSON,
    training.LESSON,
    notes.LESSON,
    pronoun.LESSON,
)
