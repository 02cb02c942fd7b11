"""What a class is made of, as values; its limits, and what is said where one is met."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

IDLE = 3 * 60 * 60.0  # seconds without a step, an answer or somebody new, after which a room is over and forgotten
MOST_ROOMS, MOST_STUDENTS, MOST_QUESTIONS, MOST_ANSWERS = 50, 120, 300, 10_000  # of one file; of a room, the other three
LONGEST_STEP, LONGEST_ANSWER, LONGEST_TEXT = 70_000, 200, 500  # characters
BEAT = 2.0  # seconds between two looks at a room
POINTED = 5 * BEAT  # seconds after which a pointer that nobody has confirmed is gone
PICTURE = re.compile(r"[A-Za-z0-9_-]{1,80}")  # a name of one

GONE = "There is no room {code}: it is over, or its letters are others. Look at the teacher's screen again."
NOT_YOURS = "Only who opened this room can do that. Open the page in the browser in which it was opened."
NO_SEAT = "You are not in this room any more. Join it again."
FULL = f"There are {MOST_ROOMS} rooms already, as many as can be. One is free when a teacher ends theirs, or three hours after its last answer."
FULL_ROOM = f"This room is full: it takes {MOST_STUDENTS} students. Look at the screen of somebody beside you."
LONG = f"This sentence is too long to be handed on to the class: {LONGEST_STEP:,} characters can be."
MANY_QUESTIONS = f"The class has been asked {MOST_QUESTIONS} questions, as many as a room takes. This answer is yours alone; the teacher can open another room."
MANY_ANSWERS = f"The class has given {MOST_ANSWERS:,} answers, as many as a room takes. This one is yours alone; the teacher can open another room."


class RoomError(ValueError):
    """What cannot be done in a room, in a sentence for the reader."""


@dataclass(frozen=True)
class Room:
    """A room as it stands."""

    code: str
    version: int  # grows with everything that those in it must see
    step: Mapping[str, str]  # where the teacher is, as parameters of an address
    is_pinned: bool  # students stay with the teacher's sentence and settings
    is_over: bool


@dataclass(frozen=True)
class Seat:
    """Who somebody is in a room."""

    code: str
    token: str  # what proves it: it stays in its owner's browser
    name: str  # empty: the teacher
    follows: bool = True  # goes where the teacher goes

    @property
    def teaches(self) -> bool:
        """Whether this is the teacher."""
        return not self.name


@dataclass(frozen=True)
class Spot:
    """Where the teacher points: a picture by its name on the page, and shares of its width and height."""

    picture: str
    x: float
    y: float

    @property
    def is_somewhere(self) -> bool:
        """Whether it can be on a picture; false for anything that no page of ours has sent."""
        return bool(PICTURE.fullmatch(self.picture)) and 0 <= self.x <= 1 and 0 <= self.y <= 1


@dataclass(frozen=True)
class Asking:
    """A question of a step, about one sentence."""

    name: str  # what tells it from others
    lesson: int  # from 1
    part: int  # from 0
    asks: str
    sentence: str
