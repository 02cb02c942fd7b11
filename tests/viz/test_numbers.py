"""One way to write a number and its sign, in Python, in the browser, and where Plotly would write its own."""

from __future__ import annotations

import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny import SENTENCES

from model.analysis.words import join_pieces
from model.instrument.project import ROOT
from viz.charts import difference_heatmap, origin_bars, query_key_value, score_parts
from viz.charts.parts.signs import MOST, with_signs
from viz.theme import number, share, signed, small
from viz.views.origin import _verdict

NUMBERS = st.floats(-1e6, 1e6)


def read(text: str) -> float:
    """What a reader reads."""
    power = re.fullmatch("(.*) × 10(.*)", text)
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    plain = f"{power[1]}e{power[2].translate(raised)}" if power else text
    return float(plain.replace("−", "-").replace(",", "").strip("<"))


def test_numbers_are_written_as_people_write_them():
    """A real minus, no sign for zero, no exponent."""
    assert [number(value) for value in (0.123, -0.123, 0.001, -0.001, -0.0, 0.0, -2.0)] == [
        "0.12", "−0.12", "<0.01", "0.00", "0.00", "0.00", "−2.00"]  # fmt: skip
    assert [signed(value) for value in (0.123, -0.123, 0.001, -0.001, -0.0)] == ["+0.12", "−0.12", "0.00", "0.00", "0.00"]
    assert [share(value) for value in (0.12, -0.034, -0.001)] == ["+12%", "−3%", "0%"]
    assert [small(value) for value in (0.0043, 4.4e-6, 0, -0.0043, -2e-9, 1234.5, 0.5, 12.34)] == [
        "0.0043", "4.4 × 10⁻⁶", "0", "−0.0043", "−2.0 × 10⁻⁹", "1,234", "0.50", "12"]  # fmt: skip


@given(value=NUMBERS)
def test_every_number_reads_back_as_itself(value):
    """To the digits shown; never an ASCII minus before it, an exponent, or a sign on zero."""
    for text, step in ((number(value), 0.01), (signed(value), 0.01), (small(value), abs(value) / 10)):
        assert abs(read(text) - value) <= step
        assert "-" not in text and "e" not in text and ">" not in text
        assert not (read(text) == 0 and text[0] in "+−")


def test_what_plotly_would_write_is_written_for_it(tiny_translator):
    """Hovers and cells with numbers below zero; the values themselves stay, and charts without such numbers do."""
    first = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    second = tiny_translator.trace(SENTENCES[2], SENTENCES[1])
    figure = difference_heatmap(first, second, "decoder", 1, 1)
    before = [np.array(trace.z) for trace in figure.data if trace.type == "heatmap"]
    figure = with_signs(figure)
    change = next(trace for trace in figure.data if trace.name == "difference")
    assert "%{hovertext}" in change.hovertemplate and "%{z" not in change.hovertemplate
    for row, texts in zip(change.z.tolist(), change.hovertext, strict=True):
        assert [text for text in texts] == ["" if value != value else signed(value) for value in row]
    assert all(np.array_equal(a, np.array(b.z), equal_nan=True) for a, b in zip(before, figure.data, strict=False))
    for chart in (score_parts(first, "cross", 0, 0, (1, 1)), query_key_value(first, "cross", 0, 0)):
        said = json.dumps([[trace.text, trace.hovertext] for trace in with_signs(chart).data], default=list)
        assert not re.search(r'"-\d', said) and "−" in json.loads(said).__repr__()
    plain = go.Figure(go.Bar(y=[0.5, 1.0], hovertemplate="%{y:.2f}"))
    assert with_signs(plain).data[0].hovertext is None
    many = go.Figure(go.Heatmap(z=-np.ones((2, MOST)), hovertemplate="%{z:.2f}"))
    assert with_signs(many).data[0].hovertext is None and with_signs("text") == "text"


def test_a_number_below_zero_never_comes_first(tiny_translator):
    """Where from: what speaks against a word is not where it comes from, however large; the bar in full colour is the largest."""
    trace = tiny_translator.trace("Two dogs", "Deux chiens")
    words = join_pieces(trace.source)
    scores = torch.zeros(len(words))
    scores[0], scores[1] = -5.0, 0.4
    figure = origin_bars(words, {"gradient": scores}, {"gradient": "nats"})
    assert figure.data[0].marker.opacity[1] == 1.0 and figure.data[0].marker.opacity[0] < 1
    said = _verdict({"gradient": scores, "occlusion": scores}, trace)
    assert "All 2 methods put “dogs” first." in said and "“Two”" not in said
    assert "No method finds a word that speaks for this one." in _verdict({"gradient": -scores.abs()}, trace)
    assert "no word speaks for it by 1" in _verdict({"gradient": -scores.abs(), "occlusion": scores}, trace)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("viz/**/*.py"), *ROOT.glob("viz/**/*.js")]), ids=lambda path: path.name)
def test_numbers_and_signs_are_written_in_one_place(path):
    """No file but the theme and the canvases' shared one formats a sign or an exponent of its own."""
    if path.name in ("theme.py", "numbers.js"):
        return
    text = path.read_text(encoding="utf-8")
    assert not re.search(r'replace\("-", "−"\)|replace\(/-/g, "−"\)', text), "use number or signed of viz.theme"
    assert not re.search(r"(?<!%)\{[^{}%]*:\+\.\d[f%]\}", text.replace("%{", "%")), "use signed or share of viz.theme"
    assert not re.search(r"\{[^{}]*:\.\d[eg]\}|toExponential|toPrecision|\.0e|\.\de\"", text), "use small of viz.theme"
