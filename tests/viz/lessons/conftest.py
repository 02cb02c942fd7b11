"""The sentences that all tests of the lessons share, each traced once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.lessons import SENTENCES, material

from viz.page.lesson import Lesson, Material, Step

FAMILY = 6  # sentences for which a step asks the model's relatives, too


@pytest.fixture(scope="session")
def materials(translator) -> list[Material]:
    """What steps are made from, for every sentence."""
    return [material(translator, text, asks_family=at < FAMILY) for at, text in enumerate(SENTENCES)]


@pytest.fixture(scope="session")
def steps(materials) -> Callable[[Lesson], list[list[Step]]]:
    """steps(lesson): for each of its steps, what it makes of every sentence; made once."""
    cache: dict[str, list[list[Step]]] = {}

    def steps_of(lesson: Lesson) -> list[list[Step]]:
        if lesson.title not in cache:
            cache[lesson.title] = [[make(each) for each in materials] for make in lesson.steps]
        return cache[lesson.title]

    return steps_of
