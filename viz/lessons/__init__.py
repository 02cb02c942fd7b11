"""The lessons, in the order of a lecture: a new one is one file and one line here."""

from viz.lessons import embedding, in_and_out, tokens
from viz.page.lesson import Lesson

LESSONS: tuple[Lesson, ...] = (
    in_and_out.LESSON,
    tokens.LESSON,
    embedding.LESSON,
)
