"""The page without a browser: its script, run by Streamlit's own test bench."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).resolve().parents[2] / "app.py")


def run(**query: str) -> AppTest:
    """The page as it opens with these URL parameters."""
    app = AppTest.from_file(APP, default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def shown(app: AppTest) -> str:
    """All HTML of the page."""
    return "\n".join(element.proto.body for element in app.get("html"))


def figures(app: AppTest) -> list:
    """Its figures: those on a canvas of our own and those of Plotly."""
    own = [element for element in app.get("bidi_component") if element.proto.component_name.endswith("headlight_figure")]
    return own + list(app.get("plotly_chart"))
