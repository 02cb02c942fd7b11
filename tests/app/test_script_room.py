"""A room without a browser: its door, its results, its end, and what leads nowhere."""

from __future__ import annotations

import csv
import io

import pytest
from support.classroom import TEXT, address, answer, bars, part, press, rooms, student, teacher
from support.page import run, shown

from viz.lessons import LESSONS, heads, in_and_out
from viz.page.room.results import results_csv
from viz.page.room.values import IDLE

pytestmark = pytest.mark.usefixtures("rooms_file")


def test_clicks_in_the_picture_are_answers_of_the_class():
    """A head and a cell, by their names; the teacher's own clicks are none."""
    for lesson, place in ((heads.LESSON, ("encoder", 2, 5)), (in_and_out.LESSON, (1, 2))):
        lead, code = teacher(lesson=str(LESSONS.index(lesson) + 1))
        one = student(code)
        one.session_state["clicked-place"] = (one.session_state["step"][1].question.what, place)
        one.run()
        assert "answer is in" in part(one, "waits")
        lead.run()
        assert bars(lead) == [1] and "listens" not in lead.session_state
        press(lead, "room-reveal")
        assert part(lead, "class-summary").endswith(
            f"{int(lead.session_state['step'][1].question.is_right(place))}00%."
        ) or "0%" in part(lead, "class-summary")


def test_results_have_made_up_names_and_nothing_else():
    """As the download button gives them."""
    lead, code = teacher(lesson="3")
    one = answer(student(code), 1)
    rows = list(csv.DictReader(io.StringIO(results_csv(rooms().results(lead.session_state["seat"])).decode("utf-8-sig"))))
    assert [row["made-up name"] for row in rows] == [part(one, "room-name")] and rows[0]["sentence"] == TEXT
    assert rows[0]["answer"] == one.session_state["step"][1].question.options[1] and rows[0]["question"] == part(lead, "question")


def test_the_end_is_said_to_everyone():
    """Students go on by themselves; the teacher can still take the results; then the room is a room that there is not."""
    lead, code = teacher(lesson="3")
    one = student(code)
    press(lead, "room-end")
    assert "is over" in shown(lead) and not part(lead, "room-code")
    assert (
        "class is over" in one.run().warning[0].value
        and "room" not in address(one)
        and part(one, "question")
        and not one.exception
    )
    assert "There is no room" in run(room=code).warning[0].value
    press(lead, "room-close")
    assert "room" not in address(lead) and [button for button in lead.button if button.key == "room-open"]


def test_a_room_that_was_forgotten_lets_everyone_go_on(monkeypatch):
    """Three idle hours later: no traceback, the step stays."""
    lead, code = teacher(lesson="3")
    one = student(code)
    monkeypatch.setattr(rooms(), "_now", lambda: 1e12 + IDLE)
    for app in (one, lead):
        assert "There is no room" in app.run().warning[0].value and not app.exception and "room" not in address(app)
        assert app.session_state["state"].lesson == 3


@pytest.mark.parametrize("room", ["KBDFGH", "x", "AEIOUY", "'; DROP TABLE room; --", "K" * 10_000, "<b>"])
def test_letters_that_lead_nowhere_are_answered_in_words(room):
    """The page opens as it would without them."""
    app = run(room=room, lesson="3", text=TEXT)
    assert not app.exception and len(app.warning) == 1 and part(app, "question") and "room" not in address(app)


def test_the_door_offers_other_names_and_a_way_past():
    """And the letters can be typed under a step, where what is no code is said in words."""
    _, code = teacher(lesson="3")
    app = run(room=code, lesson="5", text=TEXT)
    names = {part(press(app, "room-rename"), "door-name") for _ in range(5)}
    assert len(names) > 1 and not part(app, "question")
    press(app, "room-pass")
    assert "room" not in address(app) and part(app, "lesson") and app.session_state["state"].lesson == 5
    app.text_input(key="room-letters").set_value("hello").run()
    assert "6 letters" in app.warning[0].value
    app.text_input(key="room-letters").set_value(f" {code[:3].lower()} {code[3:]}").run()
    assert part(app, "door-name") and not app.exception
    press(app, "room-join")
    assert part(app, "room-name") and app.session_state["state"].lesson == 3


def test_a_file_that_cannot_be_used_is_said_and_the_page_goes_on(tmp_path, monkeypatch):
    """Open a room: why not, and what to do."""
    monkeypatch.setenv("HEADLIGHT_ROOMS", str(tmp_path))
    app = press(run(lesson="3", text=TEXT), "room-open")
    assert (
        "--rooms FILE" in app.warning[0].value.replace("\\", "").replace("\u2060", "")
        and part(app, "question")
        and "room" not in address(app)
    )
