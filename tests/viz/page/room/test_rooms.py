"""Rooms in their file: whatever the order, whoever writes, the counts are those of what was done; limits, rights, ends and broken files."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.instrument.project import ROOT
from viz.page.room import rooms as module
from viz.page.room.file import default_path
from viz.page.room.names import CODE, TOKEN
from viz.page.room.rooms import Rooms
from viz.page.room.values import IDLE, LONGEST_STEP, POINTED, Asking, Room, RoomError, Seat, Spot

ASKINGS = [Asking(f"{lesson}.1.x", lesson, 0, f"Question {lesson}?", "Two dogs.") for lesson in (1, 2)]
STEPS = st.one_of(
    st.tuples(st.just("join"), st.integers(0, 1)),
    st.tuples(st.just("answer"), st.integers(0, 1), st.integers(0, 9), st.integers(0, 1), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("reveal"), st.integers(0, 1), st.integers(0, 1)),
    st.tuples(st.just("step"), st.integers(0, 1), st.integers(0, 99)),
    st.tuples(st.just("pin"), st.integers(0, 1), st.booleans()),
)


@pytest.fixture
def rooms(tmp_path):
    """Rooms in a file of their own."""
    made = Rooms(tmp_path / "state" / "rooms.sqlite")
    yield made
    made.close()


class Count:
    """What a room must say, counted in the plainest way."""

    def __init__(self) -> None:
        self.answers: dict[tuple[int, int], int] = {}  # (student, question) -> value
        self.revealed: set[int] = set()
        self.version, self.query, self.pinned = 0, {}, False

    def answer(self, who: int, which: int, value: int, may_change: bool) -> bool:
        """Whether an answer counts."""
        counts = which not in self.revealed and (may_change or (who, which) not in self.answers)
        self.answers |= {(who, which): value} if counts else {}
        return counts

    def of(self, which: int) -> Counter:
        """How often each value was answered."""
        return Counter(value for (_, other), value in self.answers.items() if other == which)


def do(rooms: Rooms, teacher: Seat, students: list[Seat], count: Count, name: str, values: list) -> None:
    """One thing happens in a room, and is counted."""
    if name == "join":
        students.append(rooms.join(teacher.code, students[0].name if students else ""))
    elif name == "answer" and students:
        who, (which, value, may_change) = values[0] % len(students), values[1:]
        counts = rooms.answer(students[who], ASKINGS[which], value, str(value), value == 0, may_change)
        assert counts == count.answer(who, which, value, may_change)
    elif name == "reveal":
        rooms.reveal(teacher, ASKINGS[values[0]])
        count.revealed, count.version = count.revealed | {values[0]}, count.version + 1
    elif name == "step":
        count.query = {"text": str(values[0])}
        count.version = rooms.step(teacher, count.query)
    elif name == "pin":
        count.pinned, count.version = values[0], rooms.pin(teacher, values[0])


@given(steps=st.lists(STEPS, max_size=40))
@settings(max_examples=40)
def test_any_order_of_what_happens_gives_the_counts_of_what_was_done(tmp_path_factory, steps):
    """Two connections to one file take turns as they like; both see one and the same room, which is what a plain count says."""
    path = tmp_path_factory.mktemp("rooms") / "rooms.sqlite"
    both = [Rooms(path), Rooms(path)]
    teacher, students, count = both[0].open(), [], Count()
    for name, at, *values in steps:
        do(both[at], teacher, students, count, name, values)
    assert len({student.name for student in students}) == len({student.token for student in students}) == len(students)
    for rooms in both:
        assert rooms.room(teacher.code) == Room(teacher.code, count.version, count.query, count.pinned, False)
        assert rooms.version(teacher.code) == count.version and rooms.size(teacher.code) == len(students)
        assert [rooms.seat(student.code, student.token) for student in students] == students
        for which, asking in enumerate(ASKINGS):
            assert Counter(rooms.answers(teacher.code, asking.name)) == count.of(which)
            assert rooms.is_revealed(teacher.code, asking.name) == (which in count.revealed)
            own = [rooms.own_answer(student, asking.name) for student in students]
            assert own == [count.answers.get((who, which)) for who in range(len(students))]
        rows = Counter((row[0], row[4], row[5], row[6]) for row in rooms.results(teacher))
        assert rows == Counter(
            (which + 1, students[who].name, str(value), value == 0) for (who, which), value in count.answers.items()
        )
        rooms.close()


WRITER = """
import sys
from pathlib import Path
from viz.page.room.rooms import Rooms
from viz.page.room.values import Asking
rooms, code = Rooms(Path(sys.argv[1])), sys.argv[2]
for at in range(10):
    rooms.answer(rooms.join(code), Asking("1.1.x", 1, 0, "?", "Two dogs."), at % 3, "x", True)
