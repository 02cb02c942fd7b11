"""A class without a browser: what one does the others see at their next look."""

from __future__ import annotations

import pytest
import streamlit as st
from support.classroom import TEXT, address, answer, bars, key_of, part, press, reloaded, ring, rooms, student, teacher
from support.page import shown

from viz.lessons import LESSONS, mask
from viz.page import live, stage
from viz.page.room import seats
from viz.page.room.values import Spot
from viz.page.state import NOTES, WALL

pytestmark = pytest.mark.usefixtures("rooms_file")


def test_a_class_predicts_and_then_sees():
    """Answers grow as bars at the teacher's; nobody is told what is right before it is revealed, and none counts after it."""
    lead, code = teacher(lesson="3")
    assert part(lead, "class-summary") == "0 of 0 have answered" and "blur" in shown(lead)
    first, second = student(code.lower()), student(code)
    key = key_of(lead)
    assert {part(one, "room-name") for one in (first, second)} - {""} and part(first, "room-name") != part(second, "room-name")
    for one in (first, second):
        assert part(one, "question") == part(lead, "question") and address(one) == {**address(lead), "room": code}
    answer(first, (key + 1) % 4)
    answer(first, key)
    answer(second, (key + 1) % 4)
    for one in (first, second):
        assert (
            "answer is in" in part(one, "waits")
            and not part(one, "feedback")
            and not part(one, "class-bars")
            and not part(one, "gap")
            and "blur" in shown(one)
        )
    lead.run()
    counts = [0] * 4
    counts[key] = counts[(key + 1) % 4] = 1
    assert bars(lead) == counts and part(lead, "class-summary") == "2 of 2 have answered" and "✓" not in shown(lead)
    assert part(first, "room-name") not in shown(lead)
    press(lead, "room-reveal")
    assert part(lead, "class-summary") == "1 of 2 in the class was right: 50%." and "✓" in shown(lead)
    assert "blur" not in shown(lead).partition('data-testid="lesson"')[0].rpartition("covers")[2]
    for one, opening in ((first, "Right."), (second, "Not quite.")):
        one.run()
        assert part(one, "feedback").startswith(opening) and part(one, "gap") and bars(one) == counts
    late = student(code)
    assert part(late, "class-summary") and not part(late, "feedback")
    answer(late, key)
    assert part(late, "feedback") and bars(lead.run()) == counts


def test_a_run_that_is_cut_short_leaves_the_news_for_the_next_look(monkeypatch):
    """Else a student on a busy server would wait for the answer for good."""
    lead, code = teacher(lesson="3")
    one = student(code)
    press(lead, "room-reveal")
    before = one.session_state["room-version"]
    with monkeypatch.context() as patch:
        patch.setattr(live, "draw", lambda page: st.stop())
        one.run()
    assert one.session_state["room-version"] == before != (code, seats.rooms().version(code))
    one.run()
    assert one.session_state["room-version"] == (code, seats.rooms().version(code)) and part(one, "class-summary")


def test_students_go_where_the_teacher_goes_or_on_their_own():
    """Next, another sentence and a change lead them; on their own nothing does; one switch brings them back."""
    lead, code = teacher(lesson="2")
    one, other = student(code), student(code)
    assert not [button for button in one.button if button.key == "lesson-next"]
    other.toggle(key="room-follow").set_value(False).run()
    assert [button for button in other.button if button.key == "lesson-next"]
    press(lead, "lesson-next")
    assert (one.run().session_state["state"].lesson, other.run().session_state["state"].lesson) == (3, 2)
    lead.text_area(key="text").set_value("The cat sat.").run()
    assert one.run().session_state["state"].text == "The cat sat." == one.text_area(key="text").value
    assert not one.session_state["history"].past
    for (number, *_), record in one.session_state["answers"].items():  # a late click counts for what it was about
        assert record.asking.lesson == number
    one.text_area(key="text").set_value("I am here.").run()  # not pinned: a follower may look around, and come back
    assert one.session_state["state"].text == "I am here."
    press(one.run(), "room-back")
    assert one.session_state["state"].text == "The cat sat." and not [
        button for button in one.button if button.key == "room-back"
    ]
    assert other.run().session_state["state"].text == TEXT
    other.toggle(key="room-follow").set_value(True).run()
    assert address(other) == address(one) == {**address(lead), "room": code} and other.session_state["state"].lesson == 3
    press(lead, "lesson-close")
    lead.session_state["state"] = lead.session_state["state"].having(view="all-heads", temperature=2.0)
    lead.run()
    assert one.run().session_state["state"].change.temperature == 2.0 and one.session_state["state"].lesson is None
    assert address(one) == address(lead)


