"""What a reader has answered in the lessons. It stays in the session: a link has the question, never the answer."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

OFFERED = 2  # misses after which a hint is offered


@dataclass
class Answers:
    """Of one question."""

    tries: list[Any] = field(default_factory=list)
    misses: int = 0
    hints: int = 0  # that are open
    is_right: bool = False
    is_open: bool = False  # the picture was uncovered without an answer
    asking: Any = None  # in a class: the question as it is known to all
    waits: bool = False  # ... until the teacher shows what is right
    is_nudged: bool = False  # Next was pressed without an answer

    @property
    def reveals(self) -> bool:
        """Whether the picture may be seen."""
        return self.is_open or self.is_graded

    @property
    def is_graded(self) -> bool:
        """Whether there is an answer and the page says if it is right."""
        return bool(self.tries) and not self.waits


def answers_to(question: Hashable) -> Answers:
    """The answers of this session to a question, by what tells it from others."""
    return st.session_state.setdefault("answers", {}).setdefault(question, Answers())


def listen(what: str) -> tuple | None:
    """From now on a click on a cell or a head is an answer. Returns the one that was clicked since the last run; None where none was."""
    st.session_state["listens"] = what
    heard, place = st.session_state.pop("clicked-place", (what, None))
    return place if heard == what else None


def hear(what: str, place: tuple) -> bool:
    """A click on a cell or a head of the picture: whether the question on the stage takes it as its answer."""
    listens = st.session_state.get("listens") == what
    if listens:
        st.session_state["clicked-place"] = (what, place)
    return listens


def rest() -> None:
    """No click is an answer."""
    st.session_state.pop("listens", None)
