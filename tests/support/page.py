"""The page without a browser: its script, run by Streamlit's own test bench."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).resolve().parents[2] / "app.py")


def run(**query: str) -> AppTest:
    """The page as it opens with these URL parameters."""
    app = AppTest.from_file(APP, default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def rail(app: AppTest) -> dict:
    """What the rail at the left is told: groups, the view that is open, the place on the map."""
    return next(
        json.loads(part.proto.json) for part in app.get("bidi_component") if part.proto.component_name == "headlight_rail"
    )


def offered(app: AppTest) -> list[str]:
    """The titles of the views in the rail, from its top to its foot."""
    return [view["title"] for group in rail(app)["groups"] for entry in group["entries"] for view in entry]


def choose(app: AppTest, **values: object) -> AppTest:
    """What a click on the rail does: other values of the State, by their names in the address."""
    app.session_state["state"] = app.session_state["state"].having(**values)
    return app.run()


def shown(app: AppTest) -> str:
    """All HTML of the page."""
    return "\n".join(element.proto.body for element in app.get("html"))


def words(app: AppTest) -> str:
    """The text of that HTML: what a reader reads, whatever is underlined in it."""
    return html.unescape(re.sub("<[^>]+>", "", shown(app)))


def captions(app: AppTest) -> list[str]:
    """The captions as Markdown, without the links of what is underlined in them."""
    return [re.sub(r"\[([^]]*)\]\(\?view=[\w-]+\)", r"\1", element.value) for element in app.caption]


def figures(app: AppTest) -> list:
    """Its figures: those on a canvas of our own and those of Plotly."""
    own = [element for element in app.get("bidi_component") if element.proto.component_name.endswith("headlight_figure")]
    return own + list(app.get("plotly_chart"))
