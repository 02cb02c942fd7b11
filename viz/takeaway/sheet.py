"""A picture as one HTML file that still answers to the pointer: scripts, styles and numbers are in it, and it asks no network.

A canvas is drawn by the page's own script from the page's own bytes. What Plotly draws brings Plotly with it, about 5 MB.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plotly.offline import get_plotlyjs

from viz.canvas.shared import packing
from viz.canvas.shared.files import script, style
from viz.theme import PALETTES, SANS, Palette

PLOTLY = "plotly"
FIELDS: dict[str, dict[str, object]] = {  # what a component is told beside its bytes, where nobody chose anything
    "grid": {"selected": None, "dim": [], "star": None, "alt": ""},
    "lines": {"selection": None, "turn": 0},
    "matrices": {"turn": 0, "paints": False, "label": "", "hints": {}, "cell": 34},
    "steps": {"step": 0, "key": 0},
    "decoding": {"step": 0, "greets": False},
    "figure": {},
}
ASKS_PYTHON = {  # what of a component only the page can answer
    "lines": ".attention-lines .group:is(.kind, .layer) { display: none; }",
    "steps": '.attention-steps [aria-label="Who asks"] button { pointer-events: none; }',
    "decoding": ".decoding table button { pointer-events: none; }",
    "grid": ".heads-grid .area { cursor: default; }",
    "matrices": ".matrices .area { cursor: default !important; }",
}
HEAD = Path(__file__).with_name("head.html").read_text("utf-8")  # of every page that is taken away
PAGE = HEAD + Path(__file__).with_name("sheet.html").read_text("utf-8")
START = """
const bytes = Uint8Array.from(atob(document.getElementById("numbers").textContent), (char) => char.charCodeAt(0));
headlight({ data: bytes, parentElement: document.querySelector("main"), setStateValue() {}, setTriggerValue() {} });
"""
START_PLOTLY = """
const figure = JSON.parse(document.getElementById("numbers").textContent);
Plotly.newPlot(document.querySelector("main"), figure.data, figure.layout, { responsive: true, displaylogo: false });
"""


@dataclass(frozen=True)
class Sheet:
    """A picture of the page. A notebook shows it, and it can be saved.

    component: a folder of viz/canvas, or "plotly"; data: its bytes, or the figure as JSON.
    """

    component: str
    data: bytes | str
    title: str = "Headlight"
    lines: Sequence[str] = ()
    address: str = ""
    theme: str = "light"

    def html(self) -> str:
        """The whole file."""
        colours = PALETTES[self.theme]
        parts = {
            "title": html.escape(self.title),
            "lines": "\n".join(f"<p>{html.escape(line)}</p>" for line in self.lines),
            "address": f'<p><a href="{html.escape(self.address)}">{html.escape(self.address)}</a></p>' if self.address else "",
            "style": f"{variables(colours)}\n{styles(self.component)}\n{ASKS_PYTHON.get(self.component, '')}",
            "kind": "application/json" if self.component == PLOTLY else "text/plain",
            "numbers": self._text(),
            "library": get_plotlyjs() if self.component == PLOTLY else "",
            "script": START_PLOTLY
            if self.component == PLOTLY
            else f"{as_function(script(f'{self.component}/index.js'))}\n{START}",
        }
        return fill(PAGE, parts)

    def write_html(self, path: str | Path) -> None:
        """Write the file."""
        Path(path).write_text(self.html(), encoding="utf-8")

    def numbers(self) -> bytes:
        """What the component is told: its bytes, and beside them what nobody chose."""
        assert isinstance(self.data, bytes)
        header, _ = packing.split(self.data)
        return packing.with_fields(
            self.data, **{name: value for name, value in FIELDS[self.component].items() if name not in header}
        )

    def _text(self) -> str:
        """The data as text that no browser takes for HTML."""
        if isinstance(self.data, str):
            return self.data.replace("<", r"\u003c")
        return base64.b64encode(self.numbers()).decode()

    def _repr_html_(self) -> str:
        """What a notebook shows: the file in a frame of its own."""
        return f'<iframe srcdoc="{html.escape(self.html())}" style="width: 100%; height: 640px; border: 0"></iframe>'


def fill(page: str, parts: Mapping[str, str]) -> str:
    """A page with its {{parts}}."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], page)


def as_function(module: str) -> str:
    """The script of a component with its one export as a function called `headlight`."""
    return module.replace("export default function (component)", "function headlight(component)", 1)


def styles(component: str) -> str:
    """The style sheets of a component."""
    if component == PLOTLY:
        return ""
    tips = () if component in ("lines", "steps", "decoding") else ("shared/tooltip.css",)
    return style("shared/shared.css", *tips, f"{component}/style.css")


def variables(colours: Palette) -> str:
    """The page's colours as the components ask for them."""
    return f":root {{ --st-background-color: {colours.page}; --paper: {colours.card}; --words: {colours.ink}; --quiet: {colours.soft}; --font: {SANS}; }}"
