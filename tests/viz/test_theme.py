"""The palette can be read, and text reaches Plotly as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.theme import DARK, LIGHT, PALETTES, altair_theme, diverging, markup, mix, number, plotly_layout, sequential, tinted

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
MARKS = ("encoder", "decoder", "cross", "feed_forward", "negative", "positive", "soft", "ink")


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return sum(share * channel for share, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, two: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@BOTH
@pytest.mark.parametrize("ground", ["page", "card", "chip"])
def test_text_has_contrast_aa(colours, ground):
    """Kinds of attention are titles and words, too."""
    for text in ("ink", "soft", "encoder", "decoder", "cross"):
        assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5, text


@BOTH
@pytest.mark.parametrize("ground", ["page", "card"])
def test_marks_have_contrast_aa(colours, ground):
    for mark in MARKS:
        assert contrast(getattr(colours, mark), getattr(colours, ground)) >= 3.0, mark


@BOTH
def test_scales_start_and_end_where_they_say(colours):
    for kind in ("encoder", "decoder", "cross"):
        scale = sequential(colours, kind)
        assert scale[0] == [0, colours.card] and scale[-1] == [1, colours.kind(kind)]
        grounds = [contrast(colour, colours.card) for _, colour in scale]
        assert grounds == sorted(grounds)  # more weight, more contrast
    assert [share for share, _ in diverging(colours)] == [0.0, 0.5, 1.0]
    assert diverging(colours)[1][1] == colours.zero


def test_the_two_ends_of_a_mix():
    assert mix("#102030", "#405060", 0.0) == "#102030" and mix("#102030", "#405060", 1.0) == "#405060"


@given(st.text())
def test_markup_leaves_nothing_for_plotly_to_read(text):
    found = markup(text)
    assert "<" not in found and ">" not in found and "$" not in found
    assert markup("a") in tinted("a", "#123456")


def test_legal_tokens_stay_literal():
    assert markup("<script>") == "&lt;script&gt;" and markup("</s>") == "&lt;/s&gt;" and markup("&lt;") == "&amp;lt;"
    assert markup("$x$") == "&#36;x&#36;"


@BOTH
def test_layouts_are_transparent_and_in_ink(colours):
    layout = plotly_layout(colours, height=300)
    assert layout["paper_bgcolor"].endswith(",0)") and layout["font"]["color"] == colours.ink and layout["height"] == 300
    assert altair_theme(colours)["config"]["background"] == "transparent"
    assert altair_theme(colours)["config"]["axis"]["labelColor"] == colours.soft


def test_palettes_by_name():
    assert PALETTES == {"light": LIGHT, "dark": DARK}


@given(st.floats(-1e6, 1e6))
def test_what_is_above_zero_is_not_written_as_zero(value):
    """A tiny negative one is: there is nothing that reads as “less than nothing, hardly”."""
    read = float(number(value).strip("<").replace("−", "-"))
    assert (read == 0) == (-0.005 <= value <= 0)
