"""A class without a browser: a teacher and students, each a session of its own."""

from __future__ import annotations

import html
import json
import re

from streamlit.testing.v1 import AppTest

from support.page import run, shown
from viz.page.room import seats
from viz.page.room.file import default_path
from viz.page.room.rooms import Rooms

TEXT = "Two dogs are playing in the snow."


def rooms() -> Rooms:
    """The rooms of the page's server."""
    return seats._rooms(default_path())


def part(app: AppTest, name: str) -> str:
    """A part of the page as text, by its data-testid; empty where it is not there."""
    found = re.search(rf'<(\w+)[^>]*data-testid="{name}".*?</\1>', shown(app), re.DOTALL)
    return html.unescape(re.sub("<[^>]+>", "", found[0])) if found else ""


def bars(app: AppTest) -> list[int]:
    """The counts of the class's bars."""
    return [int(count) for count in re.findall(r"<b>(\d+)</b></div>", shown(app))]


def ring(app: AppTest) -> dict | None:
    """Where a page shows its teacher's pointer."""
    looks = (element.proto for element in app.get("bidi_component") if element.proto.id.endswith("room-look"))
    return next(json.loads(look.json)["spot"] for look in looks)


def address(app: AppTest) -> dict[str, str]:
    """The parameters of its address."""
    return {name: value if isinstance(value, str) else value[0] for name, value in dict(app.query_params).items()}


def press(app: AppTest, key: str) -> AppTest:
    """Press a button."""
    app.button(key=key).click().run()
    assert not app.exception
    return app


def teacher(**query: str) -> tuple[AppTest, str]:
    """A teacher's page with an open room, and its letters."""
    app = press(run(text=TEXT, **query), "room-open")
    return app, part(app, "room-code")


def student(code: str, **query: str) -> AppTest:
    """A student's page, in the room."""
    return press(run(room=code, **query), "room-join")


def answer(app: AppTest, value: float) -> AppTest:
    """Choose an option, or send a number."""
    if radios := [radio for radio in app.radio if radio.key.startswith("answer-")]:
        return radios[0].set_value(value).run()
    slider = next(slider for slider in app.slider if slider.key.startswith("answer-"))
    slider.set_value(type(slider.value)(value))
    return press(app, f"{slider.key}-send")


def reloaded(app: AppTest) -> AppTest:
    """The same browser after a reload: its address and its cookie, which is what a token in the session stands for here."""
    again = AppTest.from_file(app._script_path, default_timeout=300)
    again.session_state["tokens"] = app.session_state["tokens"]
    for name, value in address(app).items():
        again.query_params[name] = value
    return again.run()


def key_of(app: AppTest) -> int:
    """The right option of the question on its stage."""
    return app.session_state["step"][1].question.key