if sys.argv[3:]:
    with rooms._file.writing():
        rooms._file.run("UPDATE room SET version = 1000000 WHERE code = ?", code)
        print("in the middle", flush=True)
        sys.stdin.read()
"""


def test_processes_write_at_once_and_one_that_is_killed_loses_nothing_committed(rooms):
    """Two processes and four threads; then one of the processes dies inside a transaction: what it had not committed is not there, and the
    file goes on."""
    teacher = rooms.open()
    command = [sys.executable, "-c", WRITER, str(rooms._file.path), teacher.code]
    other = subprocess.Popen(command, cwd=ROOT)
    dying = subprocess.Popen([*command, "stays"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def join(at: int) -> None:
        rooms.answer(rooms.join(teacher.code), ASKINGS[0], at % 3, "x", True)

    with ThreadPoolExecutor(4) as pool, dying:
        threads = [pool.submit(join, at) for at in range(10)]
        assert dying.stdout.readline() == "in the middle\n"
        dying.kill()  # whoever waits for it goes on
    assert not other.wait() and not [thread.result() for thread in threads if thread.result()]
    again = Rooms(rooms._file.path)
    assert Counter(again.answers(teacher.code, "1.1.x")) == {0: 12, 1: 9, 2: 9} and again.size(teacher.code) == 30
    assert (
        again.version(teacher.code) == 0
        and again.step(teacher, {"lesson": "2"}) == 1
        and rooms.room(teacher.code).step == {"lesson": "2"}
    )
    again.close()


def test_rights_are_tokens_and_the_file_has_none_of_them(rooms):
    """A student teaches nothing; a stranger sits nowhere; who reads the file learns no token and no more than made-up names."""
    teacher, student = (seat := rooms.open()), rooms.join(seat.code)
    for do in (
        lambda: rooms.step(student, {}), lambda: rooms.pin(student, True), lambda: rooms.end(student), lambda: rooms.reveal(student, ASKINGS[0]),
        lambda: rooms.results(student), lambda: rooms.point(student, Spot("map", 0.5, 0.5)), lambda: rooms.step(Seat(teacher.code, "x" * 22, ""), {}),
    ):  # fmt: skip
        with pytest.raises(RoomError, match="Only who opened"):
            do()
    with pytest.raises(RoomError, match="not in this room"):
        rooms.answer(Seat(teacher.code, "x" * 22, "Cosy Quail"), ASKINGS[0], 1, "1", True)
    assert rooms.seat(teacher.code, teacher.token) == teacher and teacher.teaches and not student.teaches
    for token in ("", "x" * 22, "' OR 1=1 --", teacher.token[:-1], "é" * 22):
        assert rooms.seat(teacher.code, token) is None
    assert rooms.seat("' OR '1'='1", teacher.token) is None and rooms.room("' OR '1'='1") is None
    rooms.follow(student, False)
    assert not rooms.seat(student.code, student.token).follows
    rooms.answer(student, ASKINGS[0], 1, "'); DROP TABLE answer; --", True)
    assert rooms.results(teacher)[0][5] == "'); DROP TABLE answer; --"
    rooms._file.run("PRAGMA wal_checkpoint(TRUNCATE)")
    content = rooms._file.path.read_bytes()
    assert student.name.encode() in content and teacher.token.encode() not in content and student.token.encode() not in content
    assert CODE.fullmatch(teacher.code) and TOKEN.fullmatch(teacher.token) and teacher.token != student.token
    assert stat.S_IMODE(os.stat(rooms._file.path).st_mode) == 0o600


def test_limits_are_said_in_words(rooms, monkeypatch):
    """Rooms, students, questions, answers, lengths: each has one, and says what to do."""
    for name in ("MOST_ROOMS", "MOST_STUDENTS", "MOST_QUESTIONS", "MOST_ANSWERS"):
        monkeypatch.setattr(module, name, 2)
    teacher, _ = rooms.open(), rooms.open()
    with pytest.raises(RoomError, match="rooms already.*when a teacher ends"):
        rooms.open()
    student, other = rooms.join(teacher.code), rooms.join(teacher.code)
    with pytest.raises(RoomError, match="room is full"):
        rooms.join(teacher.code)
    with pytest.raises(RoomError, match="too long"):
        rooms.step(teacher, {"text": "x" * LONGEST_STEP})
    with pytest.raises(RoomError, match="at most"):
        rooms.answer(student, ASKINGS[0], "x" * 1000, "x", True)
    for asking in ASKINGS:
        assert rooms.answer(student, asking, 1, "1", True)
    assert rooms.answer(student, ASKINGS[0], 2, "2", True)  # another one in its place takes no more room
    with pytest.raises(RoomError, match="answers, as many"):
        rooms.answer(other, ASKINGS[0], 1, "1", True)
    monkeypatch.setattr(module, "MOST_ANSWERS", 10)
    with pytest.raises(RoomError, match="questions, as many"):
        rooms.answer(other, Asking("3.1.x", 3, 0, "?", "x"), 1, "1", True)
    rooms.end(teacher)
    assert rooms.open().code != teacher.code


def test_a_room_that_is_over_takes_nothing_more_and_gives_its_results(rooms):
    """Ended by its teacher: no answers, no steps, nobody new; the results stay, those of the longest ago until others need the place."""
    teacher, student = (seat := rooms.open()), rooms.join(seat.code)
    rooms.answer(student, ASKINGS[0], 1, "one", True)
    rooms.end(teacher)
    for do in (
        lambda: rooms.join(teacher.code),
        lambda: rooms.answer(student, ASKINGS[0], 2, "2", True),
        lambda: rooms.step(teacher, {}),
        lambda: rooms.end(teacher),
    ):
        with pytest.raises(RoomError, match="it is over"):
            do()
    assert rooms.room(teacher.code).is_over and [row[5] for row in rooms.results(teacher)] == ["one"]


def test_a_room_ends_by_itself_three_hours_after_the_last_thing_that_happened(tmp_path):
    """A step, an answer or somebody new keeps it; then nothing of it is left in the file."""
    clock = [1000.0]
    rooms = Rooms(tmp_path / "rooms.sqlite", now=lambda: clock[0])
    teacher = rooms.open()
    clock[0] += IDLE - 1
    student = rooms.join(teacher.code)
    clock[0] += IDLE - 1
    rooms.step(teacher, {"lesson": "1"})
    clock[0] += IDLE - 1
    rooms.answer(student, ASKINGS[0], 1, "1", True)
    clock[0] += IDLE - 1
    assert rooms.room(teacher.code) and rooms.seat(student.code, student.token) == student
    clock[0] += 1
    assert rooms.room(teacher.code) is rooms.version(teacher.code) is rooms.seat(teacher.code, teacher.token) is None
    with pytest.raises(RoomError, match="it is over"):
        rooms.join(teacher.code)
    rooms.open()
    assert [rooms._file.count(table) for table in ("room", "student", "question", "answer")] == [1, 0, 0, 0]
    rooms.close()


SPOT = Spot("head-matrix", 0.25, 1.0)
NOWHERE = [
    None,
    Spot("map", 1.01, 0.0),
    Spot("map", float("nan"), 0.0),
    Spot("map", 0.0, -0.1),
    Spot('"><b>', 0.5, 0.5),
    Spot("", 0.5, 0.5),
]


@pytest.mark.parametrize("place", NOWHERE)
def test_the_teacher_points_at_a_place_of_a_picture(tmp_path, place):
    """Anything else is nowhere; so is a place of the step before, and one that nobody has told again."""
    clock = [1000.0]
    rooms = Rooms(tmp_path / "rooms.sqlite", now=lambda: clock[0])
    teacher = rooms.open()
    rooms.point(teacher, SPOT)
    assert rooms.pointer(teacher.code) == SPOT and rooms.pointer("BBBBBB") is None
    rooms.point(teacher, place)
    assert rooms.pointer(teacher.code) is None
    rooms.point(teacher, SPOT)
    rooms.step(teacher, {"view": "tokens"})
    assert rooms.pointer(teacher.code) is None
    rooms.point(teacher, SPOT)
    clock[0] += POINTED
    assert rooms.pointer(teacher.code) is None
    rooms.close()


def test_a_file_that_cannot_be_used_is_said_in_words(tmp_path, monkeypatch):
    """Another file, a folder, one that is damaged; where another one can be named."""
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"no database" * 100)
    for path in (damaged, tmp_path, tmp_path / "damaged.sqlite" / "below"):
        with pytest.raises(RoomError, match="--rooms FILE, or HEADLIGHT_ROOMS"):
            Rooms(path)
    rooms = Rooms(tmp_path / "rooms.sqlite")
    rooms._file.run("DROP TABLE answer")
    with pytest.raises(RoomError, match="cannot be used") as caught:
        rooms.answers("BBBBBB", "x")
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    rooms.close()
    monkeypatch.setenv("HEADLIGHT_ROOMS", "~/x.sqlite")
    assert default_path().is_absolute() and default_path().name == "x.sqlite"
    monkeypatch.delenv("HEADLIGHT_ROOMS")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "headlight" / "rooms.sqlite"
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Application Support" in str(default_path())
