"""What the rail and the drawer offer, and that a switch stands only where it does something."""

from __future__ import annotations

import json
import re

import pytest
from streamlit.testing.v1 import AppTest
from support.page import choose, rail, run

from viz.views import VIEWS

TEXT, OTHER = "The animal didn't cross the street.", "The animal didn't cross the road."
WORDS = ("caption", "markdown")  # they may say that a setting does nothing here
SETTINGS = {"words": "on", "sinks": "hide"}
pytestmark = pytest.mark.usefixtures("tiny_page")


def picture(app: AppTest, view: str) -> list[str]:
    """All that the view draws, as it is sent to the browser, without the arrangement of the page."""
    block = next(node for node in blocks(app.main) if node.proto and node.proto.id.endswith(f"view-{view}"))
    return [message(element.proto) for element in elements(block) if element.type not in WORDS]


def message(proto) -> str:
    """What is sent, without the names that Streamlit makes up; figures with their keys in order, which a cache may turn round."""
    fields = {field.name: value for field, value in proto.ListFields()}
    spec = json.dumps(json.loads(fields.pop("spec", None) or "null"), sort_keys=True)
    return re.sub(r"\$\$ID-\w+", "", spec + str(sorted((name, str(value)) for name, value in fields.items())))


def blocks(node):
    """A block and all blocks inside."""
    if hasattr(node, "children"):
        yield node
        for child in node.children.values():
            yield from blocks(child)


def elements(node):
    """All that stands in a block, blocks left out."""
    for child in node.children.values():
        if hasattr(child, "children"):
            yield from elements(child)
        else:
            yield child


@pytest.mark.parametrize("view", list(VIEWS))
def test_the_drawer_has_the_switches_that_do_something_in_the_view(view):
    """Words and sinks stand there where they change what is drawn, and only there."""
    plain = run(view=view, text=TEXT, second=OTHER, lab="on")
    kinds = {element.key for kind in ("toggle", "selectbox") for element in plain.get(kind)}
    assert {"causal", "source_positions", "target_positions"} <= kinds
    for name, value in SETTINGS.items():
        assert (name in kinds) == (name in VIEWS[view].shows)
        assert (picture(run(view=view, text=TEXT, second=OTHER, lab="on", **{name: value}), view) != picture(plain, view)) == (
            name in kinds
        ), name


def test_the_rail_says_where_the_reader_is():
    """The view, the part of the map, the head that is open, and how much is changed."""
    told = rail(run(view="joined", text=TEXT, kind="cross", layer="2", head="1", causal="off", heads_off="cross.1.1"))
    assert told["view"] == "joined" and told["place"]["part"] == "layer" and told["place"]["head"] == ["cross", 1, 0]
    assert told["place"]["title"] == "Cross-attention, layer 2, head 1" and told["place"]["off"] == [["cross", 0, 0]]
    assert told["drawer"]["changes"] == 2 and not told["drawer"]["open"]
    assert told["can"] == {"undo": False, "redo": False}


def test_the_rail_stands_where_the_text_cannot_be_read():
    """Whoever has emptied the field can go elsewhere, or undo."""
    app = run(text=TEXT)
    app.text_area(key="text").set_value("").run()
    assert app.info and rail(app)["can"]["undo"] and rail(app)["groups"]


def test_what_the_reader_changes_can_be_undone():
    """A view, a switch, an example; what the page fills in by itself is no step."""
    app = run(text=TEXT, view="one-head", lab="on")
    assert not rail(app)["can"]["undo"]
    choose(app, view="tokens")
    app.toggle(key="causal").set_value(False).run()
    app.button(key="example-2").click().run()
    past = app.session_state["history"].past
    assert [(state.view, state.change.causal) for state in past] == [("one-head", True), ("tokens", True), ("tokens", False)]
    assert rail(app)["can"] == {"undo": True, "redo": False}
