"""A picture as one HTML file: whole, asking no network, and safe whatever was typed."""

from __future__ import annotations

import base64
import re

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.canvas import pack_decoding, pack_figure, pack_grid, pack_head, pack_lines
from viz.canvas.shared import packing
from viz.takeaway import Sheet
from viz.takeaway.naming import slug
from viz.takeaway.sheet import FIELDS

HEAD = re.compile(r"</?(?:!doctype|html|head|meta|title|style|body|header|h1|p)\b|<(?== )")
NUMBERS = re.compile(r'<script type="text/plain" id="numbers">(.*?)</script>')


def packed(trace, piece) -> dict[str, bytes]:
    """Each component with what it draws of a trace."""
    return {
        "grid": pack_grid(trace), "lines": pack_lines(trace, "cross", 0), "matrices": pack_head(trace, "cross", 0, 0),
        "decoding": pack_decoding(trace, piece, 0, 0), "figure": pack_figure(go.Figure(go.Heatmap(z=[[1.0, 2.0]]))),
    }  # fmt: skip


def test_every_component_is_whole_in_its_file(tiny_translator):
    """Its bytes come back, with what it is told beside them; its script is one module without imports; nothing is asked elsewhere."""
    trace = tiny_translator.trace("The animal.", target="chien")
    for component, data in packed(trace, tiny_translator.tokenizer.piece).items():
        page = Sheet(component, data, "A title").html()
        header, numbers = packing.split(base64.b64decode(NUMBERS.search(page)[1]))
        wanted, others = packing.split(data)
        assert (numbers == others).all() and header == {
            **wanted,
            **{name: value for name, value in FIELDS[component].items() if name not in wanted},
        }
        assert page.count("function headlight(component)") == 1 and "export" not in re.sub(r"//.*", "", page)
        assert not re.search(r"^import\b|\bsrc=|@import|url\((?!#)", page, re.MULTILINE)
        assert set(re.findall(r"https?://[^\s\"'`)]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_a_figure_in_space_brings_its_library():
    """Plotly is in the file; markup in the data stays data."""
    figure = go.Figure(go.Scatter3d(x=[0], y=[1], z=[2], text=["</script><b>"]))
    page = Sheet("plotly", figure.to_json(), "In space").html()
    assert "Plotly.newPlot" in page and 4e6 < len(page) < 8e6
    assert "</script><b>" not in page and page.count("</script>") == 3


@given(st.text(max_size=30))
def test_nothing_typed_becomes_markup(text):
    """Title, lines and address are text."""
    page = Sheet("figure", pack_figure(go.Figure()), text, [text], f"http://x/?text={text}").html()
    head, foot = page.partition("<main>")[0], page.partition("<footer>")[2].partition("</footer>")[0]
    assert head.count("<") == len(HEAD.findall(head)) and foot.count("<") == 4  # <p><a>…</a></p>


def test_a_notebook_shows_it_and_it_is_saved(tiny_translator, tmp_path):
    """In a frame of its own; in a file."""
    sheet = Sheet("grid", pack_grid(tiny_translator.trace("The animal.", target="chien")))
    assert sheet._repr_html_().startswith("<iframe srcdoc=")
    sheet.write_html(tmp_path / "grid.html")
    assert (tmp_path / "grid.html").read_text("utf-8") == sheet.html()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("One head: Cross-attention, layer 4", "one-head-cross-attention-layer-4"),
        ("Où est/le <chat>? 😀", "où-est-le-chat"),
        ("…", ""),
    ],
)
def test_names_of_files(text, name):
    """Letters and digits of any script, the rest as hyphens."""
    assert slug(text) == name and len(slug(text * 50)) <= 60
