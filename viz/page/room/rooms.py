"""Rooms, and what happens in them. A right is a token of which only a hash is stored; nothing here identifies a person or knows a page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from viz.page.room.file import File
from viz.page.room.names import CODE, TOKEN, digest, new_code, new_name, new_token
from viz.page.room.values import (
    FULL,
    FULL_ROOM,
    GONE,
    IDLE,
    LONG,
    LONGEST_ANSWER,
    LONGEST_STEP,
    LONGEST_TEXT,
    MANY_ANSWERS,
    MANY_QUESTIONS,
    MOST_ANSWERS,
    MOST_QUESTIONS,
    MOST_ROOMS,
    MOST_STUDENTS,
    NO_SEAT,
    NOT_YOURS,
    POINTED,
    Asking,
    Room,
    RoomError,
    Seat,
    Spot,
)  # fmt: skip

OF_ANSWER = "answer WHERE room = ? AND question = ? AND seat = ?"
CHANGE = """
UPDATE room SET step = coalesce(?, step), is_pinned = coalesce(?, is_pinned), is_over = coalesce(?, is_over), version = version + 1, touched = ?
WHERE code = ? RETURNING version
"""
RESULTS = """
SELECT lesson, part + 1, sentence, asks, student.name, words, is_right, minute FROM answer
JOIN question ON question.room = answer.room AND question.name = answer.question
JOIN student ON student.room = answer.room AND student.seat = answer.seat
WHERE answer.room = ? ORDER BY lesson, part, question.rowid, student.name
"""


class Rooms:
    """All rooms of one file. What raises RoomError says so in words."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        """path: of the file, which is made where it is missing. now: seconds. Raises RoomError where it cannot be opened."""
        self._file, self._now = File(path), now
        self._pointers: dict[str, tuple[Spot, float]] = {}  # and when they were told

    # Opening and joining --------------------------------------------------------------------------------------------------

    def open(self) -> Seat:
        """The teacher's seat in a new room. Raises RoomError where there are too many rooms."""
        file, now = self._file, self._now()
        with file.writing():
            file.run("DELETE FROM room WHERE touched <= ?", now - IDLE)
            if file.count("room WHERE NOT is_over") >= MOST_ROOMS:
                raise RoomError(FULL)
            oldest = "SELECT code FROM room WHERE is_over ORDER BY touched DESC LIMIT -1 OFFSET ?"
            file.run(
                f"DELETE FROM room WHERE code IN ({oldest})", MOST_ROOMS - 1
            )  # results wait for their teachers, not without end
            token, code = new_token(), new_code()
            while file.count("room WHERE code = ?", code):
                code = new_code()
            file.run("INSERT INTO room (code, teacher, opened, touched) VALUES (?, ?, ?, ?)", code, digest(token), now, now)
        return Seat(code, token, "")

    def free_name(self, code: str) -> str:
        """A made-up name that nobody in the room has."""
        return new_name(self._names(code))

    def join(self, code: str, name: str = "") -> Seat:
        """A student's seat, under this name if nobody has it yet. Raises RoomError where the room is over or full."""
        with self._file.writing():
            self._live(code)
            names, token = self._names(code), new_token()
            if len(names) >= MOST_STUDENTS:
                raise RoomError(FULL_ROOM)
            name = name[:LONGEST_TEXT] if name and name not in names else new_name(names)
            self._file.run("INSERT INTO student (room, seat, name) VALUES (?, ?, ?)", code, digest(token), name)
            self._touch(code)
        return Seat(code, token, name)

    def seat(self, code: str, token: str) -> Seat | None:
        """Whose token this is in that room; None where it is nobody's."""
        if not CODE.fullmatch(code) or not TOKEN.fullmatch(token) or not self.room(code):
            return None
        if self._file.row("SELECT 1 FROM room WHERE code = ? AND teacher = ?", code, digest(token)):
            return Seat(code, token, "")
        row = self._file.row("SELECT name, follows FROM student WHERE room = ? AND seat = ?", code, digest(token))
        return Seat(code, token, row[0], bool(row[1])) if row else None

    # The teacher's part: RoomError for everybody else -----------------------------------------------------------------------

    def step(self, seat: Seat, query: Mapping[str, str]) -> int:
        """The teacher is here now: parameters of an address. Returns the room's version. Raises RoomError for too long ones."""
        text = json.dumps(dict(query), ensure_ascii=False)
        if len(text) > LONGEST_STEP:
            raise RoomError(LONG)
        self._pointers.pop(seat.code, None)
        return self._change(seat, step=text)

    def pin(self, seat: Seat, on: bool) -> int:
        """Whether students must stay with the teacher's sentence and settings. Returns the room's version."""
        return self._change(seat, is_pinned=int(on))

    def end(self, seat: Seat) -> int:
        """The class is over; its results stay for three hours. Returns the room's version."""
        return self._change(seat, is_over=1)

    def reveal(self, seat: Seat, asking: Asking) -> int:
        """Show the answer: from now on none is counted. Returns the room's version."""
        with self._file.writing():
            version = self._change(seat)
            self._ask(seat.code, asking)
            self._file.run("UPDATE question SET is_revealed = 1 WHERE room = ? AND name = ?", seat.code, asking.name)
        return version

    def results(self, seat: Seat) -> list[tuple]:
        """(lesson, part from 1, sentence, question, name, answer in words, whether it is right, minutes since the room was opened) of
        every answer, in the order of the lessons."""
        self._teaching(seat)
        return self._file.run(RESULTS, seat.code)

    def point(self, seat: Seat, spot: Spot | None) -> None:
        """The teacher points there, until another step, or until it has not been told again for some seconds; None, or what can be nowhere,
        takes the pointer away. It is in the memory of this process alone."""
        self._teaching(seat)
        self._pointers.pop(seat.code, None)
        if spot is not None and spot.is_somewhere:
            self._pointers[seat.code] = (spot, self._now())

    # The students' part -----------------------------------------------------------------------------------------------------

    def follow(self, seat: Seat, on: bool) -> None:
        """Whether a student goes where the teacher goes."""
        self._file.run("UPDATE student SET follows = ? WHERE room = ? AND seat = ?", int(on), seat.code, digest(seat.token))

    def answer(self, seat: Seat, asking: Asking, value: Any, words: str, is_right: bool, may_change: bool = True) -> bool:
        """Count a student's answer. may_change: it takes the place of an earlier one. Returns whether it counts: not once the answer
        was revealed. Raises RoomError where the room is over or the seat nobody's, and at a limit."""
        file, place = self._file, (seat.code, asking.name, digest(seat.token))
        text = json.dumps(value)
        if len(text) > LONGEST_ANSWER:
            raise RoomError(f"An answer has {LONGEST_ANSWER} characters at most.")
        with file.writing():
            opened = self._live(seat.code)
            if not file.count("student WHERE room = ? AND seat = ?", seat.code, digest(seat.token)):
                raise RoomError(NO_SEAT)
            is_first = not file.count(OF_ANSWER, *place)
            if self.is_revealed(seat.code, asking.name) or not (is_first or may_change):
                return False
            if is_first and file.count("answer WHERE room = ?", seat.code) >= MOST_ANSWERS:
                raise RoomError(MANY_ANSWERS)
            self._ask(seat.code, asking)
            minute = (self._now() - opened) / 60
            file.run(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
                *place,
                text,
                words[:LONGEST_TEXT],
                int(is_right),
                minute,
            )
            self._touch(seat.code)
        return True

    def own_answer(self, seat: Seat, question: str) -> Any:
        """What somebody has answered; None for nothing."""
        row = self._file.row(f"SELECT value FROM {OF_ANSWER}", seat.code, question, digest(seat.token))
        return json.loads(row[0]) if row else None

    # What everyone sees -----------------------------------------------------------------------------------------------------

    def room(self, code: str) -> Room | None:
        """A room as it stands; None where there is none."""
        command = "SELECT version, step, is_pinned, is_over FROM room WHERE code = ? AND touched > ?"
        row = self._file.row(command, code, self._now() - IDLE)
        return Room(code, row[0], json.loads(row[1]), bool(row[2]), bool(row[3])) if row else None

    def version(self, code: str) -> int | None:
        """The one number that says whether there is anything new; None where there is no such room."""
        row = self._file.row("SELECT version FROM room WHERE code = ? AND touched > ?", code, self._now() - IDLE)
        return row[0] if row else None

    def is_revealed(self, code: str, question: str) -> bool:
        """Whether the teacher has shown the answer."""
        return bool(self._file.count("question WHERE room = ? AND name = ? AND is_revealed", code, question))

    def answers(self, code: str, question: str) -> list[Any]:
        """What the class has answered, one entry a student, in an order that tells nobody."""
        rows = self._file.run("SELECT value FROM answer WHERE room = ? AND question = ? ORDER BY value", code, question)
        return [json.loads(value) for (value,) in rows]

    def size(self, code: str) -> int:
        """How many have joined."""
        return self._file.count("student WHERE room = ?", code)

    def pointer(self, code: str) -> Spot | None:
        """Where the teacher points; None for nowhere."""
        spot, since = self._pointers.get(code, (None, 0.0))
        return spot if self._now() - since < POINTED else None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    # ------------------------------------------------------------------------------------------------------------------------

    def _live(self, code: str) -> float:
        """When a room was opened. Raises RoomError where it is over."""
        row = self._file.row("SELECT opened FROM room WHERE code = ? AND touched > ? AND NOT is_over", code, self._now() - IDLE)
        if row is None:
            raise RoomError(GONE.format(code=code))
        return row[0]

    def _names(self, code: str) -> set[str]:
        return {name for (name,) in self._file.run("SELECT name FROM student WHERE room = ?", code)}

    def _touch(self, code: str) -> None:
        self._file.run("UPDATE room SET touched = ? WHERE code = ?", self._now(), code)

    def _teaching(self, seat: Seat) -> None:
        """Raises RoomError for everybody but the teacher."""
        if not self._file.count(
            "room WHERE code = ? AND teacher = ? AND touched > ?", seat.code, digest(seat.token), self._now() - IDLE
        ):
            raise RoomError(NOT_YOURS)

    def _change(self, seat: Seat, step: str | None = None, is_pinned: int | None = None, is_over: int | None = None) -> int:
        """Change a room as its teacher, while it is not over; returns its new version."""
        with self._file.writing():
            self._teaching(seat)
            self._live(seat.code)
            return self._file.run(CHANGE, step, is_pinned, is_over, self._now(), seat.code)[0][0]

    def _ask(self, code: str, asking: Asking) -> None:
        """Enter a question where it is new."""
        if self._file.count("question WHERE room = ? AND name = ?", code, asking.name):
            return
        if self._file.count("question WHERE room = ?", code) >= MOST_QUESTIONS:
            raise RoomError(MANY_QUESTIONS)
        row = (code, asking.name, asking.lesson, asking.part, asking.asks[:LONGEST_TEXT], asking.sentence[:LONGEST_TEXT])
        self._file.run("INSERT INTO question (room, name, lesson, part, asks, sentence) VALUES (?, ?, ?, ?, ?, ?)", *row)