def test_what_a_question_asks_about_is_not_handed_on_before_it_is_revealed():
    """The mask's question opens the mask once it is answered: a teacher's click must not answer it for the class."""
    number = LESSONS.index(mask.LESSON) + 1
    lead, code = teacher(lesson=str(number))
    one = student(code)
    lead.session_state["state"] = lead.session_state["state"].having(causal=False)
    lead.run()
    assert one.run().session_state["state"].change.causal
    answer(one, one.session_state["step"][1].question.least)
    assert one.session_state["state"].change.causal and part(one, "waits")
    lead.session_state["state"] = lead.session_state["state"].having(causal=True)
    press(lead.run(), "room-reveal")
    assert (
        not lead.session_state["state"].change.causal
        and not one.run().session_state["state"].change.causal
        and part(one, "feedback")
    )


def test_pinned_settings_stay():
    """Fields are closed, and what comes another way changes nothing; views and heads stay free; also for one on their own."""
    lead, code = teacher(lesson="1")
    press(lead, "lesson-close")
    one = student(code)
    one.toggle(key="room-follow").set_value(False).run()
    one.session_state["state"] = one.session_state["state"].having(text="I am here.", lab=True)
    one.run()
    lead.toggle(key="room-pin").set_value(True).run()
    one.run()
    assert (
        one.text_area(key="text").disabled and one.text_area(key="text").value == TEXT and one.toggle(key="room-follow").disabled
    )
    assert not [toggle for toggle in one.toggle if toggle.key == "causal"] or not one.session_state["state"].lab
    one.query_params["text"] = "I am here."
    one.query_params["causal"] = "off"
    one.query_params["view"] = "one-head"
    one.run()
    state = one.session_state["state"]
    assert (state.text, state.change.causal, state.view) == (TEXT, True, "one-head") and not one.exception
    lead.text_area(key="text").set_value("The cat sat.").run()
    assert one.run().session_state["state"].text == "The cat sat."
    lead.toggle(key="room-pin").set_value(False).run()
    one.run().text_area(key="text").set_value("I am here.").run()
    assert one.session_state["state"].text == "I am here."


def test_a_reload_and_another_process_lose_nothing():
    """The name, the answer, the step, whether one follows, and the teacher's right."""
    lead, code = teacher(lesson="3")
    one = answer(student(code), 2)
    other = student(code)
    other.toggle(key="room-follow").set_value(False).run()
    name, key = part(one, "room-name"), key_of(lead)
    seats._rooms.cache_clear()  # the server begins anew: nothing of the rooms is in its memory
    again, lead, other = reloaded(one), reloaded(lead), reloaded(other)
    assert part(again, "room-name") == name and "answer is in" in part(again, "waits")
    assert next(radio for radio in again.radio if radio.key.startswith("answer-")).value == 2
    assert bars(lead)[2] == 1 and part(lead, "room-code") == code and not other.toggle(key="room-follow").value
    press(lead, "room-reveal")
    assert part(again.run(), "feedback").startswith("Right." if key == 2 else "Not quite.") and part(reloaded(lead), "feedback")


def test_a_lesson_of_several_steps_is_followed_step_by_step():
    """An address with a lesson and a step of it, and no view, opens that step."""
    number = next(at for at, lesson in enumerate(LESSONS, 1) if len(lesson.steps) == 8)
    lead, code = teacher(lesson=str(number), part="3")
    one = student(code)
    assert one.session_state["state"].part == 2 == lead.session_state["state"].part and part(one, "question") == part(
        lead, "question"
    )
    assert stage.LED in [caption.value for caption in one.caption]


def test_a_pointer_of_the_teacher_is_on_the_class_s_screens():
    """Of those who are where the class is; elsewhere the picture is another one."""
    lead, code = teacher(lesson="3")
    one, other = student(code), student(code)
    other.toggle(key="room-follow").set_value(False).run()
    place = {"picture": "embeddings-neighbours", "x": 0.25, "y": 0.5}
    rooms().point(lead.session_state["seat"], Spot(**place))
    assert ring(one.run()) == place and ring(other.run()) is None
    one.text_area(key="text").set_value("I am here.").run()
    assert ring(one.run()) is None and ring(press(one, "room-back").run()) == place
    press(lead, "lesson-next")
    assert ring(one.run()) is None


def test_a_wall_leads_the_class_to_a_page_and_its_notes_lead_nobody():
    """The class strip on the wall says how many have answered, then the bars stand under the answer; students keep an ordinary page."""
    lead, code = teacher(lesson="3")
    one = answer(student(code), 1)
    lead.session_state["state"] = lead.session_state["state"].having(present=WALL)
    lead.run().run()
    assert part(lead, "room-code") == code and part(lead, "room-count") == "1 of 1 has answered" and not part(lead, "class-bars")
    rooms().reveal(lead.session_state["seat"], lead.session_state["asking"])
    assert (
        part(lead.run(), "wall-answer") and sum(bars(lead)) == 1 and part(lead, "class-summary").startswith(("0 of 1", "1 of 1"))
    )
    assert "present" not in address(one.run()) and part(one, "feedback") and not one.session_state["state"].present
    notes = reloaded(lead)
    notes.session_state["state"] = notes.session_state["state"].having(present=NOTES, lesson=5, part=0)
    notes.run()
    assert one.run().session_state["state"].lesson == 3
