"""A class on one machine: `python -m bench.room` opens a room with 60 students and teaches six lessons in it.

Every student is a session of the page over its websocket, without a browser (bench/visitor.py), that looks every two seconds whether there is
anything new, as the page does. Times go from the teacher's press to the end of the run that has brought the new step to a student, and from
a student's answer to the teacher's bars that count it: the k-th of the answers counts when the bars say k. What a browser then needs to draw
is not in them: bench.page measures that.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import streamlit
from streamlit.logger import set_log_level

from bench.browser import process_of
from bench.crowd import percentile
from bench.processes import Usage
from bench.report import Report, machine, write_option
from bench.visitor import SILENCE, Visitor
from model import Translator
from model.instrument.pretrained import load_as

LESSONS = (2, 3, 4, 5, 6, 7)  # sliders and picks: what a websocket can answer without a picture
TEXT = "The old house on the hill has been empty for years."
SPREAD = 15.0  # seconds within which a class answers
MOST_STUDENTS = 120
TIMES = ("step to screen", "reveal to screen", "answer to bars")
COLUMNS = ("lesson", *(name for time in TIMES for name in (f"{time}, p50, s", "p95")), "KB a student", "server's CPU, s")
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


@dataclass
class Costs:
    """What a lesson, or all of them, took."""

    times: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in TIMES})  # seconds
    bytes: float = 0.0  # to one student
    cpu: float = 0.0  # of the server, s

    def add(self, other: Costs) -> None:
        """Count those of another lesson, too."""
        for name, seconds in other.times.items():
            self.times[name] += seconds
        self.bytes += other.bytes
        self.cpu += other.cpu

    def row(self, name: str) -> str:
        """A row of the table. There is no step to the first lesson."""
        cells = [f"{percentile(part, share):.2f}" if part else "" for part in self.times.values() for share in (50, 95)]
        return f"| {name} | {' | '.join(cells)} | {self.bytes / 1000:.0f} | {self.cpu:.0f} |"


# What happens in the class --------------------------------------------------------------------------------------------------


async def open_room(url: str, visits: AsyncExitStack) -> tuple[Visitor, str]:
    """A teacher in front of the first lesson, and the letters of the room."""
    teacher = await visits.enter_async_context(Visitor(url, f"?lesson={LESSONS[0]}&text={TEXT.replace(' ', '+')}"))
    await teacher.press("room-open")
    await teacher.until(lambda visitor: visitor.is_still and visitor.part("room-code"))
    return teacher, teacher.part("room-code")


async def join(url: str, code: str, visits: AsyncExitStack) -> Visitor:
    """A student in the room, at the teacher's step."""
    student = await visits.enter_async_context(Visitor(url, f"?room={code}"))
    await student.press("room-join")
    await student.until(is_at(LESSONS[0]))
    return student


def is_at(lesson: int) -> Callable[[Visitor], bool]:
    """Whether a visitor's page shows this lesson, and all of it."""
    return lambda visitor: visitor.is_still and any(f'data-lesson="{lesson}"' in body for body in visitor.html.values())


def is_revealed(visitor: Visitor) -> bool:
    """Whether a student sees how the class has answered."""
    return visitor.is_still and " in the class w" in visitor.part("class-summary")


def counts(number: int) -> Callable[[Visitor], bool]:
    """Whether the teacher's bars count so many answers."""
    return lambda visitor: "answered" in visitor.part("class-summary") and int(visitor.part("class-summary").split()[0]) >= number


async def since(begin: float, students: Sequence[Visitor], holds: Callable[[Visitor], bool]) -> list[float]:
    """Seconds until it holds, of every student."""
    return [end - begin for end in await asyncio.gather(*(student.until(holds) for student in students))]


async def answer(student: Visitor, lesson: int, seed: random.Random) -> float:
    """Think for a while, then answer; when that was sent."""
    wait, at = seed.uniform(0, SPREAD), seed.random()
    await asyncio.sleep(wait)
    sent = time.perf_counter()
    await student.answer(f"answer-{lesson}-", at)
    return sent


async def answered(teacher: Visitor, students: Sequence[Visitor], lesson: int, seed: random.Random) -> list[float]:
    """Seconds from each answer to the bars that count it."""
    bars = asyncio.gather(*(teacher.until(counts(number)) for number in range(1, len(students) + 1)))
    sent = sorted(await asyncio.gather(*(answer(student, lesson, seed) for student in students)))
    return [end - begin for begin, end in zip(sent, await bars, strict=True)]


async def teach(lesson: int, teacher: Visitor, students: Sequence[Visitor], server: Usage, seed: random.Random) -> Costs:
    """One lesson: the teacher goes there, everyone answers, the teacher reveals."""
    costs, before = Costs(cpu=-server.cpu), sum(student.bytes for student in students)
    if lesson != LESSONS[0]:
        begin = time.perf_counter()
        await teacher.press("lesson-next")
        costs.times["step to screen"] = await since(begin, students, is_at(lesson))
    await teacher.until(lambda visitor: visitor.part("class-summary").startswith("0 of"))
    costs.times["answer to bars"] = await answered(teacher, students, lesson, seed)
    begin = time.perf_counter()
    await teacher.press("room-reveal")
    costs.times["reveal to screen"] = await since(begin, students, is_revealed)
    costs.bytes = (sum(student.bytes for student in students) - before) / len(students)
    costs.cpu += server.cpu
    return costs


async def course(report: Report, count: int) -> None:
    """Everything from the first visit to the last answer; what it took of memory under the table."""
    seed, every = random.Random(1), Costs()
    with tempfile.TemporaryDirectory() as folder:
        rooms = str(Path(folder) / "rooms.sqlite")
        with process_of("app.py", "--device", "cpu", "--rooms", rooms) as (process, url):
            async with AsyncExitStack() as visits:
                server = Usage(process)
                teacher, code = await open_room(url, visits)
                alone, begin = server.memory, time.perf_counter()
                students = await asyncio.gather(*(join(url, code, visits) for _ in range(count)))
                joined, full = time.perf_counter() - begin, server.memory
                before = time.process_time()
                for lesson in LESSONS:
                    costs = await teach(lesson, teacher, students, server, seed)
                    report.add(costs.row(str(lesson)))
                    every.add(costs)
                own, end = time.process_time() - before, server.memory
                silences = sum(student.silences for student in students)
    report.add(every.row("all"))
    report.add(
        f"\n{count} students joined at once within {joined:.1f} s. Memory of the server: {alone:.0f} MiB with the teacher alone, {full:.0f} MiB "
        f"with all of them, {end:.0f} MiB after the last lesson: {(end - alone) / count:.1f} MiB a student. CPU of the clients, which share the "
        f"machine: {own:.0f} s beside the server's {every.cpu:.0f} s. Runs whose end the busy server lost, so that a page asked again after "
        f"{SILENCE:.0f} s: {silences}."
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    set_log_level("ERROR")
    parser = argparse.ArgumentParser(prog="python -m bench.room", description=__doc__)
    parser.add_argument("--students", type=int, default=60, help="sessions beside the teacher's (default: 60)")
    write_option(parser)
    args = parser.parse_args(arguments)
    if not 2 <= args.students <= MOST_STUDENTS:
        parser.error(f"--students takes a number from 2 to {MOST_STUDENTS}, as many as a room does")
    where = machine(load_as(Translator, "en-fr", "cpu"), f"{args.students} students", f"Streamlit {streamlit.__version__}")
    report = Report("room", where, HEADER, args.write)
    asyncio.run(course(report, args.students))
    report.close()


if __name__ == "__main__":
    main()
